import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Files } from "../../deps.ts";
import type { StoredReply } from "../../models/stack/store.ts";
import { codeOf } from "./jsonl.ts";
import { type RunReplies, readTeamLine } from "./replies.ts";

/** Where a team keeps its replies, as lines of JSON. Readers trust only lines that are signed with the team's key. */
export interface TeamStore {
  /** Every line that is there. */
  lines(): AsyncGenerator<string>;
  /** Adds lines. @param name names them, the same for the same lines */
  add(name: string, lines: readonly string[]): Promise<void>;
}

export interface Pushed {
  readonly added: number;
  readonly known: number;
}

/**
 * Adds the shared replies of this machine that the team does not have.
 * @param teamKey signs them; null: they are not signed, and others check a sample before they use them
 */
export async function pushReplies(replies: RunReplies, store: TeamStore, teamKey: string | null): Promise<Pushed> {
  const there = new Set<string>();
  // A line that nobody trusts keeps no reply away.
  for await (const line of store.lines()) there.add(readTeamLine(line, teamKey)?.key ?? "");
  const lines: string[] = [];
  let known = 0;
  for (const { key, line } of replies.sharedLines(teamKey)) {
    if (there.has(key)) known++;
    else lines.push(line);
  }
  lines.sort();
  const name = createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 16);
  if (lines.length > 0) await store.add(name, lines);
  return { added: lines.length, known };
}

export interface Pulled {
  readonly added: number;
  readonly known: number;
  /** Not signed by the team's key, or changed. */
  readonly refused: number;
}

/** Takes the team's replies into the shared ones of this machine. */
export async function pullReplies(replies: RunReplies, store: TeamStore, teamKey: string): Promise<Pulled> {
  const counts = { new: 0, known: 0 };
  let refused = 0;
  for await (const line of store.lines()) {
    const read = readTeamLine(line, teamKey);
    if (read) counts[await replies.take(read.key, read.reply)]++;
    else refused++;
  }
  await replies.flushed();
  return { added: counts.new, known: counts.known, refused };
}

/** All replies of a store, from anyone. They must be checked before they are used. */
export async function readUntrusted(
  store: TeamStore,
): Promise<{ readonly pack: ReadonlyMap<string, StoredReply>; readonly unreadable: number }> {
  const pack = new Map<string, StoredReply>();
  let unreadable = 0;
  for await (const line of store.lines()) {
    const read = readTeamLine(line, null);
    if (read) pack.set(read.key, read.reply);
    else unreadable++;
  }
  return { pack, unreadable };
}

const FILE = /^replies-[0-9a-f]{16}\.jsonl$/;

export function fileNameOf(name: string): string {
  return `replies-${name}.jsonl`;
}

/** A folder that the team shares: a file for each push. */
export function folderStore(files: Files, folder: string): TeamStore {
  return {
    async *lines() {
      const names = await files.list(folder).catch((error: unknown) => {
        if (codeOf(error) === "ENOENT") return [];
        throw error;
      });
      for (const name of names.filter((each) => FILE.test(each)).sort()) {
        yield* linesIn(new TextDecoder().decode(await files.read(join(folder, name))));
      }
    },
    async add(name, lines) {
      await files.makeFolder(folder);
      await files.write(join(folder, fileNameOf(name)), lines.map((line) => `${line}\n`).join(""));
    },
  };
}

export function linesIn(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}
