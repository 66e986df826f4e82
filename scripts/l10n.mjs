// node scripts/l10n.mjs: gathers every text that is shown through `l10n.t` or `t`, by the editor, the reports and the graph
// page, into l10n/bundle.l10n.json, for translators.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./ready.mjs";

/** The file's content as it should be. */
export function bundle() {
  const found = ["src/editor", "src/i18n", "src/models/providers", "src/run", "webview"].flatMap(textsIn);
  return `${JSON.stringify(Object.fromEntries([...new Set(found)].sort().map((text) => [text, text])), null, 2)}\n`;
}

function textsIn(folder) {
  const files = readdirSync(join(root, folder), { recursive: true }).filter((name) => name.endsWith(".ts"));
  return files.flatMap((name) => {
    // Calls stand in doc comments as examples.
    const code = readFileSync(join(root, folder, name), "utf8").replaceAll(/^\s*(?:\/\*\*|\*).*$/gm, "");
    return [...code.matchAll(/(?<!\w)t\(\s*("(?:[^"\\]|\\.)*")/g)].map(([, text]) => JSON.parse(text));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(root, "l10n"), { recursive: true });
  writeFileSync(join(root, "l10n", "bundle.l10n.json"), bundle());
}
