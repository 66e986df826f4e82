import { createHash } from "node:crypto";
import { type Code, ProgramRefused, type Sandbox } from "../../deps.ts";
import type { Task } from "../../engine/task.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { plain } from "../../i18n/plain-text.ts";
import { commandLine, type ProgramCommands, readCommandFile } from "../../platform/programs/commands.ts";
import { describeIsolation } from "../../platform/programs/isolation.ts";
import { here, programSandbox, type RunnableFile, runnable } from "../../platform/programs/program-sandbox.ts";
import { programFilesOf } from "../../run/program-files.ts";
import { readUserFile } from "../arguments/option-file.ts";
import type { ModelOptions } from "../arguments/options.ts";
import { canAsk, confirm } from "../ask.ts";
import type { Cli } from "../cli.ts";
import { UsageError } from "../errors.ts";

/** The user's own file; a graph file can't name one. */
const DEFAULT_FILE = "code.json";

/** Number of characters of the hash that the user types. */
const HASH = 32;

/**
 * The sandbox, with the user's commands for files in other languages, after the user has confirmed what runs.
 * @throws UsageError, Cancelled
 */
export async function confirmedPrograms(
  cli: Cli,
  task: Pick<Task, "graph" | "loss" | "losses">,
  options: Pick<ModelOptions, "codeCommands" | "trustCode" | "codeTimeout">,
  sandbox: Sandbox,
): Promise<Sandbox> {
  const { files, runsModelCode } = programFilesOf(task);
  if (files.length === 0) return sandbox;
  const commands = await commandsOf(files, options, cli);
  const runnables = files.map((file) => runnableOf(file, commands));
  const hash = hashOf(runnables);
  if (options.trustCode !== hash) await ask(cli, runnables, runsModelCode, hash, options.trustCode);
  const confirmed = new Set(runnables.map(({ digest }) => digest));
  return programSandbox(sandbox, {
    commands: () => commands,
    isConfirmed: (digest) => confirmed.has(digest),
    time: options.codeTimeout,
  });
}

async function commandsOf(
  files: readonly Code[],
  { codeCommands: given }: Pick<ModelOptions, "codeCommands">,
  { deps }: Cli,
): Promise<ProgramCommands> {
  const { path, text } = await readUserFile(given, DEFAULT_FILE, "--code-commands", deps.files);
  if (text === null) {
    const list = files.map(({ file }) => plain(file)).join(", ");
    throw new UsageError(
      `The graph runs code that the sandbox can't run (${list}). Name a file with your commands for it with --code-commands, or create ${path}.`,
    );
  }
  try {
    return readCommandFile(text);
  } catch (error) {
    throw new UsageError(`${plain(path)} can't be used: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function runnableOf(code: Code, commands: ProgramCommands): RunnableFile {
  try {
    return runnable(code, commands);
  } catch (error) {
    throw error instanceof ProgramRefused ? new UsageError(`The graph can't run: ${plain(error.message)}`) : error;
  }
}

/** Hash of all files with their commands: it changes with any of them. */
function hashOf(runnables: readonly RunnableFile[]): string {
  const digests = runnables.map(({ digest }) => digest).sort();
  return createHash("sha256").update(digests.join("\n")).digest("hex").slice(0, HASH);
}

async function ask(
  cli: Cli,
  runnables: readonly RunnableFile[],
  runsModelCode: boolean,
  hash: string,
  given: string | undefined,
): Promise<void> {
  if (given !== undefined) {
    const list = runnables.map(({ file }) => plain(file)).join(", ");
    throw new UsageError(
      `The hash of --trust-code is not that of ${list}: it is ${hash}. Read the files, then use that hash.`,
    );
  }
  const lines = [
    "This graph runs code on this computer, outside the sandbox:",
    ...runnables.map(({ file, command }) => `  ${plain(file)} with ${plain(commandLine(command))}`),
    runsModelCode
      ? "It also runs code that models write during the run. No one has read that code before it runs."
      : "",
    describeIsolation(await here(), ENGLISH.t),
  ].filter(Boolean);
  if (!canAsk(cli)) {
    throw new UsageError([...lines, `To run it, read the files, then add --trust-code ${hash}`].join("\n"));
  }
  for (const line of lines) cli.output.info(line);
  await confirm("Run it?", cli);
}
