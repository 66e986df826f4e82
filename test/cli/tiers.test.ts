import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { startBatchServer } from "../server/batch-server.ts";
import { isWindows, KEY, open } from "./cli.ts";

/** Half-price tiers on the command line. */

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("a run in batches", () => {
  it("is killed while a batch is in progress, and resumed from it: nothing is requested or charged twice", async () => {
    const one = await open();
    let isDone = false;
    const server = await startBatchServer({
      answer: () => "42",
      state: () => (isDone ? "completed" : "in_progress"),
    });
    onTestFinished(server.close);
    const at = ["--base-url", `${server.url}/v1`];
    const models = ["--model", "gpt-4.1", "--tier", "batch"];
    const run = one.launch({ AGENTGRAPH_API_KEY: KEY }, "evaluate", one.graph, ...at, ...models);
    while (server.batches.length === 0 && run.child.exitCode === null) await sleep(20);
    const [held] = server.batches;
    expect(held?.lines.size).toBeGreaterThan(5);
    // It looks at the batch once the number of the batch is recorded.
    while (!server.log.some((line) => /GET .*batch/.test(line)) && run.child.exitCode === null) await sleep(20);
    run.child.kill("SIGKILL");
    const { stderr } = await run.ended;
    expect(stderr).toMatch(/Tier batch: about \$0\.\d+; .*usually under an hour.*24 hours at most/);
    const before = server.paid.length;
    const listed = await one.keyed("batches", one.graph, ...at);
    expect(listed.stdout, listed.stderr).toMatch(/^batch_1 {2}running {4}0 of \d+ requests/);
    // Without the tier, the run would pay again for what is in the batch.
    const whole = await one.keyed("resume", one.graph, ...at);
    expect(whole).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/has \d+ calls in batches.*Add --tier batch/s),
    });
    expect(server.paid.length).toBe(before);
    isDone = true;
    const resumed = await one.keyed("resume", one.graph, ...at, "--tier", "batch");
    expect(resumed.code, resumed.stderr).toBe(0);
    // What the killed process had asked for was in the first batch; the rest of the graph comes after it.
    expect(new Set(server.batches.flatMap(({ lines }) => [...lines.keys()])).size).toBe(
      server.batches.reduce((sum, { lines }) => sum + lines.size, 0),
    );
    expect(server.paid.length).toBe(before + server.batches.reduce((sum, { lines }) => sum + lines.size, 0));
  });

  it.skipIf(isWindows)(
    "is cancelled while a batch is in progress: it says what goes on and is charged, and how to cancel that",
    async () => {
      const one = await open();
      const server = await startBatchServer({ answer: () => "42", state: () => "in_progress" });
      onTestFinished(server.close);
      const at = ["--base-url", `${server.url}/v1`];
      const models = ["--model", "gpt-4.1", "--tier", "batch"];
      const run = one.launch({ AGENTGRAPH_API_KEY: KEY }, "evaluate", one.graph, ...at, ...models);
      while (!server.log.some((line) => /GET .*batch/.test(line)) && run.child.exitCode === null) await sleep(20);
      run.child.kill("SIGINT");
      const { stdout } = await run.ended;
      const [held] = server.batches;
      expect(stdout).toMatch(
        new RegExp(
          `Batches with ${held?.lines.size} calls continue at the server and are charged\\. To cancel them: agentgraph batches \\S+ --cancel --base-url`,
        ),
      );
      const command = /agentgraph (batches .*)/.exec(stdout)?.[1]?.split(" ") ?? [];
      const cancelled = await one.keyed(...command);
      expect(cancelled.code, cancelled.stderr).toBe(0);
      expect(held?.cancelled).toBe(true);
    },
  );

  it("that no provider offers, or that a file requests, is rejected", async () => {
    const one = await open();
    const gemini = await one.keyed("evaluate", one.graph, "--provider", "gemini", "--model", "x", "--tier", "batch");
    expect(gemini).toMatchObject({ code: 2, stderr: expect.stringMatching(/has no batch tier/) });
    const wrong = await one.keyed("evaluate", one.graph, "--tier", "cheap");
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Use now, flex, batch, or a tier for each of/),
    });
    const graph = await readFile(join(one.folder, one.graph), "utf8");
    expect(graph).not.toContain("service_tier");
    const set = await one.keyed(
      "check",
      one.graph,
      "--set",
      'models.forward={"model":"x","params":{"service_tier":"flex"}}',
    );
    expect(set).toMatchObject({ code: 2, stdout: expect.stringMatching(/service_tier/) });
  });

  it("shows the price of both tiers before the first call", async () => {
    const one = await open();
    const server = await startBatchServer({ answer: () => "42" });
    onTestFinished(server.close);
    const { stderr } = await one.keyed(
      "evaluate",
      one.graph,
      "--base-url",
      `${server.url}/v1`,
      "--model",
      "gpt-6-luna",
    );
    expect(stderr).toMatch(/With --tier flex: about .*15 minutes/);
    expect(stderr).toMatch(/With --tier batch: about .*; (about \d+ batches in sequence|one batch)/);
  });
});

describe("the flex tier", () => {
  const noRoom = { status: 429, error: { message: "Resource Unavailable", code: "resource_unavailable" } };
  const play = async (flex: typeof noRoom | "ignored", ...options: string[]) => {
    const one = await open();
    const tiers: unknown[] = [];
    const server = await startBatchServer({
      answer: () => "42",
      intercept: (path, _, __, body) => {
        if (!path.endsWith("/chat/completions")) return null;
        const { service_tier: tier } = JSON.parse(body);
        tiers.push(tier);
        return tier === "flex" && flex !== "ignored" ? [flex.status, { error: flex.error }] : null;
      },
    });
    onTestFinished(server.close);
    const at = ["--base-url", `${server.url}/v1`, "--model", "gpt-6-luna", "--tier", "flex"];
    return { ...(await one.keyed("evaluate", one.graph, ...at, ...options)), tiers };
  };

  it("without capacity is waited for, unless the standard price is allowed: then both prices are shown", async () => {
    const waited = await play(noRoom, "--max-wait", "1");
    expect(waited).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/Resource Unavailable\. .*--tier-fallback/),
      stdout: expect.stringMatching(/agentgraph resume .* --tier flex/),
    });
    expect(new Set(waited.tiers)).toEqual(new Set(["flex"]));
    const allowed = await play(noRoom, "--tier-fallback");
    expect(allowed).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /Tier flex: about \$0\.\d+ … \$0\.\d+; .*The flex tier has no capacity for gpt-6-luna/s,
      ),
    });
    expect(allowed.tiers.filter((tier) => tier === "flex").length).toBe(allowed.tiers.length / 2);
  });

  it("that the server ignores is told once, at the standard price", async () => {
    const { code, stderr } = await play("ignored");
    expect(code).toBe(0);
    expect(stderr.match(/at the standard price, although the flex tier was requested/g)).toHaveLength(1);
  });
});

describe("a comparison at half the price", () => {
  const compare = ["--methods", "semantic", "--repeats", "1", "--budget-calls", "30", "--model", "gpt-6-luna"];

  it("sends baselines, searches, gates and scores in batches, and the independent ones at the same time", async () => {
    const one = await open();
    const server = await startBatchServer({
      answer: () => "42",
      // The first batches of the two baselines and of the search wait for each other.
      state: () => (server.batches.length >= 3 ? "completed" : "in_progress"),
    });
    onTestFinished(server.close);
    const at = ["--base-url", `${server.url}/v1`];
    const { code, stderr, stdout } = await one.keyed("compare", one.graph, ...compare, ...at, "--tier", "batch");
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/Tier batch: about \$0\.\d+; about \d+ batches in sequence/);
    expect(stdout).toMatch(/chain of thought/);
    // The first request for the model is sent alone.
    expect(server.log.filter((line) => /POST .*\/chat\/completions/.test(line))).toHaveLength(1);
  });

  it("asks for the flex tier in every request, and says its price first", async () => {
    const one = await open();
    const tiers = new Set<unknown>();
    const server = await startBatchServer({
      answer: () => "42",
      intercept: (path, _, __, body) => {
        if (path.endsWith("/chat/completions")) tiers.add(JSON.parse(body).service_tier);
        return null;
      },
    });
    onTestFinished(server.close);
    const at = ["--base-url", `${server.url}/v1`];
    const { code, stderr } = await one.keyed("compare", one.graph, ...compare, ...at, "--tier", "flex");
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/Tier flex: about \$0\.\d+; up to 15 minutes for each request/);
    expect([...tiers]).toEqual(["flex"]);
  });
});
