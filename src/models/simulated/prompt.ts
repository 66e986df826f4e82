import type { Message } from "../model.ts";

/** A delimited part of a prompt: between tags, in a fence, or under a heading. */
export interface Block {
  /** Tag with its attributes, or heading. */
  readonly label: string;
  /** Its `id` or `name`, else its tag or the heading's first word. */
  readonly id: string;
  readonly text: string;
  /** Labels of the blocks around it, outermost first. */
  readonly within: readonly string[];
}

const TAGS = /<([a-z_][\w-]*)((?:\s+[\w-]+="[^"]*")*)\s*>\n?([\s\S]*?)\n?<\/\1>/gi;
const FENCES = /([^\n]*)\n```[^\n]*\n([\s\S]*?)\n```/g;
/** `## Heading`, `**Heading**`, or `Heading:` after an empty line. */
const HEADING = /(?:^|\n)(?:#{1,6} +(.+)|\*\*(.+?)\*\*:?|(?<=^|\n\n)([A-Za-z_][\w ()-]{0,60}):) *(?=\n|$)/g;

/** Every delimited part, outer ones before those inside. */
export function blocksOf(text: string, within: readonly string[] = []): Block[] {
  const tagged = Array.from(text.matchAll(TAGS), ([, tag = "", attributes = "", inner = ""]) => ({
    label: `${tag}${attributes}`,
    id: /\b(?:id|name|key)="([^"]*)"/.exec(attributes)?.[1] ?? tag,
    text: inner,
  }));
  const rest = text.replace(TAGS, "\n");
  const fenced = Array.from(rest.matchAll(FENCES), ([, label = "", inner = ""]) => ({
    label,
    id: firstWord(label),
    text: inner,
  }));
  return [...tagged, ...fenced, ...sectionsOf(rest.replace(FENCES, "\n"))].flatMap((block) => [
    { ...block, within },
    ...(tagged.includes(block) ? blocksOf(block.text, [...within, block.label]) : []),
  ]);
}

function sectionsOf(text: string): Omit<Block, "within">[] {
  const headings = Array.from(text.matchAll(HEADING));
  return headings.map((heading, index) => {
    const label = heading[1] ?? heading[2] ?? heading[3] ?? "";
    const end = headings[index + 1]?.index ?? text.length;
    return { label, id: firstWord(label), text: text.slice(heading.index + heading[0].length, end).trim() };
  });
}

function firstWord(label: string): string {
  return /[A-Za-z][\w-]*/.exec(label)?.[0] ?? "";
}

/** What the messages of some roles say. */
export function textOf(messages: readonly Message[], ...roles: Message["role"][]): string {
  return messages
    .filter(({ role }) => roles.length === 0 || roles.includes(role))
    .map(({ content }) => content)
    .join("\n\n");
}

/** Names of the JSON properties that a prompt asks for in words: those quoted after "JSON". */
export function keysAskedFor(prompt: string): string[] {
  const request = /\bJSON\b[\s\S]{0,600}/.exec(prompt)?.[0] ?? "";
  return [...new Set(Array.from(request.matchAll(/"([A-Za-z][\w-]*)"/g), ([, key = ""]) => key))];
}

/** The tag that a prompt asks for a new text in; null if it asks for none. */
export function tagAskedFor(prompt: string): string | null {
  return /\bbetween <([a-z_]*(?:text|variable|instruction|prompt)[a-z_]*)> and <\/\1>/i.exec(prompt)?.[1] ?? null;
}
