import type { Cli } from "./cli.ts";
import { Cancelled } from "./errors.ts";

/** Whether somebody can answer a question. */
export function canAsk({ terminal, output }: Pick<Cli, "terminal" | "output">): boolean {
  return terminal.hasKeys && output.isInteractive;
}

/** Asks a question to be answered with yes. @throws Cancelled for any other answer */
export async function confirm(question: string, { terminal, signal }: Pick<Cli, "terminal" | "signal">): Promise<void> {
  const answer = await terminal.ask(`${question} [y/N] `, signal);
  if (!/^y(es)?$/i.test(answer.trim())) throw new Cancelled();
}
