import { blocksOf } from "./prompt.ts";
import { critique } from "./solve.ts";

export interface Vote {
  readonly score: number;
  readonly reason: string;
}

/**
 * A vote on an answer by the accepted ones that the prompt shows: full where the answer ends with one of them, half where
 * it holds one. Without any it goes by what it knows of the example tasks, or says that it can't judge.
 */
export function vote(prompt: string): Vote {
  const blocks = blocksOf(prompt);
  const texts = (label: RegExp) => blocks.filter((block) => label.test(block.label)).map(({ text }) => words(text));
  const accepted = texts(/accepted|expected|reference|target/i).filter(Boolean);
  const answer = texts(/^(final_)?(answer|response|output)\b/i).at(-1) ?? "";
  if (accepted.length === 0) {
    const unknown = "The simulated model can judge only the example tasks, or where an accepted answer is shown.";
    return critique(blocks) ?? { score: 0.5, reason: unknown };
  }
  if (accepted.some((text) => ` ${answer}`.endsWith(` ${text}`)))
    return { score: 1, reason: "It is an accepted answer." };
  if (accepted.some((text) => ` ${answer} `.includes(` ${text} `))) {
    return { score: 0.5, reason: "An accepted answer stands in it, but it says more than that." };
  }
  return { score: 0, reason: "It is none of the accepted answers." };
}

/** Words and numbers in small letters, one space between. */
function words(text: string): string {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+(?:[.,]\p{N}+)*/gu) ?? []).join(" ");
}
