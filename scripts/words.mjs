// node scripts/words.mjs: gathers every text that the editor shows through `l10n.t`, and the graph page through `t`, into
// l10n/bundle.l10n.json, for translators.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./ready.mjs";

/** The file's content as it should be. */
export function words() {
  const found = [
    ...textsIn(join(root, "src", "editor"), /l10n\.t\(\s*("(?:[^"\\]|\\.)*")/g),
    ...textsIn(join(root, "webview"), /(?<![\w.])t\(\s*("(?:[^"\\]|\\.)*")/g),
  ];
  const sorted = [...new Set(found)].sort();
  return `${JSON.stringify(Object.fromEntries(sorted.map((text) => [text, text])), null, 2)}\n`;
}

/** Literals that `call` captures in the sources of a folder. */
function textsIn(folder, call) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".ts"));
  return files.flatMap((name) =>
    [
      ...readFileSync(join(folder, name), "utf8")
        .replaceAll(/^\s*(?:\/\*\*|\*).*$/gm, "")
        .matchAll(call),
    ].map(([, text]) => JSON.parse(text)),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(root, "l10n"), { recursive: true });
  writeFileSync(join(root, "l10n", "bundle.l10n.json"), words());
}
