import type { Sample } from "../../src/data/sample.ts";
import type { Model } from "../../src/models/model.ts";
import { createWorldModel, fieldsOf, lastIn, seededChance } from "../worlds/parts.ts";

/**
 * Made-up multiple-choice questions, and a made-up model that answers and checks them. A question takes two to four steps of
 * reasoning; the right option follows from right steps alone, and each wrong step leads to another option.
 */
const LETTERS = ["A", "B", "C", "D"] as const;

/** How often the model is right. */
const RIGHT = {
  /** A step, at the first try. */
  step: 0.65,
  /** A step that feedback or a reflection names. */
  named: 0.8,
  /** A step that the answer it rewrites has right already. */
  kept: 0.97,
  /** The check: it names a step that is wrong, and not one that is right. */
  check: 0.75,
  /** The check takes a right answer for right. */
  pass: 0.9,
  /** The check takes a wrong answer for wrong. */
  fail: 0.9,
} as const;

/** Questions with their right options. */
export function questions(count: number): Sample[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `question ${at}`,
    inputs: {
      question: `Question ${at}, in ${stepCount(at)} steps: which option is right?\n${LETTERS.map((letter) => `(${letter}) the ${letter.toLowerCase()} of ${at}`).join("\n")}`,
    },
    targets: [letterAfter(at, [])],
    feedback: null,
  }));
}

function stepCount(question: number): number {
  return 2 + (question % 3);
}

/** The option that follows from these wrong steps. */
function letterAfter(question: number, wrong: readonly number[]): string {
  const shift = wrong.length === 0 ? 0 : 1 + (wrong.reduce((sum, step) => sum + 2 ** step, 0) % (LETTERS.length - 1));
  return LETTERS[(question * 7 + shift) % LETTERS.length] ?? "";
}

/** @param seed another one makes other mistakes */
export function createExaminee(seed: number): Model {
  const chance = seededChance(seed);
  return createWorldModel(
    `examinee ${seed}`,
    async () => {},
    (request) => {
      const { messages, draw } = request;
      const prompt = messages.map(({ content }) => content).join("\n");
      const question = Number(/Question (\d+), in/.exec(prompt)?.[1]);
      const isVote = fieldsOf(request).includes("score");
      return isVote ? check(question, prompt, chance) : reply(question, prompt, (...parts) => chance(draw, ...parts));
    },
  );
}

type Chance = (...parts: unknown[]) => number;

function reply(question: number, prompt: string, chance: Chance): string {
  const feedback = lastIn(prompt, "feedback");
  if (prompt.includes("<reflection>")) return `<reflection>\n${feedback}\n</reflection>`;
  const isRewrite = prompt.includes("<improved_answer>");
  const named = stepsIn(isRewrite ? feedback : lastIn(prompt, "reflections"));
  const before = isRewrite ? wrongIn(lastIn(prompt, "answer")) : null;
  const wrong = Array.from({ length: stepCount(question) }, (_, at) => at + 1).filter((step) => {
    const draw = chance("step", question, step, prompt);
    if (named.includes(step)) return draw > RIGHT.named;
    if (before) return before.includes(step) ? draw < RIGHT.kept : draw > RIGHT.kept;
    return draw > RIGHT.step;
  });
  const answer = `${workOf(question, wrong)}\nAnswer: ${letterAfter(question, wrong)}`;
  return isRewrite ? `<improved_answer>\n${answer}\n</improved_answer>` : answer;
}

/** What a reply shows of its steps: a wrong one reads otherwise, but only its writer knows that it is wrong. */
function workOf(question: number, wrong: readonly number[]): string {
  return Array.from({ length: stepCount(question) }, (_, at) => {
    return `Step ${at + 1}: ${wrong.includes(at + 1) ? "so it falls" : "so it rises"}.`;
  }).join("\n");
}

function wrongIn(answer: string): number[] {
  return [...answer.matchAll(/Step (\d+): so it falls/g)].map(([, step]) => Number(step));
}

function stepsIn(feedback: string): number[] {
  return [...feedback.matchAll(/step (\d+)/g)].map(([, step]) => Number(step));
}

/** The check of an answer: equal answers get the same one, unless the prompt says what an earlier check has named. */
function check(question: number, prompt: string, chance: Chance): string {
  const named = stepsIn(lastIn(prompt, "rubric"));
  const answer = [lastIn(prompt, "answer"), ...named].join(" ");
  const wrong = wrongIn(answer);
  const isTakenForRight = chance("pass", question, answer) < (wrong.length === 0 ? RIGHT.pass : 1 - RIGHT.fail);
  if (isTakenForRight) return JSON.stringify({ reason: "Every step is right.", score: 1 });
  const all = Array.from({ length: stepCount(question) }, (_, at) => at + 1);
  const isSharp = wrong.length > 0 && chance("check", question, answer) < RIGHT.check;
  const pool = isSharp ? wrong : all.filter((step) => !wrong.includes(step));
  const others = pool.filter((step) => !named.includes(step));
  const step = others[Math.floor(chance("which", question, answer) * others.length)] ?? pool[0] ?? 1;
  return JSON.stringify({ reason: `Work step ${step} out again.`, score: 0.3 });
}
