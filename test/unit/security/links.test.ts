import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeFiles } from "../../../src/platform/files.ts";
import { nodeMachine } from "../../../src/platform/machine.ts";
import { nodeDeps } from "../../../src/platform/node.ts";
import { loadTask } from "../../../src/run/load.ts";
import { readLog } from "../../../src/run/record/log.ts";
import { openCache } from "../../../src/run/record/replies.ts";
import { filesOf, lockOf, prepareRunPaths, type RunPaths, runPathsOf } from "../../../src/run/record/run-paths.ts";
import { listRuns, type RunsDeps, recordAct } from "../../../src/run/record/runs.ts";

/** A repository may hold any link or file where the runs are kept. */
const ID = "20260101-000000-000-abcdef";
let outside = "";
let root = "";
let place: RunPaths;
let deps: RunsDeps;

beforeEach(() => {
  outside = realpathSync(mkdtempSync(join(tmpdir(), "agentgraph-links-")));
  root = join(outside, "repository");
  mkdirSync(root);
  place = runPathsOf(root);
  deps = { ...nodeDeps(), files: nodeFiles(), machine: nodeMachine(join(outside, "config")) };
});
afterEach(() => rmSync(outside, { recursive: true, force: true }));

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

function file(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

describe("a link in a run's folder", () => {
  it("gets nothing appended to what it leads to, though the user acts on the run", async () => {
    const profile = file(join(outside, ".bashrc"), "# mine\n");
    const { events } = filesOf(place, ID);
    link(profile, events);
    const act = recordAct(deps, place, ID, { type: "dismissed", proposals: ["$(touch owned)"] });
    await expect(act).rejects.toMatchObject({ name: "UnsafeFile", path: events, reason: "is a link" });
    await expect(deps.files.append(events, "more")).rejects.toThrow();
    expect(readFileSync(profile, "utf8")).toBe("# mine\n");
  });

  it("does not replace what it leads to", async () => {
    const mine = file(join(outside, "mine.json"), "{}");
    const { summary } = filesOf(place, ID);
    link(mine, summary);
    await expect(deps.files.write(summary, "forged")).rejects.toMatchObject({ name: "UnsafeFile" });
    expect(readFileSync(mine, "utf8")).toBe("{}");
  });
});

it.each([".agentgraph", ".agentgraph/runs", ".agentgraph/locks", ".agentgraph/.gitignore"])(
  "%s as a link leads no run out of the repository",
  async (name) => {
    const elsewhere = join(outside, "elsewhere");
    mkdirSync(elsewhere);
    if (name === ".agentgraph/.gitignore") file(join(elsewhere, "x"), "mine");
    link(name === ".agentgraph/.gitignore" ? join(elsewhere, "x") : elsewhere, join(root, name));
    if (name === ".agentgraph/.gitignore") {
      await prepareRunPaths(deps.files, place, root);
      expect(readFileSync(join(elsewhere, "x"), "utf8")).toBe("mine");
    } else {
      await expect(prepareRunPaths(deps.files, place, root)).rejects.toMatchObject({ name: "UnsafeFile" });
      expect(await listRuns(deps, place)).toEqual([]);
    }
  },
);

it("a cache that is a link has nothing of it cleared away to make room", async () => {
  const data = join(outside, "data");
  const large = file(join(data, "large.jsonl"), "{}\n");
  truncateSync(large, 100_000_000);
  link(data, place.cache);
  await expect(openCache(deps.files, deps.machine, place.cache, "new")).rejects.toMatchObject({ name: "UnsafeFile" });
  expect(existsSync(large)).toBe(true);
  await expect(deps.files.remove(join(place.cache, "large.jsonl"))).rejects.toMatchObject({ name: "UnsafeFile" });
  expect(existsSync(large)).toBe(true);
});

it.each(["cache", "locks"] as const)("nor does %s in a folder for runs that the user names", async (part) => {
  const elsewhere = join(outside, "elsewhere");
  mkdirSync(elsewhere);
  const named = runPathsOf(root, join(root, "runs"));
  link(elsewhere, named[part]);
  const opened = prepareRunPaths(deps.files, named, root).then(() =>
    openCache(deps.files, deps.machine, named.cache, "new"),
  );
  await expect(opened).rejects.toMatchObject({ name: "UnsafeFile" });
});

it("a segment of the cache that is a link is not read, and the run goes on", async () => {
  link("/dev/zero", join(place.cache, "endless.jsonl"));
  expect((await openCache(deps.files, deps.machine, place.cache, "new")).segments).toEqual([]);
});

describe.skipIf(process.platform === "win32")("what never ends is not read", () => {
  it("as a file of a run, a lock, a graph or a text", async () => {
    for (const path of Object.values(filesOf(place, ID)).filter((one) => /\.json/.test(one))) link("/dev/zero", path);
    expect(await listRuns(deps, place)).toEqual([]);
    const lock = lockOf(place, "g.agentgraph.json");
    link("/dev/zero", lock);
    expect(await deps.machine.holder(lock)).toBeNull();
    const device = join(root, "device.agentgraph.json");
    link("/dev/zero", device);
    await expect(deps.files.read(device)).rejects.toMatchObject({ reason: "is not a regular file" });
    const { faults } = await loadTask(device, deps);
    expect(faults).toMatchObject([{ code: "no-such-file", message: "device.agentgraph.json is not a regular file." }]);
    const socket = join(root, "socket.md");
    const server = createServer().listen(socket);
    await once(server, "listening");
    await expect(deps.files.read(socket)).rejects.toMatchObject({ reason: "is not a regular file" });
    server.close();
  });

  it("nor what is larger than memory", async () => {
    const giant = file(filesOf(place, ID).summary, "");
    truncateSync(giant, 3 * 2 ** 30);
    await expect(deps.files.read(giant)).rejects.toMatchObject({ reason: "is too large" });
    file(filesOf(place, ID).start, "{}");
    const graph = file(join(root, "giant.agentgraph.json"), "");
    truncateSync(graph, 2 ** 29);
    const { faults } = await loadTask(graph, deps);
    expect(faults).toMatchObject([{ code: "no-such-file", message: expect.stringContaining("too large") }]);
    expect(await listRuns(deps, place)).toEqual([]);
  });

  it("nor one line of a log without an end", async () => {
    const { events } = filesOf(place, ID);
    file(events, '{"type":"started"');
    truncateSync(events, 300 * 2 ** 20);
    writeFileSync(events, "\n", { flag: "a" });
    const seen: unknown[] = [];
    const { damaged } = await readLog(deps, events, ID, (event) => seen.push(event));
    expect({ damaged, seen }).toEqual({ damaged: 1, seen: [] });
  });
});
