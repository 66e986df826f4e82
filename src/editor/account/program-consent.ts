import type { Memento } from "vscode";
import { type Code, ProgramRefused } from "../../deps.ts";
import type { Task } from "../../engine/task.ts";
import type { ProgramCommands } from "../../platform/programs/commands.ts";
import { type RunnableFile, runnable } from "../../platform/programs/program-sandbox.ts";
import { type ProgramFiles, programFilesOf } from "../../run/program-files.ts";

const DIGESTS = "agentgraph.confirmedPrograms";

/** Maximum number of remembered digests. */
const MOST = 1_000;

/** A question to the user. */
export interface ProgramQuestion extends Pick<ProgramFiles, "runsModelCode"> {
  /** Files that were not confirmed before; all files if only code by models is new. */
  readonly files: readonly RunnableFile[];
}

export interface ConsentOptions {
  /** Memory of this machine, for all workspaces: no repository can write it. */
  readonly everywhere: Pick<Memento, "get" | "update">;
  readonly commands: () => ProgramCommands;
  /** Rejects if the user refuses. */
  readonly ask: (question: ProgramQuestion) => Promise<void>;
  /** Throws an error, because no command runs this file. */
  readonly refuse: (file: string) => never;
}

/** Remembers which files of graphs the user allows to run with commands of the settings, by content. */
export class ProgramConsent {
  constructor(private readonly options: ConsentOptions) {}

  /** Whether the user has confirmed this content. */
  isConfirmed(digest: string): boolean {
    return this.#digests().includes(digest);
  }

  /** Asks once per content of a file, and for each run that runs code by models. Rejects like `ask`. */
  async confirm(task: Pick<Task, "graph" | "loss" | "losses">): Promise<void> {
    const { files, runsModelCode } = programFilesOf(task);
    if (files.length === 0) return;
    const runnables = files.map((code) => this.#runnable(code));
    const fresh = runnables.filter(({ digest }) => !this.isConfirmed(digest));
    if (fresh.length === 0 && !runsModelCode) return;
    await this.options.ask({ files: fresh.length > 0 ? fresh : runnables, runsModelCode });
    const kept = [...new Set([...this.#digests(), ...runnables.map(({ digest }) => digest)])].slice(-MOST);
    await this.options.everywhere.update(DIGESTS, kept);
  }

  #runnable(code: Code): RunnableFile {
    try {
      return runnable(code, this.options.commands());
    } catch (error) {
      if (error instanceof ProgramRefused) this.options.refuse(code.file);
      throw error;
    }
  }

  #digests(): readonly string[] {
    return this.options.everywhere.get<string[]>(DIGESTS, []);
  }
}
