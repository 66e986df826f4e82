import { execFileSync } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Model, ModelReply } from "../../src/models/model.ts";
import { createSimulated } from "../../src/models/simulated/simulated.ts";
import { type Server, type ServerOptions, startServer } from "../server/server.ts";
import { type Ended, runResident, type Started, startProcess } from "./processes.ts";

export type { Ended, Started };

const root = join(import.meta.dirname, "../..");
export const KEY = "sk-canary-5f1c9a7e";
/** No process there can send another a signal but one that kills it, and there is no `bash` to rely on. */
export const isWindows = process.platform === "win32";

/** A folder with a copy of an example and a home of its own, and a server on this computer. */
export interface Bench {
  readonly folder: string;
  readonly graph: string;
  readonly server: Server;
  /** Runs the command line there to its end; the server's address and key come with `online`. */
  run(...args: string[]): Promise<Ended>;
  online(...args: string[]): Promise<Ended>;
  /** The same with the key alone: for other addresses and models. */
  keyed(...args: string[]): Promise<Ended>;
  /** With no key and no address but what these variables of the environment say. */
  within(env: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended>;
  /** With the key, but another server's address. */
  against(url: string, ...args: string[]): Promise<Ended>;
  /** The same as `within` in a process of its own, without waiting: for signals, and for variables that Node reads. */
  launch(env: Readonly<Record<string, string>>, ...args: string[]): Started;
  /** The same as `online` in a process of its own, without waiting. */
  start(...args: string[]): Started;
  /** The same as `online` where the system lets no file grow beyond this many KB, as on a full disk. */
  withFileLimit(kilobytes: number, ...args: string[]): Promise<Ended>;
  /** Every file under the folder and the home, by path. */
  files(): Promise<Map<string, string>>;
  close(): Promise<void>;
}

/** Opens benches that are closed after the test. */
export async function open(...options: Parameters<typeof openBench>): Promise<Bench> {
  const bench = await openBench(...options);
  onTestFinished(bench.close);
  return bench;
}

/** Rows of each set: a run makes half the calls that it makes with all of an example's, and still improves. */
const ROWS = 10;

export interface BenchOptions extends Partial<ServerOptions> {
  /** Rows of each set of the example. Default: 10. */
  readonly rows?: number | "all";
}

export async function openBench({ rows = ROWS, ...options }: BenchOptions = {}, example = "chain"): Promise<Bench> {
  const home = await mkdtemp(join(tmpdir(), "agentgraph-cli-"));
  const folder = join(home, "work");
  await cp(join(root, "examples", example), folder, {
    recursive: true,
    filter: (source) => !/\.agentgraph([\\/]|$)/.test(source),
  });
  if (rows !== "all") await shorten(join(folder, "data"), rows);
  const server = await startServer({ model: createSimulated(), key: KEY, ...options });
  const online = ["--base-url", server.url, "--model", "simulated"];
  const call = (args: readonly string[], key: string, more: Readonly<Record<string, string>> = {}) => ({
    args,
    folder,
    env: {
      ...more,
      PATH: process.env.PATH,
      HOME: home,
      XDG_CONFIG_HOME: join(home, "config"),
      // The same on Windows.
      USERPROFILE: home,
      APPDATA: join(home, "config"),
      NO_COLOR: "1",
      ...(key && { AGENTGRAPH_API_KEY: key }),
    },
  });
  return {
    folder,
    graph: `${example}.agentgraph.json`,
    server,
    run: (...args) => runResident(call(args, "")),
    online: (...args) => runResident(call([...args, ...online], KEY)),
    keyed: (...args) => runResident(call(args, KEY)),
    within: (env, ...args) => runResident(call(args, "", env)),
    against: (url, ...args) => runResident(call([...args, "--base-url", url], KEY)),
    launch: (env, ...args) => startProcess(call(args, "", env)),
    start: (...args) => startProcess(call([...args, ...online], KEY)),
    withFileLimit: (kilobytes, ...args) => startProcess(call([...args, ...online], KEY), kilobytes).ended,
    files: () => filesUnder(home),
    close: async () => {
      await server.close();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function shorten(folder: string, rows: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const lines = (await readFile(join(folder, name), "utf8")).split("\n");
    await writeFile(join(folder, name), `${lines.slice(0, rows).join("\n")}\n`);
  }
}

async function filesUnder(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path, "utf8")] as const)));
}

/** Runs git in the folder of a bench, with a name to commit by. Returns what it prints. */
export function gitOf({ folder }: Pick<Bench, "folder">): (...args: string[]) => string {
  return (...args) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args], { cwd: folder, encoding: "utf8" });
}

/** A model that answers as the simulated one does, but for what `change` makes of its text. */
export function altered(change: (text: string) => string): Model {
  const inner = createSimulated();
  return {
    identity: inner.identity,
    async complete(request, signal): Promise<ModelReply> {
      const reply = await inner.complete(request, signal);
      return { ...reply, text: change(reply.text) };
    },
  };
}

/** Resolves when the server has been asked this often, or the process has ended. */
export async function asked(server: Server, requests: number, { child }: Started): Promise<void> {
  while (server.requests() < requests && child.exitCode === null) await new Promise((next) => setTimeout(next, 1));
}
