import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeMachine, processStart } from "../../../src/platform/machine.ts";

const isWindows = process.platform === "win32";
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agentgraph-machine-"));
  path = join(folder, "graph.lock");
});
afterEach(() => rm(folder, { recursive: true }));

describe("lock", () => {
  it("is given to one of many who ask at once, and again after its release", async () => {
    const machine = nodeMachine(folder);
    const locks = (await Promise.all(Array.from({ length: 20 }, () => machine.lock(path, "run")))).filter(
      (lock) => lock !== null,
    );
    expect(locks).toHaveLength(1);
    expect(await machine.holder(path)).toMatchObject({ note: "run", process: process.pid });
    await locks[0]?.release();
    expect(await machine.holder(path)).toBeNull();
    expect(await machine.lock(path, "next")).not.toBeNull();
  });

  it.runIf(process.platform === "linux")("that a full disk can't hold leaves none behind", async () => {
    const disk = join(folder, "disk");
    await mkdir(disk);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]);
    // Only root may mount.
    if (mounted.status !== 0) return;
    try {
      const full = join(disk, "graph.lock");
      const fill = join(disk, "fill");
      await writeFile(fill, Buffer.alloc(2 ** 20)).catch(() => {});
      await expect(nodeMachine(folder).lock(full, "run")).rejects.toMatchObject({ code: "ENOSPC" });
      await rm(fill);
      expect(await nodeMachine(folder).lock(full, "run")).not.toBeNull();
    } finally {
      spawnSync("umount", [disk]);
    }
  });

  it("of a process that is gone is broken, by one alone", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    const left = { process: child.pid, host: hostname(), started: "1", note: "dead", since: Date.now() };
    await writeFile(path, JSON.stringify(left));
    const machine = nodeMachine(folder);
    expect(await machine.holder(path)).toBeNull();
    const locks = await Promise.all(Array.from({ length: 20 }, () => machine.lock(path, "heir")));
    expect(locks.filter((lock) => lock !== null)).toHaveLength(1);
    expect(await machine.holder(path)).toMatchObject({ note: "heir" });
  });

  it.runIf(process.platform === "linux")("of a later process with the same id is broken", async () => {
    const left = { process: process.pid, host: hostname(), started: "1", note: "earlier", since: Date.now() };
    await writeFile(path, JSON.stringify(left));
    expect(await nodeMachine(folder).lock(path, "mine")).not.toBeNull();
  });

  it.skipIf(isWindows)("tells a process from a later one with the same id, also where there is no /proc", async () => {
    const children = [0, 1].map(() => spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"]));
    try {
      const [first] = children;
      const started = await processStart(first!.pid!, folder);
      expect(started).toMatch(/\d\d:\d\d:\d\d \d{4}$/);
      expect(await processStart(first!.pid!, folder)).toBe(started);
      expect(await processStart(1, folder)).not.toBe(started);
      children[1]!.kill("SIGKILL");
      await once(children[1]!, "exit");
      expect(await processStart(children[1]!.pid!, folder)).toBe("");
    } finally {
      for (const child of children) child.kill("SIGKILL");
    }
  });

  it.runIf(process.platform === "linux")("outlives a clock that is set forward, even past the last boot", async () => {
    const machine = nodeMachine(folder);
    await machine.lock(path, "mine");
    const held = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify({ ...held, since: 0 }));
    expect(await machine.holder(path)).toMatchObject({ note: "mine" });
    expect(await machine.lock(path, "theirs")).toBeNull();
  });

  it("of another host is respected, for no one here can ask whether it lives", async () => {
    const left = { process: 1, host: "elsewhere", started: "", note: "theirs", since: Date.now() };
    await writeFile(path, JSON.stringify(left));
    expect(await nodeMachine(folder).lock(path, "mine")).toBeNull();
    expect(await nodeMachine(folder).holder(path)).toMatchObject({ host: "elsewhere", note: "theirs" });
  });

  it("that is being written just now is respected", async () => {
    await writeFile(path, "");
    expect(await nodeMachine(folder).lock(path, "mine")).toBeNull();
  });
});

describe("mark", () => {
  it("is the same for one user's processes and differs elsewhere", async () => {
    const here = await nodeMachine(folder).sign("run");
    expect(await nodeMachine(folder).sign("run")).toBe(here);
    expect(await nodeMachine(join(folder, "other")).sign("run")).not.toBe(here);
    expect(await nodeMachine(folder).sign("another run")).not.toBe(here);
    expect(here).not.toContain((await readFile(join(folder, "machine"), "utf8")).slice(0, 8));
  });

  it("is the same for processes that start at once, and after one that was killed while it made the secret", async () => {
    const marks = await Promise.all(Array.from({ length: 20 }, () => nodeMachine(folder).sign("run")));
    expect(new Set(marks).size).toBe(1);
    const other = join(folder, "other");
    await mkdir(other);
    await writeFile(join(other, "machine"), "");
    expect(await nodeMachine(other).sign("run")).toBe(await nodeMachine(other).sign("run"));
    expect(await readdir(other)).toEqual(["machine"]);
  });
});
