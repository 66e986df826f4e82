// node scripts/l10n.mjs: collects every text that is shown through `l10n.t`, `t` or `translatable`, and writes
// l10n/bundle.l10n.json for translators.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./ready.mjs";

/** Folders whose texts users see. */
const FOLDERS = ["src", "webview"];

/** The file's content as it should be. */
export function bundle() {
  const found = FOLDERS.flatMap(textsIn).filter((text) => text !== null);
  return `${JSON.stringify(Object.fromEntries([...new Set(found)].sort().map((text) => [text, text])), null, 2)}\n`;
}

function textsIn(folder) {
  const files = readdirSync(join(root, folder), { recursive: true }).filter((name) => name.endsWith(".ts"));
  return files.flatMap((name) => callsIn(readFileSync(join(root, folder, name), "utf8")));
}

/** The texts of a source file; null for one that is not a literal. */
export function callsIn(source) {
  // Calls in doc comments are examples.
  const code = source.replaceAll(/^\s*(?:\/\*\*|\*|\/\/).*$/gm, "");
  const calls = code.matchAll(/(?<!\w)(?:t|translatable)\(\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?=[^\s")]))/g);
  return [...calls].map(([, literal]) => (literal === undefined ? null : parsed(literal)));
}

function parsed(literal) {
  if (literal.startsWith('"')) return JSON.parse(literal);
  return JSON.parse(`"${literal.slice(1, -1).replaceAll("\\'", "'").replaceAll('"', '\\"')}"`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(root, "l10n"), { recursive: true });
  writeFileSync(join(root, "l10n", "bundle.l10n.json"), bundle());
}
