import type { Message } from "../model.ts";
import { gradientsIn } from "./backward.ts";
import { pick } from "./chance.ts";
import { TASKS } from "./forward.ts";
import { type Block, blocksOf, textOf } from "./prompt.ts";
import type { Skill, Task } from "./task.ts";

/**
 * A better answer, or a reflection on one, between the tags that the prompt asks for; null if it asks for neither.
 * Does the whole task again and minds what the feedback complains of.
 */
export function solve(messages: readonly Message[]): string | null {
  const tag = /\bbetween <([a-z_]*answer[a-z_]*|reflection)> and <\/\1>/i.exec(textOf(messages))?.[1];
  if (tag === undefined) return null;
  const blocks = blocksOf(textOf(messages, "user"));
  const feedback = gradientsIn(blocks)
    .map(({ text }) => text)
    .join("\n");
  if (/^reflection$/i.test(tag)) return `<${tag}>\nMind this next time: ${feedback}\n</${tag}>`;
  const words = `${textIn(blocks, /^task/i)}\n${feedback}`;
  const answer = answerTo(textIn(blocks, /^query/i), (skill) => skill.asked.test(words));
  return `<${tag}>\n${answer ?? textIn(blocks, /^answer/i)}\n</${tag}>`;
}

/** What an answer to a query of the example tasks lacks, one thing at a time; null if it knows no such query. */
export function critique(blocks: readonly Block[]): { readonly score: number; readonly reason: string } | null {
  const query = textIn(blocks, /^query/i);
  const answer = textIn(blocks, /^answer/i);
  const best = answerTo(query, () => true);
  if (best === null) return null;
  if (numbers(best) === numbers(answer)) return { score: 1, reason: "" };
  const skills = taskOf(query)?.steps.flatMap((step) => step.skills) ?? [];
  const useful = skills.filter((skill) => answerTo(query, (each) => each !== skill) !== best);
  const complaint = pick(
    useful.flatMap((skill) => skill.complaint),
    `${query}\n${answer}`,
  );
  return { score: 0.3, reason: complaint ?? "The result is not right." };
}

function taskOf(query: string): Task | undefined {
  return TASKS.find((task) => query.search(task.query) >= 0);
}

/** All steps of the task, each with the replies before it in view. */
function answerTo(query: string, has: (skill: Skill) => boolean): string | null {
  let shown = query;
  let answer: string | null = null;
  for (const step of taskOf(query)?.steps ?? []) {
    const reply = step.run(shown, has);
    if (reply === null) continue;
    shown += `\n\n${reply}`;
    if (step.last) answer = reply;
  }
  return answer;
}

function numbers(text: string): string {
  return (text.match(/\d+/g) ?? []).join(" ");
}

function textIn(blocks: readonly Block[], label: RegExp): string {
  return blocks.findLast((block) => label.test(block.label))?.text ?? "";
}
