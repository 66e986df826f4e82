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

/** The last closed part of each tag: a reply can contain its reasoning before that. */
export function taggedParts(text: string, tags: readonly string[]): Record<string, string> {
  const parts: Record<string, string> = {};
  for (const tag of tags) {
    const end = text.lastIndexOf(`</${tag}>`);
    const start = end < 0 ? -1 : text.lastIndexOf(`<${tag}>`, end);
    if (start >= 0) parts[tag] = text.slice(start + tag.length + 2, end).trim();
  }
  return parts;
}
