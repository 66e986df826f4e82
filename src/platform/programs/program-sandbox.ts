import { createHash } from "node:crypto";
import PQueue from "p-queue";
import { type Code, CodeFault, type Program, ProgramRefused, type Sandbox } from "../../deps.ts";
import { lastProblem, lineIn, programExtension } from "../../graph/program-file.ts";
import { structureIn } from "../../graph/replies/json.ts";
import type { ProgramCommand, ProgramCommands } from "./commands.ts";
import { type Isolation, isolationHere } from "./isolation.ts";
import { runProgram } from "./process.ts";

/** Maximum number of concurrent programs. */
const AT_ONCE = 4;

/** A file of a repository to be run with a command of the user. */
export interface RunnableFile {
  readonly file: string;
  readonly command: ProgramCommand;
  /** Hash of the command and the content, in hex: it changes with either. */
  readonly digest: string;
}

export interface ProgramSandboxOptions {
  readonly commands: () => ProgramCommands;
  /** Whether the user has confirmed a file with this digest. */
  readonly isConfirmed: (digest: string) => boolean;
  /** Time limit in milliseconds. */
  readonly time: number;
  /** Default: the strictest isolation of this system. */
  readonly isolation?: Isolation;
}

/** A sandbox that runs files in other languages with the user's commands. */
export function programSandbox(sandbox: Sandbox, options: ProgramSandboxOptions): Sandbox {
  const queue = new PQueue({ concurrency: AT_ONCE });
  return within(sandbox, options.time);

  function within(inner: Sandbox, time: number): Sandbox {
    const program = async (code: Code, argument: unknown): Promise<Program> => {
      const files = [code, ...(code.modules ?? [])].filter(({ author }) => author === undefined);
      for (const file of files) {
        const { digest } = runnable(file, options.commands());
        if (!options.isConfirmed(digest)) throw new ProgramRefused(file.file, "you have not confirmed this content.");
      }
      const { command } = runnable(code, options.commands());
      const isolation = options.isolation ?? (await here());
      const input = JSON.stringify(argument);
      return queue.add(() => runProgram({ code, input, command, time, isolation }));
    };
    return {
      check: (code) => inner.check(code),
      call: async (code, argument) =>
        programExtension(code.file) === null
          ? inner.call(code, argument)
          : printed(code, await program(code, argument)),
      program,
      within: (limits) => within(inner.within(limits), limits.time ?? time),
    };
  }
}

let known: Promise<Isolation> | undefined;

/** The isolation of this system, detected once. */
export function here(): Promise<Isolation> {
  known ??= isolationHere();
  return known;
}

/** @throws ProgramRefused if the user has no command for it */
export function runnable({ file, text }: Code, commands: ProgramCommands): RunnableFile {
  const extension = programExtension(file) ?? "";
  const command = Object.hasOwn(commands, extension) ? commands[extension] : undefined;
  if (!command) throw new ProgramRefused(file, `there is no command for .${extension} files.`);
  const { command: program, args } = command;
  const digest = createHash("sha256")
    .update(JSON.stringify([program, args, file, text]))
    .digest("hex");
  return { file, command, digest };
}

/** The program's output, as JSON if it is a list or an object. @throws CodeFault if it failed */
function printed(code: Code, { code: status, signal, output, errors }: Program): unknown {
  if (status !== 0) throw new CodeFault(code.file, lineIn(errors, code.file), problemIn(errors, status, signal));
  const text = output.replace(/\r?\n$/, "");
  return structureIn(text) ?? numberIn(text) ?? text;
}

/** Parses a number, because a loss is one. As an input of a node it is the same text. */
function numberIn(text: string): number | null {
  const value = /^-?\d{1,15}(\.\d{1,10})?$/.test(text) ? Number(text) : null;
  return value !== null && String(value) === text ? value : null;
}

function problemIn(errors: string, status: number | null, signal: string | null): string {
  const ended = signal === null ? `it ended with the exit code ${status}` : `it was ended by ${signal}`;
  return lastProblem(errors) || ended;
}
