import { withoutImages } from "../graph/images.ts";
import type { Message, Usage } from "./model.ts";

/** Shorter prompts fit into every context; servers that count only what they didn't have in their cache count few tokens of these. */
const SHORTEST = 1_000;
/** Characters of a script without spaces that one token has at most, on average. */
const PER_TOKEN = 4;
/** Fewer characters for each counted token need no further look. */
const DENSE = 4;

const WORD = /\S*[\p{L}\p{N}]\S*/gu;
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu;

/**
 * Words of a prompt of which the server read only a part, by its own count of tokens. null: it read all, or that can't be told.
 * No tokenizer puts two words into one token, so a count below the number of words proves it. Ollama does so without an error
 * when a prompt is longer than its context (ollama/ollama#4967), and so does OpenRouter's `middle-out`.
 */
export function wordsOfCutPrompt(messages: readonly Message[], { prompt, estimated }: Usage): number | null {
  const characters = messages.reduce((sum, { content }) => sum + content.length, 0);
  if (estimated || prompt <= 0 || characters < 2 * SHORTEST || characters < DENSE * prompt) return null;
  const words = messages.reduce((sum, { content }) => sum + wordsIn(withoutImages(content)), 0);
  return words >= SHORTEST && words > prompt ? words : null;
}

/** At least as many tokens as a text has in any tokenizer. */
function wordsIn(text: string): number {
  return Math.max(count(text, WORD), Math.floor(count(text, UNSPACED) / PER_TOKEN));
}

function count(text: string, pattern: RegExp): number {
  let found = 0;
  for (const _ of text.matchAll(pattern)) found++;
  return found;
}
