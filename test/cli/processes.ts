import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { LATE } from "../../scripts/late.mjs";

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** How a command line is run: its options, the folder that it runs in, and all of its environment. */
export interface Call {
  readonly args: readonly string[];
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const ENTRY = join(import.meta.dirname, "../../dist/cli.js");

/** Starts the command line in a process of its own. @param kilobytes the system lets no file grow beyond this */
export function startProcess({ args, folder, env }: Call, kilobytes?: number): Started {
  const command = [process.execPath, ...LATE, ENTRY, ...args];
  const limited = ["bash", "-c", `ulimit -f ${kilobytes}; exec "$@"`, "bash", ...command];
  const [program = "", ...rest] = kilobytes === undefined ? command : limited;
  const child = spawn(program, rest, { cwd: folder, env });
  const { stdout, stderr } = printed(child);
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, stdout: stdout(), stderr: stderr() }));
  return { child, ended };
}

/** Processes that wait for their next call: compiled code is what most of a short call's time goes into. */
const idle: ChildProcess[] = [];

/** Runs the command line to its end in a process that has run others before. */
export async function runResident(call: Call): Promise<Ended> {
  const child = takeIdle() ?? startResident();
  const { stdout, stderr, stop } = printed(child);
  const mark = `\0${randomUUID()}\0`;
  const ended = new Promise<Ended>((resolve) => {
    let code: number | null = null;
    const settle = (signal: NodeJS.Signals | null) => {
      stop();
      child.removeAllListeners();
      const text = (all: string) => all.replace(mark, "");
      resolve({ code, signal, stdout: text(stdout()), stderr: text(stderr()) });
    };
    const whole = () => {
      if (code === null || !stdout().endsWith(mark) || !stderr().endsWith(mark)) return;
      settle(null);
      idle.push(child);
    };
    child.on("message", (message: { readonly code: number }) => {
      code = message.code;
      whole();
    });
    child.stdout?.on("data", whole);
    child.stderr?.on("data", whole);
    child.on("close", (status, signal) => {
      code = status;
      settle(signal);
    });
  });
  child.send({ ...call, mark });
  return ended;
}

/** One that is still there: what a call leaves behind, such as a connection that fails later, can end its process. */
function takeIdle(): ChildProcess | undefined {
  let child = idle.pop();
  while (child && !child.connected) child = idle.pop();
  return child;
}

function startResident(): ChildProcess {
  return spawn(process.execPath, [...LATE, join(import.meta.dirname, "resident.mjs")], {
    stdio: ["pipe", "pipe", "pipe", "ipc"],
  });
}

/** What a process prints from now on. */
function printed({ stdout, stderr }: ChildProcess) {
  const texts = { stdout: "", stderr: "" };
  for (const [name, stream] of [
    ["stdout", stdout],
    ["stderr", stderr],
  ] as const) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
    });
  }
  const stop = () => {
    for (const stream of [stdout, stderr]) stream?.removeAllListeners("data");
  };
  return { stdout: () => texts.stdout, stderr: () => texts.stderr, stop };
}
