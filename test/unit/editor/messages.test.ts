import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, it } from "vitest";
// @ts-expect-error: a script without types
import { callsIn as untyped } from "../../../scripts/l10n.mjs";

const callsIn: (source: string) => (string | null)[] = untyped;

const sourcesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => ({ name: name.replaceAll("\\", "/"), text: readFileSync(`${folder}/${name}`, "utf8") }));

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
    "compare-methods.ts",
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
  expect(untranslated).toEqual(['graph/edits/rename.ts: "not a name"', 'graph/schema/schema.ts: "AgentGraph file"']);
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
    if (name === "ui/notifications.ts") continue;
    for (const [call, inside = ""] of text.matchAll(/window\s*\.show(?:Information|Warning|Error)Message\(([^;]*);/g)) {
      expect(inside, `${name}: ${call}`).toContain("modal: true");
    }
    for (const [call] of text.matchAll(/ProgressLocation\.Notification,[^}]*/g))
      expect(call, name).toContain("withoutLinks(");
  }
});

it("a count agrees with its noun: every message with a plural after a number has its singular beside it", () => {
  // The number is never 1 (a constant, a limit, a percentage, or shown for several alone), or the word is a verb.
  const several = [
    "1,000 answers cost {0} → {1}: about {2} times as much.",
    "A model checks the answer and rewrites it, at most {0} times. The expected answer is not shown to it.",
    "A model scores the answer against a rubric, 0 to 1. The mean of {0} votes counts.",
    "All {0} keys",
    "On the validation set, an answer takes {0} more tokens than before ({1} → {2}).",
    "Applied {0} new texts to {1}.",
    "Delete {0} runs?",
    "Each method searched once: the differences are those of the texts found, and another search can end otherwise. To find out which method is better, use more repeats: at least {0}.",
    "Each method searched {0} times: the differences are those of the texts found, and other searches can end otherwise. To find out which method is better, use more repeats: at least {1}.",
    "Each variant ran {0} times, with the seeds {1}. In one repeat, all variants have the same seed, samples, models and budget ({2}).",
    "It has {0} alternative prompts. This is prompt {1}; import another with --prompt.",
    "Of {0} providers, the first one is used: {1}.",
    "Over {0} independent comparisons, it accepts at least one such text with {1}.",
    "Removed {0} API keys.",
    "The corpus has more than {0} files.",
    "The corpus has more than {0} million characters.",
    "The file is nested more than {0} levels deep.",
    "There are more than {0} problems. The others are not shown.",
    "Use {0} validation samples",
    "each answer costs {0} fewer tokens",
    "each answer costs {0} more tokens",
    "has {0} sections {1}",
    "{0}, in {1} parts",
    "{0} requests a wait of {1}; the limit is {2}: {3}.",
    "{0} of {1} replies of the {2} model were cut at {3} tokens and requested again where that could help.",
    "{0} of {1} replies of “{2}” were cut at {3} tokens, so the end of their answers may be missing.",
    "The gate is about to accept an update that raises the score by {0} percentage points, but takes {1} tokens per answer instead of {2}. Give tokens a weight in “optimize.objectives”, or set maxWords.",
    "The task {0} runs without an agent. {1}",
    'with every "$ref" replaced, it has more than {0} parts or is endless',
    'The method {0} changes texts alone, so "edges" has no effect.',
    "{0} runs: each variant once with the same samples, seeds, and budget, then each result on the test samples.",
    "{0} runs: each variant {1} times with the same samples, seeds, and budget, then each result on the test samples.",
    "{0} pays for itself against {1} after {2} answers: the search costs {3}, and an answer {4} instead of {5}. Score: {6}.",
    "The held-out set has {0}. No search sees it. Searches use {1} and {2} other samples for training and validation; a sample in two of the sets is an error, so the sets are disjoint.",
    "{0} both answers and checks the answers, so it can overlook its own mistakes.",
    "The validation set is small: with {0}, a score of {1} has a 95% interval of {2} ({3}), so verdicts are weak. Use about {4} samples for more certainty.",
    "The gate used the validation set {0} times and kept what scored best on it, so the validation score overstates the result.",
    "{0} nodes have a value. The {1} nearest to the answer are shown.",
    "{0} → {1} tokens per answer",
    "{0} → {1} words",
  ];
  const shown = [...new Set(texts.flatMap(({ text }) => text ?? []))];
  const nouns =
    "answer|attempt|byte|call|cell|change|character|column|comparison|demonstration|error|file|gradient|key|level|line|method|model|node|note|number|option|part|problem|prompt|proposal|provider|repeat|request|rewrite|row|run|sample|section|text|time|token|value|verdict|vote|warning|word";
  const plural = new RegExp(`(?<!of )(?<!→ )\\{\\d\\} (?:[a-z]+ )?(?:${nouns})s\\b`);
  const form = (text: string) =>
    text
      .replace(/\{0\}|\b1\b/g, "#")
      .replace(/\b(are|is|have|has|were|was|cost|costs)\b/g, "@")
      .replace(/(?<=[a-z])s\b/g, "");
  const twins = new Map<string, number>();
  for (const text of shown) twins.set(form(text), (twins.get(form(text)) ?? 0) + 1);
  const single = shown.filter((text) => plural.test(text) && !several.includes(text) && twins.get(form(text)) === 1);
  expect(single).toEqual([]);
  expect(several.filter((text) => !shown.includes(text))).toEqual([]);
});
