const SEGMENTER = new Intl.Segmenter("en", { granularity: "sentence" });

interface Sentence {
  /** Trimmed, never empty. */
  readonly text: string;
  /** Whitespace before it. */
  readonly gap: string;
}

/** Splits a text into sentences. A line without a full stop at its end is a sentence, too. */
function sentencesOf(text: string): Sentence[] {
  const sentences: Sentence[] = [];
  let gap = "";
  for (const { segment } of SEGMENTER.segment(text)) {
    const trimmed = segment.trim();
    const [before = "", after = ""] = trimmed === "" ? [segment] : segment.split(trimmed);
    if (trimmed !== "") sentences.push({ text: trimmed, gap: gap + before });
    gap = trimmed === "" ? gap + segment : after;
  }
  return sentences;
}

/** Sentences and lines of a text that the base does not have, without repeats. */
export function addedSentences(base: string, text: string): string[] {
  const old = new Set(sentencesOf(base).map((one) => one.text));
  return [...new Set(sentencesOf(text).map((one) => one.text))].filter((one) => !old.has(one));
}

/** Whether a text has every sentence of the base. */
export function isGrown(base: string, text: string): boolean {
  return addedSentences(text, base).length === 0;
}

/** Removes sentences from a text. The others stay unchanged, and paragraphs and lines stay apart. */
export function withoutSentences(text: string, sentences: ReadonlySet<string>): string {
  let left = "";
  let gap = "";
  for (const one of sentencesOf(text)) {
    gap = breaksIn(one.gap) > breaksIn(gap) || gap === "" ? one.gap : gap;
    if (sentences.has(one.text)) continue;
    left += gap + one.text;
    gap = "";
  }
  return left;
}

function breaksIn(gap: string): number {
  return gap.split("\n").length;
}
