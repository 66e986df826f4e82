import { execFile } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir, hostname, uptime } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { LockHolder, Machine } from "../deps.ts";
import type { Memory } from "../models/parameters/learned.ts";
import { makeFolders } from "./files.ts";

/** Milliseconds for which an unreadable lock file counts as being written. */
const BEING_WRITTEN = 10_000;

/** Maximum bytes of a note. */
const LARGEST_NOTE = 65_536;

/** @param folder of this user's secret, which is created on first use */
export function nodeMachine(folder = configFolder()): Machine {
  let secret: Promise<string> | null = null;
  return {
    async sign(text) {
      secret ??= machineSecret(join(folder, "machine"));
      return createHmac("sha256", await secret)
        .update(text)
        .digest("hex");
    },
    async lock(path, note) {
      await makeFolders(dirname(path));
      const mine = JSON.stringify({ ...(await self()), note, since: Date.now() });
      if (!((await create(path, mine)) || (await breakStale(path, mine)))) return null;
      return {
        async release() {
          if ((await textOf(path)) === mine) await rm(path, { force: true });
        },
      };
    },
    holder: liveHolder,
  };
}

/** File of parameters that models refuse. */
export const LEARNED = "learned.json";

/** A text in this user's folder on this machine. @param name of its file */
export function nodeMemory(name: string, folder = configFolder()): Memory {
  const path = join(folder, name);
  return {
    read: () => textOf(path),
    async write(text) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const draft = `${path}.${randomBytes(4).toString("hex")}.tmp`;
      await writeFile(draft, text, { mode: 0o600 });
      await rename(draft, path);
    },
  };
}

/** The folder of this user for settings of this program. */
export function configFolder(): string {
  const base =
    process.platform === "win32"
      ? (process.env.APPDATA ?? join(homedir(), "AppData", "Roaming"))
      : (process.env.XDG_CONFIG_HOME ?? join(homedir(), ".config"));
  return join(base, "agentgraph");
}

/**
 * Creates the secret atomically: a killed process leaves no part of it, and concurrent processes use the first one's.
 * If the home folder can't be written, it lasts for this process, whose runs are then not trusted later.
 */
async function machineSecret(path: string): Promise<string> {
  const known = await textOf(path);
  if (isSecret(known)) return known;
  const fresh = randomBytes(32).toString("hex");
  const draft = `${path}.${fresh.slice(0, 8)}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(draft, fresh, { flag: "wx", mode: 0o600 });
    // Fails if there is one by now. An invalid secret is replaced, because some file systems don't support links.
    await link(draft, path).catch(async () => {
      if (!isSecret(await textOf(path))) await rename(draft, path);
    });
  } catch {
    // Reported by the return value.
  }
  await rm(draft, { force: true }).catch(() => {});
  const made = await textOf(path);
  return isSecret(made) ? made : fresh;
}

function isSecret(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

interface Holding extends LockHolder {
  /** Start time of a process, to distinguish it from a later one with the same id. Empty if unknown. */
  readonly started: string;
}

async function self() {
  return { process: process.pid, host: hostname(), started: await processStart(process.pid) };
}

async function liveHolder(path: string): Promise<LockHolder | null> {
  const holding = parseHolding(await textOf(path));
  if (!holding) return (await age(path)) < BEING_WRITTEN ? UNKNOWN : null;
  if (holding.host !== hostname()) return holding;
  if (!isRunning(holding.process)) return null;
  const started = await processStart(holding.process);
  // By the clock only if nothing better is known, because the clock can be changed.
  const bootedAt = Date.now() - uptime() * 1000;
  const isUnknown = started === "" || !holding.started;
  const isAnother = isUnknown ? holding.since < bootedAt - 1000 : holding.started !== started;
  return isAnother ? null : holding;
}

const UNKNOWN: LockHolder = { note: "", process: 0, host: hostname(), since: 0 };

/** Milliseconds since the file was written; infinite if there is none. */
async function age(path: string): Promise<number> {
  return stat(path).then(
    // Also if the clock was set back.
    ({ mtimeMs }) => Math.abs(Date.now() - mtimeMs),
    () => Number.POSITIVE_INFINITY,
  );
}

function parseHolding(text: string): Holding | null {
  try {
    const { note, process, host, since, started } = JSON.parse(text);
    return { note: String(note), process: Number(process), host: String(host), since: Number(since), started };
  } catch {
    return null;
  }
}

function isRunning(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/**
 * When a process started, in the same words each time; empty if it is gone, and on Windows. Linux: field 22 of
 * `/proc/<id>/stat` (proc(5)); the fields are counted after the name, which may contain spaces. macOS and others: by `ps`.
 */
export async function processStart(id: number, proc = "/proc"): Promise<string> {
  const line = await textOf(`${proc}/${id}/stat`);
  if (line !== "") return line.slice(line.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  return process.platform === "win32" ? "" : startByPs(id);
}

const run = promisify(execFile);

async function startByPs(id: number): Promise<string> {
  const env = { PATH: "/bin:/usr/bin", LC_ALL: "C", TZ: "UTC" };
  return run("ps", ["-o", "lstart=", "-p", String(id)], { env, timeout: 5_000 }).then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
}

/** Breaks a stale lock under a second lock, so that only one process takes it. */
async function breakStale(path: string, mine: string): Promise<boolean> {
  if (await liveHolder(path)) return false;
  const guard = `${path}.breaking`;
  if (!(await create(guard, mine))) {
    if (await liveHolder(guard)) return false;
    await rm(guard, { force: true });
    return breakStale(path, mine);
  }
  try {
    if (await liveHolder(path)) return false;
    await rm(path, { force: true });
    return await create(path, mine);
  } finally {
    await rm(guard, { force: true });
  }
}

/** Returns false if the file exists. */
async function create(path: string, text: string): Promise<boolean> {
  const handle = await open(path, "wx").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EEXIST") return null;
    throw error;
  });
  if (!handle) return false;
  try {
    await handle.writeFile(text);
  } catch (error) {
    // The disk is full: an empty lock would hold others off.
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  return true;
}

/** Empty if there is no such file, or if it is a device or too large. */
async function textOf(path: string): Promise<string> {
  try {
    const found = await stat(path);
    return found.isFile() && found.size <= LARGEST_NOTE ? await readFile(path, "utf8") : "";
  } catch {
    return "";
  }
}
