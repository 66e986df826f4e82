import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { hasRedis } from "../server/install-redis.ts";
import { startRedis } from "../server/redis.ts";
import { type Bench, KEY, open } from "./cli.ts";

/** Replies that a team shares: one machine pays, another replays. */

const TEAM = { AGENTGRAPH_TEAM_KEY: "a key of this test's team" };

async function folderOf(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "agentgraph-team-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const cache = (one: Bench, direction: string, place: string, env: Record<string, string> = TEAM) =>
  one.within(env, "cache", direction, place);

/** Another machine has another home, and so another signature. It asks the same server. */
const evaluate = (one: Bench, url: string) =>
  one.within({ AGENTGRAPH_API_KEY: KEY }, "evaluate", one.graph, "--base-url", url, "--model", "simulated", "--json");

describe("replies of a team", () => {
  it.each(["folder", "git", ...(hasRedis() ? ["redis"] : [])])("in a %s are paid for once", async (kind) => {
    const [ci, laptop] = [await open(), await open()];
    const folder = await folderOf();
    const git = (cwd: string, ...args: string[]) => spawnSync("git", ["-C", cwd, ...args]).stdout.toString();
    if (kind === "git") {
      git(folder, "init", "--bare", "--quiet");
      for (const one of [ci, laptop]) {
        git(one.folder, "init", "--quiet");
        git(one.folder, "remote", "add", "origin", folder);
        git(one.folder, "config", "user.name", "Test");
        git(one.folder, "config", "user.email", "test@example.invalid");
      }
    }
    const server = kind === "redis" ? await startRedis() : null;
    if (server) onTestFinished(server.close);
    const place = { folder, git: "git:agentgraph-replies", redis: server?.url ?? "" }[kind] ?? "";
    const paid = await evaluate(ci, ci.server.url);
    expect(paid.code, paid.stderr).toBe(0);
    const asked = ci.server.requests();
    const pushed = await cache(ci, "push", place);
    expect(pushed.stdout, pushed.stderr).toMatch(/^\d+ replies pushed, 0 known already/);
    expect((await cache(ci, "push", place)).stdout).toMatch(/^0 replies pushed, [1-9]/);
    const pulled = await cache(laptop, "pull", place);
    expect(pulled.stdout, pulled.stderr).toMatch(/^[1-9]\d* replies pulled/);
    const replayed = await evaluate(laptop, ci.server.url);
    expect(replayed.code, replayed.stderr).toBe(0);
    expect(ci.server.requests()).toBe(asked);
    expect(JSON.parse(replayed.stdout).score).toEqual(JSON.parse(paid.stdout).score);
    if (kind === "git") expect(git(ci.folder, "status", "--porcelain")).not.toMatch(/replies/);
  });

  it("that were changed, or signed by others, are ignored and counted", async () => {
    const [ci, laptop] = [await open(), await open()];
    const folder = await folderOf();
    await evaluate(ci, ci.server.url);
    await cache(ci, "push", folder);
    const [name = ""] = await readdir(folder);
    const lines = (await readFile(join(folder, name), "utf8")).trim().split("\n");
    const forged = lines.map((line) => line.replace(/"text":"/, '"text":"forged '));
    await writeFile(join(folder, name), [...forged, "{", ""].join("\n"));
    const none = await cache(laptop, "pull", await folderOf());
    expect(none.stderr).toMatch(/There are no replies at/);
    const pulled = await cache(laptop, "pull", folder);
    expect(pulled.stdout).toMatch(/^0 replies pulled/);
    expect(pulled.stderr).toContain(`${lines.length + 1} replies were not signed`);
    await writeFile(join(folder, name), lines.join("\n"));
    const others = await cache(laptop, "pull", folder, { AGENTGRAPH_TEAM_KEY: "the key of another team" });
    expect(others.stdout).toMatch(/^0 replies pulled/);
    expect(await cache(laptop, "pull", folder, {})).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/AGENTGRAPH_TEAM_KEY/),
    });
    expect((await cache(laptop, "pull", folder)).stdout).toMatch(/^[1-9]\d* replies pulled/);
  });

  it("without a key are taken once a sample was asked again, from a folder, git and Redis alike; a changed one drops them all", async () => {
    const ci = await open();
    const [folder, bare] = [await folderOf(), await folderOf()];
    const git = (cwd: string, ...args: string[]) => spawnSync("git", ["-C", cwd, ...args]);
    git(bare, "init", "--bare", "--quiet");
    const withGit = (one: Bench) => {
      git(one.folder, "init", "--quiet");
      git(one.folder, "remote", "add", "origin", bare);
      git(one.folder, "config", "user.name", "Test");
      git(one.folder, "config", "user.email", "test@example.invalid");
    };
    withGit(ci);
    const server = hasRedis() ? await startRedis() : null;
    if (server) onTestFinished(server.close);
    const places = [folder, "git:agentgraph-replies", ...(server ? [server.url] : [])];
    expect((await evaluate(ci, ci.server.url)).code).toBe(0);
    for (const place of places) expect((await cache(ci, "push", place, {})).stderr).toMatch(/not signed/);

    const pull = async (place: string) => {
      const laptop = await open();
      if (place.startsWith("git:")) withGit(laptop);
      const online = ["--base-url", ci.server.url, "--model", "simulated", "--json"];
      const options = ["--check", laptop.graph, "--check-sample", "6", ...online];
      const pulled = (...more: string[]) =>
        laptop.within({ AGENTGRAPH_API_KEY: KEY }, "cache", "pull", place, ...options, ...more);
      return { laptop, pulled };
    };
    for (const place of places) {
      const { laptop, pulled } = await pull(place);
      const before = ci.server.requests();
      if (place === folder) {
        expect(await pulled()).toMatchObject({ code: 2, stderr: expect.stringMatching(/12 calls.*\n.*add --yes/s) });
        expect(ci.server.requests()).toBe(before);
      }
      const { code, stdout, stderr } = await pulled("--yes");
      expect(code, stderr).toBe(0);
      const { added, check } = JSON.parse(stdout);
      expect(check).toMatchObject({ sample: 6, same: 6, asked: 12, mismatch: null, mostDifferent: 0.4 });
      expect(added).toBeGreaterThan(6);
      expect(ci.server.requests() - before).toBe(12);
      if (place !== folder) continue;
      expect((await evaluate(laptop, ci.server.url)).code).toBe(0);
      expect(ci.server.requests() - before).toBe(12);
    }

    const [name = ""] = await readdir(folder);
    const lines = (await readFile(join(folder, name), "utf8")).trim().split("\n");
    await writeFile(join(folder, name), lines.map((line) => line.replace(/"text":"/, '"text":"forged ')).join("\n"));
    const { laptop, pulled } = await pull(folder);
    const refused = await pulled("--yes");
    expect(refused.code).toBe(4);
    expect(refused.stderr).toMatch(/19 answers of node \w+ agree, and the reply in the cache is different: “forged/);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      added: 0,
      check: { mismatch: { pulled: expect.stringMatching(/^forged/) } },
    });
    expect([...(await laptop.files()).keys()].filter((path) => /\.agentgraph.*cache.*jsonl$/.test(path))).toEqual([]);
  });
});
