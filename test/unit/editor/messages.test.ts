import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const sourcesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => ({ name, text: readFileSync(`${folder}/${name}`, "utf8") }));

const sources = sourcesIn("src/editor");

/** Every text shown through `l10n.t` or `t`, null where it is no literal; doc comments have calls as examples. */
const texts = [
  ...sources,
  ...sourcesIn("src/i18n"),
  ...sourcesIn("src/models/providers"),
  ...sourcesIn("src/run"),
  ...sourcesIn("webview"),
].flatMap(({ name, text }) => {
  const code = text.replaceAll(/^\s*(?:\/\*\*|\*).*$/gm, "");
  const calls = code.matchAll(/(?<!\w)t\(\s*(?:("(?:[^"\\]|\\.)*")|(?=[^\s")]))/g);
  return [...calls].map(([, literal]): { name: string; text: string | null } => ({
    name,
    text: literal === undefined ? null : JSON.parse(literal),
  }));
});

it("translators get every text that the editor, the reports and the graph page show, and no text too many", () => {
  const shown = texts.flatMap(({ text }) => text ?? []);
  for (const one of ["Review proposals", "Before you rely on this", "Screened out", "Find a node"]) {
    expect(shown).toContain(one);
  }
  const bundle = JSON.parse(readFileSync("l10n/bundle.l10n.json", "utf8"));
  expect(Object.keys(bundle), "run `node scripts/l10n.mjs`").toEqual([...new Set(shown)].sort());
});

it("every text is a literal, so that none escapes the translators", () => {
  // Where `t` itself is made, it is no call.
  const escaped = texts.filter(({ name, text }) => text === null && name !== "l10n.ts" && name !== "locale.ts");
  expect(escaped.map(({ name }) => name)).toEqual([]);
});

it("no message of VS Code's gets a bare literal", () => {
  for (const { name, text } of sources) {
    for (const [call] of text.matchAll(
      /(?:\.show(Information|Warning|Error)Message|(?<!\.)\b(showInfo|showWarning|showError))\(\s*["`]/g,
    ))
      expect.fail(`${name}: ${call}`);
  }
});

it("no toast and no progress title takes a link from anybody's text: both go through notifications.ts", () => {
  for (const { name, text } of sources) {
    if (name === "notifications.ts") continue;
    for (const [call, inside = ""] of text.matchAll(/window\s*\.show(?:Information|Warning|Error)Message\(([^;]*);/g)) {
      expect(inside, `${name}: ${call}`).toContain("modal: true");
    }
    for (const [call] of text.matchAll(/ProgressLocation\.Notification,[^}]*/g))
      expect(call, name).toContain("withoutLinks(");
  }
});
