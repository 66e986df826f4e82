/** Maximum number of blocks of thoughts to remove: a hostile reply can consist of them. */
const MOST_BLOCKS = 100;
/** Characters around a mark that are searched for signs that the text is about the mark. */
const AROUND = 80;

/** Tags that only chat templates use: their content is never the answer. */
const VENDOR = ["think", "seed:think", "thought_process", "antthinking"];
/** Tags that an instruction can ask for, too: if the prompt names one, it is part of the answer. */
const COMMON = [
  "thinking",
  "thought",
  "thoughts",
  "reasoning",
  "reason",
  "reflection",
  "scratchpad",
  "analysis",
  "internal_monologue",
];

/** Marks around thoughts that are not tags, as opening and closing. */
const BRACKETED: readonly (readonly [open: string, close: string])[] = [
  ["[THINK]", "[/THINK]"],
  ["[THINKING]", "[/THINKING]"],
  ["[REASONING]", "[/REASONING]"],
  ["◁think▷", "◁/think▷"],
  ["<|think|>", "<|/think|>"],
  ["<|thinking|>", "<|/thinking|>"],
  ["<|begin_of_thought|>", "<|end_of_thought|>"],
  ["<|START_THINKING|>", "<|END_THINKING|>"],
  ["<|thinking_start|>", "<|thinking_end|>"],
  ["<unused94>", "<unused95>"],
  ["<start_working_out>", "<end_working_out>"],
];

/** Marks of the start of a turn or an answer. */
const OPENINGS = [
  String.raw`<\|im_start\|>(?:assistant)?\s*\n?`,
  String.raw`<\|start_header_id\|>assistant<\|end_header_id\|>`,
  String.raw`<\|(?:assistant|begin_of_solution|START_RESPONSE|START_OF_TURN_TOKEN|CHATBOT_TOKEN|begin_of_text|im_sep)\|>`,
  String.raw`<start_of_turn>(?:model\s*\n)?`,
  String.raw`<s>(?=\s*[^\s<][^<]*(?:</s>)?\s*$)`,
  String.raw`\[/INST\]`,
];

/** Marks of the end of a turn or an answer. */
const ENDINGS = [
  String.raw`<\|(?:im_end|eot_id|eom_id|endoftext|end_of_text|end|return|eot|end_of_turn|end_of_solution|END_RESPONSE|END_OF_TURN_TOKEN|end_of_sentence|user|observation)\|>`,
  "<(?:end_of_turn|eos|end_of_utterance|turn_end)>",
  "</s>",
  "<｜end▁of▁sentence｜>",
  String.raw`\[(?:EOS|/INST|DONE)\]`,
];
/** The start of the next turn, from a model that was not stopped. */
const NEXT_TURN =
  /(?:<\|im_end\|>\s*<\|im_start\|>|<end_of_turn>\s*<start_of_turn>|<\|eot_id\|>\s*<\|start_header_id\|>|<\|end\|>\s*<\|(?:user|assistant|system)\|>|<\/s>\s*(?:<s>|\[INST\]))[\s\S]*$/i;

const OPENING = new RegExp(String.raw`^\s*(?:${OPENINGS.join("|")})`, "i");
const ENDING = new RegExp(String.raw`(?:${ENDINGS.join("|")})\s*$`, "i");

/**
 * The answer in a reply: without thoughts before it and without marks of the chat template around it. Only the
 * position of marks counts, because an answer can be about such marks.
 * @param prompt the model's prompt; a mark that it names is part of the answer
 * @returns empty if there are only thoughts
 */
export function answerText(said: string, prompt = ""): string {
  const isNamed = (mark: string) => prompt.includes(mark);
  const marks = marksFor(isNamed);
  let text = withoutChannels(said.replace(/^\uFEFF/, "").replace(NEXT_TURN, ""));
  for (let blocks = 0; blocks < MOST_BLOCKS; blocks++) {
    const rest = withoutThoughts(withoutOpening(text), marks);
    if (rest === text) break;
    text = rest;
  }
  return withoutEndings(text, isNamed);
}

function withoutOpening(text: string): string {
  return text.replace(OPENING, "");
}

function withoutEndings(text: string, isNamed: (mark: string) => boolean): string {
  let rest = text;
  for (let count = 0; count < MOST_BLOCKS; count++) {
    const mark = ENDING.exec(rest.slice(-AROUND));
    if (!mark || isNamed(mark[0].trim())) return rest;
    rest = rest.slice(0, Math.max(0, rest.length - AROUND) + mark.index).trimEnd();
  }
  return rest;
}

/** The last message of the channel `final`, also if the marks themselves were lost. */
function withoutChannels(text: string): string {
  const start = /^\s*(?:<\|start\|>\s*assistant\s*)?<\|channel\|>/i.test(text);
  if (start) {
    const finals = [...text.matchAll(/<\|channel\|>\s*final[^<]*<\|message\|>/gi)];
    const last = finals.at(-1);
    return last ? text.slice(last.index + last[0].length) : "";
  }
  const bare = /^\s*analysis(?=[A-Z\s])[\s\S]*assistantfinal/.exec(text);
  return bare ? text.slice(bare[0].length) : text;
}

interface Marks {
  /** Opening marks at the start of a text. */
  readonly start: RegExp;
  /** Opening marks anywhere. */
  readonly open: RegExp;
  readonly close: RegExp;
}

function marksFor(isNamed: (mark: string) => boolean): Marks[] {
  const pairs = [
    ...VENDOR.map(pairOf),
    ...COMMON.filter((tag) => !isNamed(`<${tag}>`)).map(pairOf),
    ...BRACKETED.map(([open, close]) => ({ open: literal(open), close: literal(close) })),
  ];
  return pairs.map(({ open, close }) => ({
    start: new RegExp(`^${open}`, "i"),
    open: new RegExp(open, "i"),
    close: new RegExp(close, "gi"),
  }));
}

/** Removes the first thoughts, if the text starts with some. */
function withoutThoughts(text: string, marks: readonly Marks[]): string {
  const begin = text.trimStart();
  for (const { start, close } of marks) {
    if (!start.test(begin)) continue;
    close.lastIndex = 0;
    return close.test(begin) ? begin.slice(close.lastIndex).trimStart() : "";
  }
  // The template has already opened the thoughts.
  for (const { open, close } of marks) {
    const at = loneEnd(text, open, close);
    if (at >= 0) return text.slice(at).trimStart();
  }
  return text;
}

function pairOf(tag: string): { readonly open: string; readonly close: string } {
  return { open: `<${tag}(?:\\s[^>]*)?>`, close: `</${tag}\\s*>` };
}

function literal(mark: string): string {
  return mark.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** Index after a closing mark without an opening one; −1 if there is none, or the text is about it. */
function loneEnd(text: string, open: RegExp, close: RegExp): number {
  const opened = text.search(open);
  close.lastIndex = 0;
  for (const found of text.matchAll(close)) {
    if (opened >= 0 && opened < found.index) return -1;
    const end = found.index + found[0].length;
    const before = text.slice(Math.max(0, found.index - AROUND), found.index);
    const after = text.slice(end, end + AROUND);
    const isOwnLine = /(^|\n)[ \t]*$/.test(before) || /^[ \t]*(\r?\n|$)/.test(after);
    const isMention = /[\s`"'“‘(]$/.test(before) || /^[`"'”’),.;:]/.test(after);
    if (isOwnLine ? !/[`"'“‘]$/.test(before) : !isMention) return end;
  }
  return -1;
}
