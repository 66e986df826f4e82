import { nodeTargetsOf, type Sample } from "../../data/sample.ts";
import { answerSpaceOf, ownAnswers } from "../backward/answer-space.ts";

/** Minimum characters of an answer that an instruction would not contain by chance. */
const SHORTEST_ANSWER = 12;
/** Consecutive words that identify a sample instead of being common in the language. */
const RUN = 8;
/** Minimum characters of such a run. */
const SHORTEST_RUN = 30;

/** Whether a new text contains what belongs to one sample: its answer, or a long piece of its input (docs/method.md, "Answers"). */
export type Leaks = (base: string, text: string) => boolean;

/**
 * Members of a closed set of answers, texts that several samples share, and texts that were there before are not
 * leaks.
 * @param samples whose content must not be given away
 */
export function leaksOf(samples: readonly Sample[]): Leaks {
  const nodes = new Set(samples.flatMap(({ nodeTargets = {} }) => Object.keys(nodeTargets)));
  const ofNodes = [...nodes].map((node) => samples.map((sample) => ({ targets: nodeTargetsOf(sample, node) })));
  const answers = [samples, ...ofNodes]
    .flatMap((one) => ownAnswers(answerSpaceOf(one)))
    .filter(({ length }) => length >= SHORTEST_ANSWER);
  let inputs: readonly (readonly string[])[] | null = null;

  return (base, text) => {
    if (answers.some((answer) => text.includes(answer) && !base.includes(answer))) return true;
    const fresh = runsOf(wordsOf(text));
    for (const { run } of runsOf(wordsOf(base)).values()) fresh.delete(run);
    if (fresh.size === 0) return false;
    inputs ??= samples.map((sample) => wordsOf(Object.values(sample.inputs).join("\n")));
    return holdsOwnRun(fresh, inputs);
  };
}

interface Run {
  readonly run: string;
  readonly first: string;
}

function runsOf(words: readonly string[]): Map<string, Run> {
  const runs = new Map<string, Run>();
  for (let at = 0; at < words.length; at++) {
    const run = runAt(words, at);
    if (run !== null) runs.set(run, { run, first: words[at] ?? "" });
  }
  return runs;
}

function runAt(words: readonly string[], at: number): string | null {
  let end = at + RUN;
  if (end > words.length) return null;
  let run = words.slice(at, end).join(" ");
  while (run.length < SHORTEST_RUN) {
    if (end === words.length) return null;
    run += ` ${words[end++]}`;
  }
  return run;
}

/** Whether one of the runs occurs in exactly one input. */
function holdsOwnRun(fresh: ReadonlyMap<string, Run>, inputs: readonly (readonly string[])[]): boolean {
  const firsts = new Set(Array.from(fresh.values(), ({ first }) => first));
  const holders = new Map<string, number>();
  for (const words of inputs) {
    const held = new Set<string>();
    for (let at = 0; at < words.length; at++) {
      const run = firsts.has(words[at] ?? "") ? runAt(words, at) : null;
      if (run !== null && fresh.has(run)) held.add(run);
    }
    for (const run of held) holders.set(run, (holders.get(run) ?? 0) + 1);
  }
  return [...holders.values()].some((count) => count === 1);
}

/** Words in lowercase; in scripts without spaces between words, each character is one. */
function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]|[\p{L}\p{N}]+/gu) ?? [];
}
