// node scripts/words.mjs: gathers every text that the editor shows through `l10n.t` into l10n/bundle.l10n.json, for translators.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./ready.mjs";

/** The file's content as it should be. */
export function words() {
  const folder = join(root, "src", "editor");
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".ts"));
  const found = files.flatMap((name) =>
    [...readFileSync(join(folder, name), "utf8").matchAll(/l10n\.t\(\s*("(?:[^"\\]|\\.)*")/g)].map(([, text]) =>
      JSON.parse(text),
    ),
  );
  const sorted = [...new Set(found)].sort();
  return `${JSON.stringify(Object.fromEntries(sorted.map((text) => [text, text])), null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(root, "l10n"), { recursive: true });
  writeFileSync(join(root, "l10n", "bundle.l10n.json"), words());
}
