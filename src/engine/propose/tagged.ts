import type { ModelReply } from "../../models/model.ts";
import { type Llm, type LlmCall, ReplyUnreadable } from "../forward/llm.ts";
import type { TaggedForm } from "../method.ts";

/**
 * Asks for a reply with parts between tags. If `read` can't use it, it is requested again.
 * @throws ReplyUnreadable if the second reply can't be used either
 */
export async function askTagged<T>(
  ask: Llm,
  question: LlmCall,
  { tags, optional = [], read }: TaggedForm<T>,
): Promise<T> {
  const all = [...tags, ...optional];
  const readReply = ({ text }: ModelReply) => read(taggedParts(text, all));
  const call = { ...question, tags: all };
  const first = await ask(call);
  const value = readReply(first);
  if (value !== null) return value;
  await ask.invalidate(first);
  const wanted = tags.map((tag) => `<${tag}>…</${tag}>`).join(" ");
  const repair = `I could not find these parts in your reply: ${wanted}. Answer again with all of them and nothing else.`;
  const again = await ask({
    ...call,
    isRepair: true,
    messages: [...question.messages, { role: "assistant", content: first.text }, { role: "user", content: repair }],
  });
  const second = readReply(again);
  if (second !== null) return second;
  await ask.invalidate(again);
  throw new ReplyUnreadable(again.text.slice(0, 200), again.finish === "length" ? again.usage.completion : null);
}

/**
 * The last closed part of each tag; a reply may think aloud before it. A part may name its own tag, as the instruction of a
 * node `answer` that asks for `<answer>…</answer>`.
 */
export function taggedParts(text: string, tags: readonly string[]): Record<string, string> {
  const parts: Record<string, string> = {};
  for (const tag of tags) {
    const found = outermost(text, tag).map(([from, to]) => text.slice(from, to).trim());
    // An empty one after it only points back at it.
    const part = found.findLast((one) => one !== "") ?? found.at(-1);
    if (part !== undefined) parts[tag] = part;
  }
  return parts;
}

/** From after an opening tag to its closing one, of parts that are in no other part of the tag. */
function outermost(text: string, tag: string): [number, number][] {
  const open: { readonly at: number; readonly startsLine: boolean }[] = [];
  let parts: [number, number][] = [];
  for (const { 0: mark, index } of text.matchAll(new RegExp(`</?${tag}>`, "g"))) {
    if (mark === `<${tag}>`) {
      open.push({ at: index + mark.length, startsLine: /(^|\n)[ \t]*$/.test(text.slice(0, index)) });
      continue;
    }
    let start = open.pop();
    // A tag in the middle of a line is only mentioned where one that is still open stands at the start of a line.
    while (start && !start.startsLine && open.some(({ startsLine }) => startsLine) && !hasMoreEnds(index, mark)) {
      start = open.pop();
    }
    if (start === undefined) continue;
    const { at } = start;
    parts = [...parts.filter(([from]) => from < at), [at, index]];
  }
  return parts;

  function hasMoreEnds(after: number, mark: string): boolean {
    return text.indexOf(mark, after + mark.length) >= 0;
  }
}
