import type { Loss } from "./loss.ts";
import { scoreOf } from "./normalize.ts";

/**
 * 1 − F1 of the words of answer and target, as in SQuAD (Rajpurkar et al. 2016): the best over the accepted answers.
 * Lenient: 1 − recall.
 */
export function f1Loss(): Loss {
  return {
    kind: "f1",
    describe: ({ t }) =>
      t("Overlap of the words of the answer and the target (F1). Case, punctuation and English articles are ignored."),
    score(sample, answer) {
      const said = tokens(answer);
      const overlaps = sample.targets.map((target) => overlap(said, tokens(target)));
      const best = overlaps.reduce((a, b) => (b.f1 > a.f1 ? b : a), { f1: 0, recall: 0, missing: [""], extra: 0 });
      const recall = Math.max(0, ...overlaps.map((one) => one.recall));
      return scoreOf(sample, answer, 1 - best.f1, 1 - recall, hintFor(best));
    },
  };
}

interface Overlap {
  readonly f1: number;
  readonly recall: number;
  readonly missing: readonly string[];
  readonly extra: number;
}

/** A decimal, a character of a script without spaces, or a word. */
const TOKEN =
  /\d+(?:[.,]\d+)+|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]\p{M}*|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}])[\p{L}\p{M}\p{N}])+/gu;

/**
 * Words; each character separately in scripts without spaces. Articles are left out if there are other words. A text
 * without words, as 👍, is one. As in SQuAD, U.S. is US, 1,000 is 1000 and O'Neil is ONeil; 3.5 is one word, not 35.
 */
function tokens(text: string): string[] {
  const plain = text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/(?<=\d),(?=\d{3}(?!\d))/g, "")
    .replace(/(?<=\p{L})['’](?=\p{L})/gu, "")
    .replace(/(?<![\p{L}\p{N}])(?:\p{L}\.){2,}/gu, (initials) => initials.replaceAll(".", ""));
  const all = plain.match(TOKEN);
  if (!all) return [plain.trim()].filter(Boolean);
  const words = all.filter((token) => !["a", "an", "the"].includes(token));
  return words.length > 0 ? words : all;
}

function overlap(said: readonly string[], wanted: readonly string[]): Overlap {
  if (said.length === 0 && wanted.length === 0) return { f1: 1, recall: 1, missing: [], extra: 0 };
  const left = new Map<string, number>();
  for (const token of said) left.set(token, (left.get(token) ?? 0) + 1);
  const missing: string[] = [];
  let common = 0;
  for (const token of wanted) {
    const count = left.get(token) ?? 0;
    if (count > 0) {
      left.set(token, count - 1);
      common++;
    } else missing.push(token);
  }
  const f1 = common === 0 ? 0 : (2 * common) / (said.length + wanted.length);
  return { f1, recall: wanted.length === 0 ? 0 : common / wanted.length, missing, extra: said.length - common };
}

function hintFor({ f1, missing, extra }: Overlap): string {
  if (f1 === 0) return "They have no word in common.";
  const lacks =
    missing.length > 0 ? `It lacks ${missing.length} of the right words (${missing.slice(0, 8).join(", ")}).` : "";
  return [lacks, extra > 0 ? `It has ${extra} words too many.` : ""].filter(Boolean).join(" ");
}
