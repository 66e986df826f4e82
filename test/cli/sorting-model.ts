import { blockIn, feedbackFor, promptModel } from "./prompt-model.ts";

/**
 * A model that sorts messages and does what it is told, no more: it understands what a message is about, but it answers
 * with a category only if its instruction names that category. What it writes as feedback or as a new instruction holds
 * only what its prompt shows and lets it say. It reads prompts as text and knows nothing of the data.
 */
export const sortingModel = promptModel("sorting", {
  forward: sort,
  feedback: (system, user, keys) => feedbackFor(keys, (key) => (key === "instruction" ? criticise(system, user) : "")),
  rewrite,
});

/** What everybody knows: words that speak of the same matter. */
const MATTERS = {
  money: ["refund", "charged", "money", "invoice"],
  parcel: ["delivery", "parcel", "courier", "shipment"],
  access: ["password", "login", "sign in", "locked out"],
  praise: ["compliment", "thank", "lovely", "delighted"],
} as const;
const HASTE = ["at once", "immediately", "right now"];

function matterOf(text: string): keyof typeof MATTERS | undefined {
  const small = text.toLowerCase();
  return (Object.keys(MATTERS) as (keyof typeof MATTERS)[]).find((matter) =>
    MATTERS[matter].some((word) => small.includes(word)),
  );
}

/** One value for each field that the instruction asks for, each from what the instruction allows. */
function sort(instruction: string, message: string): string {
  const fields = [...instruction.matchAll(/field "([\w.]+)"(?:: one of ((?:«[^»]*»(?:, )?)+))?/g)];
  if (fields.length === 0) return choose(valuesIn(instruction), message) ?? `It is about ${matterOf(message)}.`;
  const values = fields.map(([, field = "", allowed = instruction]) => [
    field,
    choose(valuesIn(allowed), message) ?? "unknown",
  ]);
  return JSON.stringify(Object.fromEntries(values.map(([field, value]) => [field, asJson(value ?? "")])));
}

function choose(allowed: readonly string[], message: string): string | undefined {
  const yesAndNo = allowed.includes("true") && allowed.includes("false");
  if (yesAndNo) return String(HASTE.some((word) => message.includes(word)));
  return allowed.find((value) => matterOf(value) === matterOf(message));
}

function asJson(value: string): unknown {
  return value === "true" || value === "false" ? value === "true" : value;
}

/** Feedback may quote what is listed, where the prompt says so. */
function criticise(system: string, user: string): string {
  const known = answersIn(user);
  const mayQuote = /you may quote values listed in `?expected_answers/i.test(system);
  if (known.length === 0 || !mayQuote) return "The instruction does not say which answers are possible.";
  return "The instruction does not say which answers are possible; they are listed in the expected answers.";
}

/** Adds what the answers may be, as far as the prompt shows them and lets them be named. */
function rewrite(system: string, user: string) {
  const text = blockIn(user, "current_text");
  const known = answersIn(user);
  const mayName = /listed in `?expected_answers`? may be named/i.test(system);
  const outputs = [...user.matchAll(/<case [\s\S]*?<output>\n([\s\S]*?)\n<\/output>/g)].map(
    ([, output = ""]) => output,
  );
  const listed = new Set(known.flatMap(({ values }) => values));
  const isAsked = /which answers are possible/.test(user) || outputs.some((output) => !listed.has(output));
  const rules = known.map(({ field, values }) => {
    const allowed = values.map((value) => `«${value}»`).join(", ");
    return field === null ? `Answer with one of ${allowed}.` : `Reply with JSON; field "${field}": one of ${allowed}.`;
  });
  const added = mayName && isAsked && rules.length > 0 ? rules.join(" ") : "Choose the answer with care.";
  return { hypothesis: "It says what to choose from.", text: `${text} ${added}` };
}

interface Listed {
  /** null: the whole answer. */
  readonly field: string | null;
  readonly values: readonly string[];
}

function answersIn(prompt: string): Listed[] {
  const listed = blockIn(prompt, "expected_answers");
  const all: { field: string | null; values: string[] }[] = [];
  for (const line of listed.split("\n")) {
    const field = /^- "([\w.]+)".*: one of/.exec(line)?.[1];
    if (field !== undefined) all.push({ field, values: [] });
    const value = /^\s*- (.+) \(\d+\)$/.exec(line)?.[1];
    if (value === undefined) continue;
    if (all.length === 0) all.push({ field: null, values: [] });
    all.at(-1)?.values.push(value);
  }
  return all.filter(({ values }) => values.length > 0);
}

function valuesIn(text: string): string[] {
  return [...text.matchAll(/«([^»]*)»/g)].map(([, value = ""]) => value);
}

const MESSAGES: Readonly<Record<keyof typeof MATTERS, readonly string[]>> = {
  money: ["I was charged twice", "Where is my money", "The invoice is too high"],
  parcel: ["My parcel has not come", "The courier rang nobody", "The shipment is wet"],
  access: ["I am locked out of my account", "My password is not taken", "I cannot sign in"],
  praise: ["Thank you for the quick help", "What a lovely shop", "We are delighted with the chairs"],
};

export interface SortableMessage {
  readonly text: string;
  readonly matter: keyof typeof MATTERS;
  readonly urgent: boolean;
}

/** Messages that are all different, each matter as often as the others. */
export function messagesToSort(set: string, count: number): SortableMessage[] {
  const matters = Object.keys(MESSAGES) as (keyof typeof MATTERS)[];
  return Array.from({ length: count }, (_, index) => {
    const matter = matters[index % matters.length] ?? "money";
    const words = MESSAGES[matter][Math.floor(index / 4) % 3];
    const urgent = Math.floor(index / 4) % 2 === 1;
    return { text: `${words}, ${set} customer ${index}${urgent ? ", answer at once" : ""}.`, matter, urgent };
  });
}
