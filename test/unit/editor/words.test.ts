import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const sources = readdirSync("src/editor", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, text: readFileSync(`src/editor/${name}`, "utf8") }));

it("translators get every text that the editor shows, and no text too many", () => {
  const shown = sources.flatMap(({ text }) =>
    [...text.matchAll(/l10n\.t\(\s*("(?:[^"\\]|\\.)*")/g)].map(([, literal = ""]) => JSON.parse(literal)),
  );
  const bundle = JSON.parse(readFileSync("l10n/bundle.l10n.json", "utf8"));
  expect(Object.keys(bundle), "run `node scripts/words.mjs`").toEqual([...new Set(shown)].sort());
});

it("every text is a literal, so that none escapes the translators", () => {
  for (const { name, text } of sources) {
    for (const [call] of text.matchAll(/l10n\.t\(\s*[^\s"]/g)) expect.fail(`${name}: ${call}`);
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
