import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, it } from "vitest";
// @ts-expect-error: a script without types
import { callsIn as untyped } from "../../../scripts/l10n.mjs";

const callsIn: (source: string) => (string | null)[] = untyped;

const sourcesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => ({ name, text: readFileSync(`${folder}/${name}`, "utf8") }));

const sources = sourcesIn("src/editor");

const shared = [...sourcesIn("src"), ...sourcesIn("webview")];

/** Every text that is shown through `l10n.t`, `t` or `translatable`; null if it is not a literal. */
const texts = shared.flatMap(({ name, text }) => callsIn(text).map((found) => ({ name, text: found })));

it("the bundle for translators has every text that users see, and no other", () => {
  const shown = texts.flatMap(({ text }) => text ?? []);
  for (const one of ["Review proposals", "Before you rely on this", "Screened out", "Find a node"]) {
    expect(shown).toContain(one);
  }
  const bundle = JSON.parse(readFileSync("l10n/bundle.l10n.json", "utf8"));
  expect(Object.keys(bundle), "run `node scripts/l10n.mjs`").toEqual([...new Set(shown)].sort());
});

it("every text is a literal, so that it is in the bundle", () => {
  // These files define `t`, or translate texts that `translatable` marks elsewhere.
  const allowed = [
    "l10n.ts",
    "locale.ts",
    "text-checks.ts",
    "compare-methods-commands.ts",
    "issues.ts",
    "choice-targets.ts",
    "number.ts",
    "escapes.ts",
  ];
  const dynamic = texts.filter(({ name, text }) => text === null && !allowed.includes(basename(name)));
  expect(dynamic).toEqual([]);
});

it("no text with values has other braces, because VS Code then replaces nothing", () => {
  const shown = texts.flatMap(({ text }) => text ?? []);
  const broken = shown.filter((text) => /\{\d\}/.test(text) && /[{}]/.test(text.replaceAll(/\{\d\}/g, "")));
  expect(broken).toEqual([]);
});

it("no fault of a graph or data file has a message that translators do not get", () => {
  const untranslated = shared
    .filter(({ name }) => /^(?:graph|data|loss)\/|^run\/load\.ts$/.test(name.replaceAll("\\", "/")))
    .flatMap(({ name, text }) => [
      ...Array.from(
        text.matchAll(/\b(?:add|addAt|addAtKey)\((?:[^()]|\([^()]*\)){0,400}?,\s*(["'`][A-Z][^"'`]* [^"'`]*["'`])/g),
        ([, message]) => `${name}: ${message}`,
      ),
      ...Array.from(
        text.matchAll(/\b(?:message|remedy|title|reason)(?: =|:) (["'`][^"'`]* [^"'`]*["'`])/g),
        ([, message]) => `${name}: ${message}`,
      ),
    ]);
  // A reason code, and the title of the JSON Schema.
  expect(untranslated).toEqual(['graph/rename.ts: "not a name"', 'graph/schema/schema.ts: "AgentGraph file"']);
});

it("the editor reads graphs in its own language", () => {
  for (const { name, text } of sources) {
    const calls = text.matchAll(/\b(?:readGraph|readGraphText|loadTask|new JsonDocument)\([^;]*?\);/g);
    for (const [call] of calls) expect(call, name).toContain("LOCALE");
  }
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
