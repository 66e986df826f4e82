import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { CodeFault, CodeLimit, type Sandbox, ToolFault, ToolMissing } from "../../../src/deps.ts";
import { Box } from "../../../src/platform/queue/box.ts";
import type { LocalCode } from "../../../src/platform/queue/bull.ts";
import { mcpTools } from "../../../src/platform/tools/mcp.ts";
import { hasRedis } from "../../server/install-redis.ts";
import { type CuttableConnection, startCuttableConnection } from "../../server/redis.ts";
import { builtSandbox, noSandbox } from "../sandboxes.ts";
import { openRedis, openTestRun, pause, startTestWorker, type TestRun, until, VERSION } from "./queue-bench.ts";

const LIMITS = { time: 5_000, memory: 64 * 2 ** 20 };
const DOUBLE = { file: "double.js", text: "export default ({ n }) => ({ twice: 2 * n, list: [n, 'x', null] })" };

describe.skipIf(!hasRedis())("code of a graph", () => {
  let real: Sandbox;
  beforeAll(() => {
    real = builtSandbox().within(LIMITS);
  });

  /** Counts the calls. */
  function counted(inner: Sandbox): Sandbox & { readonly calls: number } {
    let calls = 0;
    const counting = (one: Sandbox): Sandbox => ({
      check: one.check,
      within: (limits) => counting(one.within(limits)),
      call: (...args) => {
        calls++;
        return one.call(...args);
      },
    });
    return Object.defineProperty({ ...counting(inner), calls: 0 }, "calls", { get: () => calls });
  }

  function sandboxOf({ machines }: TestRun, local: Sandbox, more: { workersOnly?: boolean; version?: string } = {}) {
    const places: (LocalCode | null)[] = [];
    const { workersOnly = false, version = VERSION } = more;
    const onPlace = (place: LocalCode | null) => void places.push(place);
    return { sandbox: machines.sandbox({ version, local, limits: LIMITS, workersOnly, onPlace }), places };
  }

  it("runs on a worker with the values, faults and limits of this machine, once for equal arguments", async () => {
    const { url } = await openRedis();
    const theirs = counted(real);
    await startTestWorker(url, { code: { sandbox: theirs, limits: LIMITS, concurrency: 2 } });
    const { sandbox, places } = sandboxOf(openTestRun(url), noSandbox);
    const other = sandboxOf(openTestRun(url), noSandbox).sandbox;
    const all = await Promise.all([sandbox.call(DOUBLE, { n: 4 }), other.call(DOUBLE, { n: 4 })]);
    expect(all).toEqual([await real.call(DOUBLE, { n: 4 }), await real.call(DOUBLE, { n: 4 })]);
    expect(theirs.calls).toBe(1);
    expect(await other.call(DOUBLE, { n: 5 })).toEqual(await real.call(DOUBLE, { n: 5 }));
    const broken = { file: "broken.ts", text: "export default () => {\n  const n: number = null;\n  return n.x;\n}" };
    const fault = await real.call(broken, {}).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(CodeFault);
    await expect(sandbox.call(broken, {})).rejects.toEqual(fault);
    const endless = { file: "endless.js", text: "export default () => { for (;;); }" };
    const late = sandbox.within({ time: 200 }).call(endless, {});
    await expect(late).rejects.toEqual(new CodeLimit("endless.js", "time", 200));
    const parts = {
      file: "a.js",
      text: "import { f } from 'b.js'; export default f",
      modules: [{ file: "b.js", text: "export const f = () => 7" }],
    };
    expect(await sandbox.call(parts, {})).toBe(7);
    expect(places).toEqual([null]);
  });

  it("runs here where no worker is allowed to, has another version or allows less; with --workers-only it waits", async () => {
    const { url } = await openRedis();
    const run = openTestRun(url);
    const none = sandboxOf(run, real);
    expect(await none.sandbox.call(DOUBLE, { n: 1 })).toMatchObject({ twice: 2 });
    expect(none.places).toEqual(["no worker"]);

    const small = { sandbox: noSandbox, limits: { ...LIMITS, time: 1_000 }, concurrency: 1 };
    const worker = await startTestWorker(url, { code: small });
    await pause(1_100);
    const strict = sandboxOf(run, real);
    expect(await strict.sandbox.call(DOUBLE, { n: 2 })).toMatchObject({ twice: 4 });
    expect(strict.places).toEqual(["less allowed"]);
    const newer = sandboxOf(run, real, { version: "2.0.0" });
    expect(await newer.sandbox.call(DOUBLE, { n: 3 })).toMatchObject({ twice: 6 });
    expect(newer.places).toEqual(["other version"]);
    await worker.close();

    const waiting = openTestRun(url);
    const { sandbox } = sandboxOf(waiting, noSandbox, { workersOnly: true });
    const value = sandbox.call(DOUBLE, { n: 4 });
    await until(() => waiting.told.some((one) => one?.reason === "no worker" && /--allow-code/.test(one.identity)));
    await startTestWorker(url, { code: { sandbox: real, limits: LIMITS, concurrency: 1 } });
    expect(await value).toMatchObject({ twice: 8 });
  });

  it("is given up where it takes four workers with it", async () => {
    const { url } = await openRedis();
    let calls = 0;
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const stuck: Sandbox = {
      ...noSandbox,
      within: () => stuck,
      call: () => {
        calls++;
        return ended;
      },
    };
    const run = openTestRun(url);
    const code = { sandbox: stuck, limits: LIMITS, concurrency: 1 };
    const cables: CuttableConnection[] = [];
    const hire = async () => {
      const cable = await startCuttableConnection(url);
      onTestFinished(cable.close);
      cables.push(cable);
      await startTestWorker(cable.url, { code, takeover: 1_500 });
      return cable;
    };
    let cable = await hire();
    const { sandbox } = sandboxOf(run, noSandbox);
    const value = sandbox.call(DOUBLE, { n: 1 }).catch((error: unknown) => error);
    for (let lost = 1; lost <= 4; lost++) {
      await until(() => calls === lost);
      const next = await hire();
      cable.cut();
      cable = next;
    }
    expect(await value).toEqual(new CodeLimit("double.js", "memory", LIMITS.memory));
    expect(calls).toBe(4);
    // What a worker has done, it keeps until it can bring it.
    onTestFinished(() => {
      end();
      for (const one of cables) one.restore();
    });
  });

  it("that somebody put there or changed without the secret is not done", async () => {
    const { url } = await openRedis();
    const counting = counted(real);
    const redis = new Redis(url);
    onTestFinished(() => redis.disconnect());
    const run = openTestRun(url);
    const { sandbox } = sandboxOf(run, real, { workersOnly: true });
    const value = sandbox.call(DOUBLE, { n: 21 });
    const jobKey = /^agentgraph:([0-9a-f]{24}):(code-[0-9a-f]{64})$/;
    let job = "";
    await until(async () => {
      job = (await redis.keys("agentgraph:*")).find((key) => jobKey.test(key)) ?? "";
      return job !== "";
    });
    const [, name = "", key = ""] = jobKey.exec(job) ?? [];
    // Another job's payload in this one, and a job of somebody who knows the names.
    const stranger = new Box("somebody else's secret");
    const payload = { code: { file: "evil.js", text: "export default () => 666" }, argument: {}, limits: LIMITS };
    const box = stranger.seal(payload, `request ${name} ${key}`);
    await redis.hset(job, "data", JSON.stringify({ box }));
    await startTestWorker(url, { code: { sandbox: counting, limits: LIMITS, concurrency: 1 } });
    // The changed job is refused; the run puts its own there again.
    expect(await value).toMatchObject({ twice: 42 });
    expect(counting.calls).toBe(1);
    const reply = `agentgraph:reply:${name}:${key}`;
    await redis.set(reply, stranger.seal({ value: 666 }, `end ${name} ${key}`));
    expect(await sandbox.call(DOUBLE, { n: 21 })).toMatchObject({ twice: 42 });
    expect(counting.calls).toBe(2);
  });

  it("that ends with an error of the worker itself is given up", async () => {
    const { url } = await openRedis();
    let calls = 0;
    const deadly: Sandbox = {
      ...noSandbox,
      within: () => deadly,
      call: () => {
        calls++;
        throw new Error("killed");
      },
    };
    await startTestWorker(url, { code: { sandbox: deadly, limits: LIMITS, concurrency: 1 } });
    const { sandbox } = sandboxOf(openTestRun(url), noSandbox);
    await expect(sandbox.call(DOUBLE, { n: 1 })).rejects.toEqual(new CodeLimit("double.js", "memory", LIMITS.memory));
    expect(calls).toBe(1);
  });
});

describe.skipIf(!hasRedis())("tools", () => {
  async function summing() {
    const folder = await mkdtemp(join(tmpdir(), "agentgraph-tools-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const log = join(folder, "calls");
    const args = [join(import.meta.dirname, "../../server/sum-tool.mjs"), log];
    const mcp = mcpTools({ math: { command: process.execPath, args, env: {} } });
    onTestFinished(() => mcp.close());
    const calls = async () => (await readFile(log, "utf8").catch(() => "")).split("\n").filter(Boolean).length;
    return { mcp, calls };
  }

  it("are called on the worker that has their server, once for equal input, with the same identity", async () => {
    const { url } = await openRedis();
    const { mcp, calls } = await summing();
    await startTestWorker(url, { tools: { mcp, concurrency: 2 } });
    const [one, other] = [openTestRun(url), openTestRun(url)].map(({ machines }) => machines.tools(null));
    if (!one || !other) throw new Error();
    const input = { items: [{ count: 2, price: 21 }] };
    expect(await Promise.all([one.call("add_up", input), other.call("math/add_up", input)])).toEqual(["42", "42"]);
    expect(await calls()).toBe(1);
    expect(await one.identify("add_up")).toBe(await mcp.identify("add_up"));
    const fault = await mcp.call("add_up", { items: "no list" }).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(ToolFault);
    await expect(one.call("add_up", { items: "no list" })).rejects.toEqual(fault);
    await expect(one.identify("search")).rejects.toBeInstanceOf(ToolMissing);
    await expect(one.identify("search")).rejects.toThrow(/There are: math\/add_up\. Start a worker with --tools/);
  });

  it("are called here if no worker has them and this machine does", async () => {
    const { url } = await openRedis();
    const { mcp, calls } = await summing();
    const tools = openTestRun(url).machines.tools(mcp);
    expect(await tools.call("add_up", { items: [{ count: 1, price: 3 }] })).toBe("3");
    expect(await calls()).toBe(1);
  });
});
