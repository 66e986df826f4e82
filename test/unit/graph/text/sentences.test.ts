import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { addedSentences } from "../../../../src/graph/text/sentences.ts";

const sentences = (text: string) => addedSentences("", text);

/** Those of this version of ICU. */
function expected(text: string): string[] {
  const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });
  const found = [...segmenter.segment(text)].map(({ segment }) => segment.trim());
  return [...new Set(found.filter(Boolean))];
}

it("follow Unicode's rules, so that every version of Node finds the same ones", () => {
  expect(sentences("Answer in 3.5 steps. Use e.g. a list, i.e. 2 items! (Really?) “Yes.” No… maybe")).toEqual([
    "Answer in 3.5 steps.",
    "Use e.g. a list, i.e. 2 items!",
    "(Really?)",
    "“Yes.”",
    "No… maybe",
  ]);
  expect(sentences("Ask the U.S. office.Then stop\n- one\r\n- two. Three")).toEqual([
    "Ask the U.S. office.Then stop",
    "- one",
    "- two.",
    "Three",
  ]);
  expect(sentences("まず読む。次に答える！終わり")).toEqual(["まず読む。", "次に答える！", "終わり"]);
  expect(sentences("Say it.\u202e\u2066\nGo on.\u0301 Stop.\u200b")).toEqual([
    "Say it.\u202e\u2066",
    "Go on.\u0301",
    "Stop.\u200b",
  ]);
});

it("are those of Intl.Segmenter in the prose of this project", () => {
  const docs = join(import.meta.dirname, "../../../../docs");
  const pages = readdirSync(docs).filter((name) => name.endsWith(".md"));
  const texts = pages.flatMap((name) => readFileSync(join(docs, name), "utf8").split(/\n{2,}/));
  expect(texts.length).toBeGreaterThan(300);
  for (const text of texts) expect(sentences(text)).toEqual(expected(text));
});

it("are those of Intl.Segmenter in any mix of letters, marks and spaces", () => {
  const part = fc.constantFrom(
    ..."aBßÉж1٣あ.!?。…,:;-–()“”\"'*#_ \t\n",
    "\r\n",
    " ",
    "e.g. ",
    "U.S. ",
    "3.5",
    "…",
    "؟",
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
      const text = parts.join("");
      expect(sentences(text)).toEqual(expected(text));
    }),
    { numRuns: 3_000 },
  );
});

it("take time in proportion to the text", () => {
  const before = process.cpuUsage();
  expect(sentences("a. ".repeat(50_000))).toHaveLength(1);
  expect(sentences(`${".(".repeat(50_000)}${" - ".repeat(50_000)}`).length).toBeGreaterThan(0);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1e6).toBeLessThan(10);
});
