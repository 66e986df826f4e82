import { readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createSimulated } from "../../src/models/simulated/simulated.ts";
import { hasRedis } from "../server/install-redis.ts";
import { type RedisServer, startRedis } from "../server/redis.ts";
import { AUTHORITY } from "../server/tls.ts";
import { asked, type Bench, type Ended, KEY, open, type Started } from "./cli.ts";
import { orderModel, orders } from "./order-model.ts";

/** Several machines: worker processes on one Redis, which are killed, cut off and restarted. */

const SECRET = { AGENTGRAPH_QUEUE_SECRET: "a secret of this test" };
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function redis(): Promise<RedisServer> {
  const server = await startRedis();
  onTestFinished(server.close);
  return server;
}

/** Whether something listens there. */
function isOpen(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    const end = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once("connect", () => end(true)).once("error", () => end(false));
  });
}

/** A worker that knows the key; the runs do not. */
async function worker(
  one: Bench,
  queue: string,
  more: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Started> {
  const args = [
    "worker",
    "--queue",
    queue,
    "--base-url",
    one.server.url,
    "--concurrency",
    "4",
    "--takeover",
    "8",
    ...more,
  ];
  const started = one.launch({ ...SECRET, ...env, AGENTGRAPH_API_KEY: KEY }, ...args);
  onTestFinished(() => void started.child.kill("SIGKILL"));
  await new Promise<void>((resolve, reject) => {
    let said = "";
    started.child.stderr?.on("data", (text: string) => {
      said += text;
      if (said.includes("Answering requests")) resolve();
    });
    started.child.once("exit", () => reject(new Error(said)));
  });
  return started;
}

/** The scores and texts of a run, whatever machine answered. */
function resultOf({ stdout, stderr }: Ended) {
  const { proposals, validation, test, status, version } = JSON.parse(stdout || `{"status":${JSON.stringify(stderr)}}`);
  return {
    version,
    status,
    validation,
    test,
    proposals: proposals?.map(({ node, text }: { node: string; text: string }) => [node, text]),
  };
}

const asking = (one: Bench, queue: string) => [
  "--base-url",
  one.server.url,
  "--model",
  "simulated",
  "--queue",
  queue,
  "--json",
];

describe.skipIf(!hasRedis())("several machines", () => {
  it("come to the result of one, send each request once, and keep key and prompts to themselves", async () => {
    const alone = await open({ latency: 5 });
    const expected = resultOf(await alone.online("optimize", alone.graph, "--json"));
    const one = await open({ latency: 5 });
    const { url, written } = await redis();
    await Promise.all([worker(one, url), worker(one, url)]);
    const args = ["optimize", one.graph, ...asking(one, url)];
    const ended = await one.within(SECRET, ...args);
    expect(ended.code, ended.stderr).toBe(0);
    expect(resultOf(ended)).toEqual(expected);
    expect(one.server.requests()).toBe(alone.server.requests());
    const all = await written();
    expect(all).toMatch(/box/);
    for (const secret of [KEY, SECRET.AGENTGRAPH_QUEUE_SECRET, "messages", "role", "instruction"])
      expect(all).not.toContain(secret);
    // Another run of the same graph, with no cache of its own: its requests are the same jobs.
    const again = await one.within(SECRET, ...args, "--runs-dir", "elsewhere");
    expect(resultOf(again)).toEqual(expected);
    expect(one.server.requests()).toBe(alone.server.requests());
    // Each says what it counts that others paid for.
    expect(ended.stdout).not.toContain("shared requests");
    const said = await one.within(SECRET, "runs", "--runs-dir", "elsewhere", "--json");
    const [{ id }] = JSON.parse(said.stdout).runs;
    const report = await one.within(SECRET, "report", id, "--runs-dir", "elsewhere", "--format", "markdown");
    expect(report.stdout).toMatch(/had already asked for [1-9]\d* calls.*each run counts their cost/);
  });

  it("lose workers by kill -9 and Redis by a restart, at random: the result is the same, and nothing is paid twice but what a killed worker had under way", async () => {
    const alone = await open({ latency: 5 });
    const expected = resultOf(await alone.online("optimize", alone.graph, "--json"));
    const one = await open({ latency: [20, 120] });
    const server = await redis();
    const workers = await Promise.all([worker(one, server.url), worker(one, server.url)]);
    const run = one.launch(SECRET, "optimize", one.graph, ...asking(one, server.url));
    let kills = 0;
    for (const accident of ["worker", "redis", "worker"] as const) {
      // At a random moment of the run, however fast it is.
      const more = Math.ceil(alone.server.requests() * (0.1 + 0.15 * Math.random()));
      await asked(one.server, one.server.requests() + more, run);
      if (run.child.exitCode !== null) break;
      if (accident === "redis") await server.restart(500);
      else {
        const index = kills++ % 2;
        workers[index]?.child.kill("SIGKILL");
        workers[index] = await worker(one, server.url);
      }
    }
    const ended = await run.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(resultOf(ended)).toEqual(expected);
    expect(kills).toBeGreaterThan(0);
    const extra = one.server.requests() - alone.server.requests();
    expect(extra).toBeGreaterThanOrEqual(0);
    // What a killed worker had under way: at most four each.
    expect(extra).toBeLessThanOrEqual(4 * kills);
  });

  it("report errors of a worker as on one machine, reject another secret, and wait for a worker", async () => {
    const one = await open({ key: "another key" });
    const { url } = await redis();
    await worker(one, url);
    const refused = await one.within(SECRET, "evaluate", one.graph, ...asking(one, url));
    expect(refused).toMatchObject({ code: 4, stdout: expect.stringMatching(/rejected the API key/) });
    const none = one.launch(
      { AGENTGRAPH_QUEUE_SECRET: "quite another secret" },
      "evaluate",
      one.graph,
      ...asking(one, url).slice(0, -1),
    );
    let said = "";
    none.child.stderr?.on("data", (text: string) => {
      said += text;
    });
    for (let wait = 0; wait < 1_000 && !said.includes("Waiting for a worker"); wait++) await sleep(100);
    none.child.kill("SIGINT");
    expect((await none.ended).stderr).toMatch(/Waiting for a worker of 127\.0\.0\.1/);
  });

  it("run functions, scripts and tools where a worker allows it, with the result of one machine, and say who does what", async () => {
    const one = await open({ model: orderModel });
    const log = join(one.folder, "..", "calls.txt");
    const tools = join(one.folder, "..", "tools.json");
    const server = { command: process.execPath, args: [join(import.meta.dirname, "../server/sum-tool.mjs"), log] };
    await writeFile(tools, JSON.stringify({ mcpServers: { shop: server } }));
    await writeFile(
      join(one.folder, "score.js"),
      "export default ({ target, answer }) => (answer === target + '!' ? 0 : 1)",
    );
    const graph = {
      version: 1,
      inputs: { order: "what a customer wrote" },
      nodes: {
        items: { inputs: ["order"], instruction: "List the items that are ordered, as a JSON list." },
        total: { kind: "tool", inputs: ["items"], tool: "add_up" },
        say: { kind: "function", inputs: ["total"], code: "export default ({ total }) => total + '!'" },
      },
      output: "say",
      models: { forward: "orders" },
      data: { train: orders(0, 12), validation: orders(1, 12), target: "sum" },
      loss: { kind: "script", file: "score.js" },
    };
    await writeFile(join(one.folder, "order.agentgraph.json"), JSON.stringify(graph));
    const args = ["evaluate", "order.agentgraph.json", "--base-url", one.server.url, "--json"];
    const calls = async () => (await readFile(log, "utf8")).trim().split("\n").length;
    const alone = await one.within({ AGENTGRAPH_API_KEY: KEY }, ...args, "--tools", tools, "--runs-dir", "alone");
    const { samples, score } = JSON.parse(alone.stdout || `{"score":${JSON.stringify(alone.stderr)}}`);
    if (typeof score !== "number") throw new Error(`${alone.stdout}\n${alone.stderr}`);
    expect(score).toBeGreaterThan(0.5);
    expect(await calls()).toBe(12);

    const { url, written } = await redis();
    await worker(one, url);
    const refused = await one.within(SECRET, ...args, "--queue", url, "--workers-only", "--runs-dir", "no tool");
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/there is no tool named add_up/) });
    const here = await one.within(SECRET, ...args, "--queue", url, "--tools", tools, "--runs-dir", "here");
    expect(here.stderr).toMatch(
      /No worker of the queue runs code \(--allow-code\), so functions and scripts run on this machine/,
    );
    expect(JSON.parse(here.stdout)).toMatchObject({ samples, score });
    expect(await calls()).toBe(24);

    await worker(one, url, ["--allow-code", "--tools", tools]);
    const shown = await one.within(SECRET, "queue", url);
    expect(shown.stdout).toMatch(/code \(5 s, 64 MB\), shop\/add_up\n/);
    expect(shown.stdout).toMatch(/tools of shop: 0 waiting, 0 active/);
    const there = await one.within(SECRET, ...args, "--queue", url, "--workers-only", "--runs-dir", "there");
    expect(there.stderr).toMatch(/Functions and scripts of the graph run on the workers/);
    expect(JSON.parse(there.stdout)).toMatchObject({ samples, score });
    expect(await calls()).toBe(36);
    // Other languages run on no worker.
    await writeFile(join(one.folder, "count.py"), "print(1)\n");
    const count = { kind: "function", inputs: Object.keys(graph.inputs), code: { file: "count.py" } };
    const answer = { inputs: ["count"], instruction: "Say {{count}}." };
    const other = { ...graph, nodes: { count, answer }, output: "answer" };
    await writeFile(join(one.folder, "other.agentgraph.json"), JSON.stringify(other));
    const before = one.server.requests();
    const [, , ...options] = args;
    const program = ["evaluate", "other.agentgraph.json", ...options, "--queue", url, "--workers-only"];
    expect(await one.within(SECRET, ...program)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /count\.py can't run with --workers-only: .* other languages only run on this machine/,
      ),
    });
    expect(one.server.requests()).toBe(before);
    const all = await written();
    for (const text of ["export default", "add_up", "calls.txt", "score.js"]) expect(all).not.toContain(text);
  });

  it("come to the same result with clocks that are days apart, and take over from a lost worker", async () => {
    const one = await open({ latency: 30 });
    const { url } = await redis();
    const shifted = (hours: number) => ({
      NODE_OPTIONS: `--require ${join(import.meta.dirname, "../fixtures/support/shifted-clock.cjs")}`,
      SHIFT: `${hours * 3_600_000}`,
    });
    const lost = await worker(one, url, [], shifted(50));
    const run = one.launch({ ...SECRET, ...shifted(-3) }, "evaluate", one.graph, ...asking(one, url));
    while (one.server.requests() < 3 && run.child.exitCode === null) await sleep(5);
    lost.child.kill("SIGKILL");
    const before = one.server.requests();
    await worker(one, url, [], shifted(-70));
    const ended = await run.ended;
    expect(ended.code, ended.stderr).toBe(0);
    const calls: number = JSON.parse(ended.stdout).calls;
    expect(one.server.requests()).toBeGreaterThanOrEqual(before);
    expect(one.server.requests()).toBeLessThanOrEqual(calls + 4);
  });

  it("use TLS only with a certificate that --ca-file trusts", async () => {
    const one = await open();
    const server = await startRedis(true);
    onTestFinished(server.close);
    await worker(one, server.url, ["--ca-file", AUTHORITY]);
    const args = ["evaluate", one.graph, ...asking(one, server.url)];
    const ended = await one.within(SECRET, ...args, "--ca-file", AUTHORITY);
    expect(ended.code, ended.stderr).toBe(0);
    const refused = await one.within(SECRET, ...args);
    expect(refused.code).toBe(2);
    expect(refused.stdout).toMatch(/rediss:\/\/localhost:\d+ can't be used: .*certificate/);
  });

  it("report an unreachable queue with the next attempt, and continue when it is back", async () => {
    const simulated = createSimulated();
    let goOn = () => {};
    const isGone = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let calls = 0;
    const one = await open({
      model: {
        identity: simulated.identity,
        // Most replies come only when the queue is gone, so that the run does not end before.
        async complete(request, signal) {
          if (++calls > 5) await isGone;
          return simulated.complete(request, signal);
        },
      },
    });
    const server = await redis();
    await worker(one, server.url);
    const run = one.launch(SECRET, "evaluate", one.graph, ...asking(one, server.url));
    await asked(one.server, 5, run);
    const restarted = server.restart(3_000);
    await expect.poll(() => isOpen(server.url), { timeout: 60_000 }).toBe(false);
    goOn();
    await restarted;
    const ended = await run.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).toMatch(/Waiting for the queue at 127\.0\.0\.1:\d+, next attempt at \d/);
  });

  it("need a secret, an address and a queue that responds", async () => {
    const one = await open();
    const at = (env: Record<string, string>, queue: string) =>
      one.within(env, "evaluate", one.graph, ...asking(one, queue));
    expect((await at({}, "redis://127.0.0.1:1")).stdout).toMatch(/AGENTGRAPH_QUEUE_SECRET/);
    expect((await at(SECRET, "127.0.0.1:6379")).stdout).toMatch(/--queue needs an address/);
    expect((await at(SECRET, "redis://127.0.0.1:1")).stdout).toMatch(
      /redis:\/\/127\.0\.0\.1:1 can't be used: it does not respond/,
    );
  });
});
