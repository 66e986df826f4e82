import { chance, pick } from "./chance.ts";
import { stepOf, TASKS, withoutQueries } from "./forward.ts";
import { type Block, blocksOf } from "./prompt.ts";
import type { Skill, Step } from "./task.ts";

/** Share of replies that say nothing of use. */
const VAGUE = 0.15;
const VAGUE_WORDS = ["Work more carefully.", "Check the result before you answer.", "Think about it again."];

export const OWN = /instruction|prompt|own/i;

/**
 * Feedback on each of `keys`: ids of the step's inputs, and a name for its own instruction. Empty: no change needed.
 * Compares each value that the prompt shows with what the step behind it would give if it were asked for everything.
 */
export function backward(prompt: string, keys: readonly string[]): Map<string, string> {
  const blocks = blocksOf(prompt);
  const instruction = instructionIn(blocks) ?? prompt;
  const step = stepOf(withoutQueries(instruction));
  const feedback = new Map(keys.map((key) => [key, ""]));
  const ownKey = keys.find((key) => OWN.test(key));
  const say = (key: string | undefined, words: string | undefined) => {
    if (key !== undefined && words !== undefined) feedback.set(key, words);
  };
  if (!step) {
    say(ownKey, "The instruction should say more exactly what the expected answer looks like.");
    return feedback;
  }

  const values = new Map(keys.map((key) => [key, shownFor(key, blocks)]));
  const sharedKey = keys.find((key) => TASKS.some(({ text }) => text?.stem.test(values.get(key) ?? "")));
  const shared = sharedKey === undefined ? "" : values.get(sharedKey)!;
  for (const key of keys) {
    if (key === ownKey || key === sharedKey) continue;
    const skill = pick(lackingIn(values.get(key)!, prompt), `${key} ${prompt}`);
    if (skill) say(key, pick(skill.complaint, prompt));
  }

  if (chance(`vague ${prompt}`) < VAGUE) {
    say(sharedKey ?? ownKey, pick(VAGUE_WORDS, prompt));
    return feedback;
  }
  const words = `${instruction}\n${shared}`;
  const lacking = step.skills.filter((skill) => !skill.asked.test(words) && matters(skill, step, prompt));
  const named = lacking.filter((skill) => gradientsIn(blocks).some(({ text }) => skill.asked.test(text)));
  const skill = pick(named.length > 0 ? named : lacking, `own ${prompt}`);
  if (skill?.shared && sharedKey !== undefined) say(sharedKey, pick(skill.complaint, prompt));
  else if (skill) say(ownKey, `The instruction should ask for more. ${pick(skill.advice, prompt)}`);
  return feedback;
}

function shownFor(key: string, blocks: readonly Block[]): string {
  const named = (label: string) => label.split(/[^\w-]+/).includes(key);
  return (blocks.find(({ id }) => id === key) ?? blocks.find(({ label }) => named(label)))?.text ?? "";
}

/** The feedback that a prompt shows. */
export function gradientsIn(blocks: readonly Block[]): Block[] {
  return blocks.filter(({ label }) => /feedback|gradient|critic/i.test(label));
}

/** The first text for a step that is where an instruction would. */
function instructionIn(blocks: readonly Block[]): string | undefined {
  return blocks.find(({ label, text }) => OWN.test(label) && stepOf(withoutQueries(text)))?.text;
}

/** Skills that the step behind a value was not asked for, as the value shows. */
export function lackingIn(value: string, prompt: string): readonly Skill[] {
  for (const step of TASKS.flatMap(({ steps }) => steps)) {
    const best = step.run(prompt, () => true);
    if (best === null || best === value.trim()) continue;
    const lacking = subsets(step.skills).find(
      (skills) => step.run(prompt, (skill) => !skills.includes(skill)) === value.trim(),
    );
    if (lacking) return lacking;
  }
  return [];
}

function matters(skill: Skill, step: Step, prompt: string): boolean {
  return step.run(prompt, () => true) !== step.run(prompt, (each) => each !== skill);
}

/** Smallest first, the empty one left out. */
function subsets<T>(items: readonly T[]): T[][] {
  const all = Array.from({ length: 2 ** items.length - 1 }, (_, index) =>
    items.filter((_, bit) => ((index + 1) >> bit) & 1),
  );
  return all.sort((a, b) => a.length - b.length);
}
