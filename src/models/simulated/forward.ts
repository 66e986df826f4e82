import type { Message } from "../model.ts";
import { chance } from "./chance.ts";
import { textOf } from "./prompt.ts";
import type { Skill, Step, Task } from "./task.ts";
import { labels } from "./tasks/labels.ts";
import { receipts } from "./tasks/receipts.ts";
import { wordProblems } from "./tasks/word-problems.ts";

export const TASKS: readonly Task[] = [wordProblems, receipts, labels];

/** Share of answers that are wrong whatever the instruction says. */
const SLIPS = 0.04;
/** What an instruction should not say: figures become rough where it does. */
const ROUGH = /\b(rough(ly)?|approximate(ly)?|estimates?|round figures)\b/i;

/** Does what the instruction says, on what the messages hold, as well as the instruction says it. */
export function forward(messages: readonly Message[]): string {
  const all = withoutExamples(textOf(messages));
  const instruction = withoutExamples(withoutQueries(textOf(messages, "system") || all));
  const step = stepOf(instruction);
  const words = withoutQueries(all);
  const reply = step?.run(all, (skill) => skill.asked.test(words)) ?? null;
  if (!step || reply === null) return `Simulated reply to: ${textOf(messages, "user").slice(-200)}`;
  const exact = ROUGH.test(words) ? roughly(reply) : reply;
  return step.last && slips(exact) ? nearMiss(exact) : exact;
}

/** The step whose work an instruction asks for first, most exactly: what is added later does not change whose it is. */
export function stepOf(instruction: string): Step | null {
  const found = TASKS.flatMap(({ steps }) => steps).flatMap((step) => {
    const match = step.stem.exec(instruction);
    return match ? [{ step, at: match.index, length: match[0].length }] : [];
  });
  return found.sort((a, b) => a.at - b.at || b.length - a.length)[0]?.step ?? null;
}

/** Skills of the step, or of the text beside steps, that an instruction is for; null if it is for neither. */
export function skillsOf(instruction: string): readonly Skill[] | null {
  const text = TASKS.find((task) => task.text?.stem.test(instruction))?.text;
  return text?.skills ?? stepOf(instruction)?.skills ?? null;
}

/** What a worked example works on is not the query. It learns nothing from one. */
function withoutExamples(text: string): string {
  return text.replace(/<example>\n[\s\S]*?\n<\/example>/g, "");
}

/** Words of a query ask for nothing. */
export function withoutQueries(text: string): string {
  return TASKS.reduce((rest, { query }) => rest.replace(query, " "), text);
}

function roughly(reply: string): string {
  return reply.replace(/\d{2,}/g, (digits) => `${Math.round(Number(digits) / 10) * 10}`);
}

/** Decided by the figures alone, so that the same answer always slips. */
function slips(reply: string): boolean {
  return chance(`slip ${reply.replace(/\D+/g, " ").trim()}`) < SLIPS;
}

function nearMiss(reply: string): string {
  return reply.replace(/\d(?=\D*$)/, (digit) => `${(Number(digit) + 1) % 10}`);
}
