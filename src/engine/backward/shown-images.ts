import { hasImage, imageValue, partsOf } from "../../graph/images.ts";
import { isModelError } from "../../models/errors.ts";
import { block } from "../forward/prompt.ts";
import type { Emit } from "../stream.ts";

/** Sent instead of images that the model doesn't accept. */
const HIDDEN = "\n\n<note>\nThe step saw the images. They can't be shown to you.\n</note>";

/**
 * Shows a model the images that a step reads. The first request with images determines whether the model accepts
 * them; the others wait for it. If it refuses them, requests are sent without images, with one warning.
 */
export class ShownImages {
  #isRefused = false;
  #first: Promise<unknown> | null = null;

  constructor(
    readonly model: string,
    readonly emit: Emit,
  ) {}

  /**
   * @param values of the inputs, which contain images
   * @param ask sends the request with this text at its end
   */
  async ask<T>(
    values: readonly { readonly name: string; readonly value: string }[],
    ask: (end: string) => Promise<T>,
  ): Promise<T> {
    const shown = values.filter(({ value }) => hasImage(value));
    if (shown.length === 0) return ask("");
    const end = shown.map(({ name, value }) => `\n\n${imageBlock(name, value)}`).join("");
    if (this.#first) {
      await this.#first.catch(() => {});
      return this.#isRefused ? ask(HIDDEN) : this.#show(end, ask);
    }
    const asked = this.#show(end, ask);
    this.#first = asked;
    return asked;
  }

  async #show<T>(end: string, ask: (end: string) => Promise<T>): Promise<T> {
    try {
      return await ask(end);
    } catch (error) {
      if (!isModelError(error) || error.code !== "RequestRefused" || error.reason === "too long") throw error;
      // The same request without images shows whether the model refuses the images.
      const given = await ask(HIDDEN);
      if (!this.#isRefused) {
        this.#isRefused = true;
        void this.emit({ type: "warning", code: "images not shown", detail: `${this.model}: ${error.detail}` });
      }
      return given;
    }
  }
}

function imageBlock(name: string, value: string): string {
  const images = partsOf(value).filter((part) => typeof part !== "string");
  const lines = images.map(imageValue).join("\n");
  return block("image", "", { id: name }).replace("\n\n", `\n${lines}\n`);
}
