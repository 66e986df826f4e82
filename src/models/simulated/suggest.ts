import { type Rewrite, rewrite } from "./optimizer.ts";
import { type Block, blocksOf } from "./prompt.ts";

/** Name of each variable that the prompt shows → its rewrite, drawn from what each step gave in each case. */
export function suggest(prompt: string, draw: number): Map<string, Rewrite> {
  const blocks = blocksOf(prompt);
  const cases = blocks.filter(({ label }) => /^case\b/i.test(label));
  return new Map(
    blocks
      .filter(({ label }) => /^variable\b/i.test(label))
      .map(({ id, text }) => {
        const old = blocksOf(text).find(({ label }) => /^current/i.test(label))?.text ?? "";
        const seen = cases.map((one) => caseOf(one, id)).join("\n\n");
        return [id, rewrite(`<current_text>\n${old}\n</current_text>\n\n${seen}`, draw)];
      }),
  );
}

/** The case as one step saw it. */
function caseOf({ text }: Block, step: string): string {
  const parts = blocksOf(text);
  const own = parts.find(({ id, label }) => id === step && /^value\b/i.test(label));
  const output = own ?? parts.find(({ label }) => /^output\b/i.test(label));
  const others = parts.filter((part) => part !== output && /^(input|value)\b/i.test(part.label));
  const inputs = others.map((part) => `<input id="${part.id}">\n${part.text}\n</input>`);
  return `<case>\n${inputs.join("\n")}\n<output>\n${output?.text ?? ""}\n</output>\n</case>`;
}

/** The rewrites that change something, each between tags with its variable's name. */
export function taggedSuggestions(suggestions: ReadonlyMap<string, Rewrite>, prompt: string): string {
  const changed = [...suggestions].filter(([, { text }]) => !prompt.includes(`\n${text}\n`));
  const reasoning = "<reasoning>What the steps gave shows which text has to ask for more.</reasoning>";
  if (changed.length === 0) return `${reasoning}\n<no_change>Nothing shows what is missing.</no_change>`;
  return [reasoning, ...changed.map(([id, { text }]) => `<${id}>\n${text}\n</${id}>`)].join("\n");
}
