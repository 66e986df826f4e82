import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Code, CodeFault, CodeLimit, type Program } from "../../deps.ts";
import type { ProgramCommand } from "./commands.ts";
import type { Isolation } from "./isolation.ts";

/** Maximum characters of standard output, and of the end of standard error. */
const LONGEST = { output: 1_000_000, errors: 10_000 } as const;

/** Maximum bytes of a file that a program writes. */
const FILE = 64 * 2 ** 20;

/** Milliseconds for pipes to close after all processes have ended. */
const CLOSING = 1_000;

/** Environment variables that a program gets; no others. */
const ENVIRONMENT = ["PATH", "LANG", "LC_ALL", "SystemRoot", "PATHEXT"];

export interface ProgramRun {
  readonly code: Code;
  /** Input as JSON. */
  readonly input: string;
  readonly command: ProgramCommand;
  /** Time limit in milliseconds. */
  readonly time: number;
  readonly isolation: Isolation;
}

/**
 * Runs a program in a temporary folder, and in a process group that is ended with the program.
 * @throws CodeFault, CodeLimit
 */
export async function runProgram(run: ProgramRun): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), "agentgraph-code-"));
  try {
    for (const { file, text } of filesOf(run.code)) await writeFile(join(folder, file), text, { mode: 0o600 });
    return await started(run, folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }
}

/** The program and its modules, next to each other. @throws CodeFault if two have the same name */
function filesOf(code: Code): readonly { readonly file: string; readonly text: string }[] {
  const files = [code, ...(code.modules ?? [])].map(({ file, text }) => ({ file: basename(file), text }));
  const names = files.map(({ file }) => file.toLowerCase());
  const twice = files.find(({ file }, at) => names.indexOf(file.toLowerCase()) < at);
  if (twice) throw new CodeFault(twice.file, null, "another file of the program has this name");
  return files;
}

/** Programs in progress, so that none outlives this process. */
const underWay = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of underWay) end(child);
});

function started({ code, input, command, time, isolation }: ProgramRun, folder: string): Promise<Program> {
  const [program = "", ...words] = wordsOf(command, join(folder, basename(code.file)), time, isolation);
  const env = Object.fromEntries(ENVIRONMENT.map((name) => [name, process.env[name]]));
  const child = spawn(program, words, {
    cwd: folder,
    env: { ...env, HOME: folder, TMPDIR: folder, TEMP: folder, TMP: folder },
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  underWay.add(child);
  return new Promise<Program>((resolve, reject) => {
    let [output, errors] = ["", ""];
    let failure: Error | null = null;
    const stop = (error: Error) => {
      failure ??= error;
      end(child);
    };
    const late = setTimeout(() => stop(new CodeLimit(code.file, "time", time)), time);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.length <= LONGEST.output) return;
      output = "";
      stop(new CodeFault(code.file, null, `the result has more than ${LONGEST.output} characters`));
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors = (errors + text).slice(-LONGEST.errors);
    });
    // A program doesn't have to read its input.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    child.once("error", (error) => {
      failure ??= new CodeFault(code.file, null, `${command.command} can't be started: ${error.message}`);
      settle(null, null);
    });
    child.once("exit", (status, signal) => {
      // Processes that it started can keep its pipes open, and continue unless they are ended now.
      end(child);
      const settled = () => settle(status, signal);
      const closing = setTimeout(settled, CLOSING);
      child.once("close", () => {
        clearTimeout(closing);
        settled();
      });
    });

    function settle(status: number | null, signal: string | null): void {
      clearTimeout(late);
      underWay.delete(child);
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
      const limit = failure ?? limitIn(code, { code: status, signal, output, errors }, command, time);
      if (limit) reject(limit);
      else resolve({ code: status, signal, output, errors });
    }
  });
}

/** The command line: limits, the user's command, and the file. */
function wordsOf(
  { command, args, memory }: ProgramCommand,
  file: string,
  time: number,
  { prefix }: Isolation,
): string[] {
  const own = [command, ...args, file];
  if (process.platform === "win32") return own;
  const limits = [
    "ulimit -c 0",
    `ulimit -t ${Math.ceil(time / 1000) + 1}`,
    // Not on macOS, which refuses it.
    `ulimit -v ${memory * 1024} 2>/dev/null`,
    // Blocks of 512 bytes.
    `ulimit -f ${FILE / 512}`,
  ];
  return [...prefix, "/bin/sh", "-c", `${limits.join("; ")}; exec "$@"`, "sh", ...own];
}

/** Ends the whole process group. */
function end(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  if (process.platform === "win32") {
    execFile("taskkill", ["/pid", String(pid), "/t", "/f"], () => {});
    return;
  }
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group has already ended.
  }
}

/** The limit that a program reached, by how it ended. */
function limitIn({ file }: Code, { code, signal, errors }: Program, { memory }: ProgramCommand, time: number) {
  if (signal === "SIGXCPU" || code === 128 + 24) return new CodeLimit(file, "time", time);
  const said = errors.trimEnd().split("\n").at(-1) ?? "";
  const isFull = code !== 0 && /^MemoryError|out of memory|cannot allocate memory|NoMemoryError|bad_alloc/i.test(said);
  return isFull ? new CodeLimit(file, "memory", memory * 2 ** 20) : null;
}
