import fc from "fast-check";
import picocolors from "picocolors";
import { describe, expect, it } from "vitest";
import { wordDiff } from "../../../../src/cli/output/word-diff.ts";
import { oneLine, plain } from "../../../../src/i18n/plain-text.ts";

const none = picocolors.createColors(false);
const some = picocolors.createColors(true);

describe("plain", () => {
  it("drops what a terminal would obey and keeps what a person reads", () => {
    expect(plain("\u001b[31mred\u001b[0m \u001b]0;title\u0007ä→日本\ttab\r\nnext\u009b31m!")).toBe(
      "red ä→日本\ttab\nnext!",
    );
    expect(plain("abc\u202edef\u2066")).toBe("abcdef");
    expect(oneLine("two\n  lines\u0007 and more", 12)).toBe("two lines a…");
  });

  it("leaves no control character, whatever comes", () => {
    const units = fc.string({ unit: "binary" });
    const sequences = fc.string({
      unit: fc.constantFrom("\u001b", "\u009b", "[", "]", "0", ";", "m", "\u0007", "a", "\r", "\n"),
    });
    fc.assert(
      fc.property(fc.oneof(units, sequences), (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
        expect(plain(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
      }),
    );
  });
});

describe("wordDiff", () => {
  it("marks words as git does if there are no colours", () => {
    expect(wordDiff("Answer briefly.", "Answer with a number.", none)).toBe("Answer [-briefly-]{+with a number+}.");
  });

  it("paints words, and never across a line end", () => {
    const painted = wordDiff("One.", "One.\nTwo.\nThree.", some);
    expect(painted.split("\n")).toEqual(["One.", some.green("Two."), some.green("Three.")]);
    expect(wordDiff("old word", "new word", some)).toContain(some.strikethrough(some.red("old")));
  });

  it("shows the changed place of a long text with its surroundings", () => {
    const lines = Array.from({ length: 40 }, (_, index) => `Line ${index} stays.`);
    const changed = lines.with(20, "Line 20 goes.");
    const shown = wordDiff(lines.join("\n"), changed.join("\n"), none).split("\n");
    expect(shown.length).toBeLessThan(12);
    expect(shown.join("\n")).toContain("Line 20 [-stays-]{+goes+}.");
    expect(shown).toContain("Line 19 stays.");
    expect(shown.filter((line) => /unchanged lines/.test(line))).toHaveLength(2);
  });

  it("shows a text that was written anew as one text after the other", () => {
    const before = "Work out the result step by step and then say it.";
    const after = "Count every item.\nGive one integer.";
    expect(wordDiff(before, after, none)).toBe(`[-${before}-]\n{+Count every item.+}\n{+Give one integer.+}`);
  });

  it("names characters that no one sees, in what goes as in what comes", () => {
    expect(wordDiff("a\u200b", "x \u202eb\u2066 \u{e0041}c", none)).toBe(
      "[-a<U+200B>-]{+x <U+202E>b<U+2066> <U+E0041>c+}",
    );
    expect(wordDiff("", "\u0645\u06cc\u200c\u062e \u{1f468}\u200d\u{1f469}", none)).not.toContain("U+");
  });

  it("contains both texts, whatever they are", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", " ", "\n", "."), maxLength: 30 });
    fc.assert(
      fc.property(text, text, (before, after) => {
        const shown = wordDiff(before, after, none);
        if (shown.includes("unchanged lines")) return;
        const words = (value: string) => value.split(/\s+/).filter(Boolean).join(" ");
        const kept = words(shown.replace(/\{\+.*?\+\}/g, "").replace(/\[-(.*?)-\]/g, "$1"));
        const made = words(shown.replace(/\[-.*?-\]/g, "").replace(/\{\+(.*?)\+\}/g, "$1"));
        expect([kept.replaceAll(" ", ""), made.replaceAll(" ", "")]).toEqual([
          words(before).replaceAll(" ", ""),
          words(after).replaceAll(" ", ""),
        ]);
      }),
    );
  });
});
