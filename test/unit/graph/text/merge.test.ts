import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeTexts } from "../../../../src/graph/text/merge.ts";

describe("merging two changes of a text", () => {
  it("keeps both where they change different lines", () => {
    const base = "Read.\nAdd.\nCheck.\nThink.\nBe kind.\nAnswer.\n";
    const mine = base.replace("Read.", "Read twice.");
    const theirs = base.replace("Answer.", "Answer with a number.");
    expect(mergeTexts(base, mine, theirs)).toBe("Read twice.\nAdd.\nCheck.\nThink.\nBe kind.\nAnswer with a number.\n");
  });

  it("keeps both where they change different sentences of one line", () => {
    const base = "List the quantities. Add them. Check the sum. Be brief. Answer.";
    const mine = "List all quantities. Add them. Check the sum. Be brief. Answer.";
    const theirs = "List the quantities. Add them. Check the sum. Be brief. Answer with only the number.";
    expect(mergeTexts(base, mine, theirs)).toBe(
      "List all quantities. Add them. Check the sum. Be brief. Answer with only the number.",
    );
  });

  it("keeps both where they add lines at the same place", () => {
    const base = "List the quantities.\n";
    const merged = mergeTexts(
      base,
      "List the quantities.\nName the people.\n",
      "List the quantities.\nMind the boxes.\n",
    );
    expect(merged).toBe("List the quantities.\nName the people.\nMind the boxes.\n");
    expect(mergeTexts("A", "A\nB", "C\nA")).toBe("C\nA\nB");
  });

  it("keeps both where they add words to the end of the same line", () => {
    const base = "List the quantities.\nAnswer.\n";
    const mine = "List the quantities. Name the people.\nAnswer.\n";
    const theirs = "List the quantities. Mind the boxes.\nThink first.\nAnswer. Use digits.\n";
    expect(mergeTexts(base, mine, theirs)).toBe(
      "List the quantities. Name the people. Mind the boxes.\nThink first.\nAnswer. Use digits.\n",
    );
    expect(mergeTexts("Answer in km", "Answer in km/h", "Answer in kms")).toBeNull();
  });

  it("gives up where both change the same words", () => {
    expect(mergeTexts("Answer briefly.", "Answer at length.", "Answer with a number.")).toBeNull();
  });

  it("takes the only change there is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (base, changed) => {
        expect(mergeTexts(base, base, changed)).toBe(changed);
        expect(mergeTexts(base, changed, base)).toBe(changed);
        expect(mergeTexts(base, changed, changed)).toBe(changed);
      }),
    );
  });

  it("loses no added line, whatever the lines are", () => {
    const line = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !/[\n\r]/.test(text));
    fc.assert(
      fc.property(fc.uniqueArray(line, { minLength: 8, maxLength: 12 }), line, line, (lines, first, last) => {
        fc.pre(!lines.includes(first) && !lines.includes(last) && first !== last);
        const text = (all: readonly string[]) => all.map((one) => `${one}\n`).join("");
        const merged = mergeTexts(text(lines), text([first, ...lines]), text([...lines, last]));
        expect(merged).toBe(text([first, ...lines, last]));
      }),
    );
  });
});
