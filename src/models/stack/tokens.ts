import { withoutImages } from "../../graph/images.ts";
import type { Message, ModelRequest, Usage } from "../model.ts";

const FIRST_GUESS = 3.5;
/** Tokens of a message in addition to its text. */
const PER_MESSAGE = 4;
/** Weight of one more reply in the average. */
const LEARNING = 0.1;

/** Characters per token, learned per model from the usage that servers return; initially 3.5. */
export class CharactersPerToken {
  readonly #ratios = new Map<string, number>();

  of(model: string): number {
    return this.#ratios.get(model) ?? FIRST_GUESS;
  }

  /** Tokens of a prompt, rounded up. */
  ofPrompt(model: string, messages: readonly Message[]): number {
    return Math.ceil(characters(messages) / this.of(model)) + PER_MESSAGE * messages.length;
  }

  /** Tokens of a text, rounded up. */
  ofText(model: string, text: string): number {
    return Math.ceil(text.length / this.of(model));
  }

  learn(model: string, messages: readonly Message[], usage: Usage): void {
    const tokens = usage.prompt - PER_MESSAGE * messages.length;
    const seen = characters(messages) / tokens;
    if (usage.estimated || tokens <= 0 || seen < 0.2 || seen > 20) return;
    const known = this.#ratios.get(model);
    this.#ratios.set(model, known === undefined ? seen : known + LEARNING * (seen - known));
  }
}

/** The limit that a request sets for its reply, under any of its names; null if the server's own applies. */
export function outputLimit(params: ModelRequest["params"]): { readonly name: string; readonly tokens: number } | null {
  for (const name of ["max_completion_tokens", "max_tokens", "max_output_tokens"]) {
    const tokens = params[name];
    if (typeof tokens === "number" && tokens > 0) return { name, tokens };
  }
  return null;
}

function characters(messages: readonly Message[]): number {
  return messages.reduce((sum, { content }) => sum + withoutImages(content).length, 0);
}
