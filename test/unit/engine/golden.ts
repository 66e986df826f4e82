import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import type { Message } from "../../../src/models/model.ts";

const folder = join(import.meta.dirname, "../../fixtures/golden");

/** The text is what stands in the golden file. `UPDATE_GOLDEN=1` writes the file anew: look at its diff. */
export function expectGolden(name: string, text: string): void {
  const path = join(folder, name);
  if (process.env.UPDATE_GOLDEN === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const golden = existsSync(path) ? readFileSync(path, "utf8") : "(no golden file yet: UPDATE_GOLDEN=1 writes it)";
  expect(text).toBe(golden);
}

/** A prompt as it is read: its messages one below the other. */
export function written(messages: readonly Message[]): string {
  return messages.map(({ role, content }) => `════ ${role} ════\n${content}\n`).join("\n");
}
