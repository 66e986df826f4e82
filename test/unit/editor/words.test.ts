import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const sources = readdirSync("src/editor", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, text: readFileSync(`src/editor/${name}`, "utf8") }));

/** The page's sources without their doc comments, in which calls stand as examples. */
const pageSources = readdirSync("webview", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, text: readFileSync(`webview/${name}`, "utf8").replaceAll(/^\s*(?:\/\*\*|\*).*$/gm, "") }));

it("translators get every text that the editor and the graph page show, and no text too many", () => {
  const literals = (texts: typeof sources, call: RegExp): string[] =>
    texts.flatMap(({ text }) => [...text.matchAll(call)].map(([, literal = ""]) => JSON.parse(literal)));
  const shown = [
    ...literals(sources, /l10n\.t\(\s*("(?:[^"\\]|\\.)*")/g),
    ...literals(pageSources, /(?<![\w.])t\(\s*("(?:[^"\\]|\\.)*")/g),
  ];
  expect(shown).toContain("Find a node");
  const bundle = JSON.parse(readFileSync("l10n/bundle.l10n.json", "utf8"));
  expect(Object.keys(bundle), "run `node scripts/words.mjs`").toEqual([...new Set(shown)].sort());
});

it("every text is a literal, so that none escapes the translators", () => {
  for (const { name, text } of sources) {
    for (const [call] of text.matchAll(/l10n\.t\(\s*[^\s"]/g)) expect.fail(`${name}: ${call}`);
  }
});

it("so is every text of the page; that none is shown without `t`, test/pages sees", () => {
  for (const { name, text } of pageSources) {
    if (name === "l10n.ts") continue;
    for (const [call] of text.matchAll(/(?<![\w.])t\(\s*[^\s")]/g)) expect.fail(`${name}: ${call}`);
  }
});

it("no message of VS Code's gets a bare literal", () => {
  for (const { name, text } of sources) {
    for (const [call] of text.matchAll(
      /(?:show(Information|Warning|Error)Message|(?<!\.)\b(inform|warn|complain))\(\s*["`]/g,
    ))
      expect.fail(`${name}: ${call}`);
  }
});

it("no toast and no progress title takes a link from anybody's text: both go through say.ts", () => {
  for (const { name, text } of sources) {
    if (name === "say.ts") continue;
    for (const [call, inside = ""] of text.matchAll(/window\s*\.show(?:Information|Warning|Error)Message\(([^;]*);/g)) {
      expect(inside, `${name}: ${call}`).toContain("modal: true");
    }
    for (const [call] of text.matchAll(/ProgressLocation\.Notification,[^}]*/g))
      expect(call, name).toContain("withoutLinks(");
  }
});
