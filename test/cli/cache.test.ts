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
});
