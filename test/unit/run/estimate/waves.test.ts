import { expect, it } from "vitest";
import { ROLES } from "../../../../src/graph/graph.ts";
import { NO_REPLIES } from "../../../../src/models/stack/store.ts";
import { nodeDeps } from "../../../../src/platform/node.ts";
import { estimateRun, estimateRunner } from "../../../../src/run/estimate/estimate.ts";
import { WaveCounter } from "../../../../src/run/estimate/wave-counter.ts";
import { runnerOf } from "../../../../src/run/job.ts";
import { prepare } from "../../engine/runs.ts";
import { request } from "../../models/fakes.ts";

const { clock } = nodeDeps();
const known = { provider: "world", replies: NO_REPLIES, price: () => 0.01, clock };

it("counts what arrives together as one batch, and roles that are not sent in batches not at all", async () => {
  const counter = new WaveCounter(clock, ["forward"]);
  const reply = { text: "", usage: { prompt: 0, completion: 0, estimated: true }, model: "", finish: "stop" } as const;
  const model = counter.counting({
    identity: "fake",
    complete: async () => ({ ...reply, key: "", source: "provider", requests: 1, milliseconds: 0 }),
  });
  const { signal } = new AbortController();
  const ask = (purpose: "forward" | "optimizer") => {
    const asked = request("q");
    return model.complete({ ...asked, tag: { ...asked.tag, purpose } }, signal);
  };
  await Promise.all([ask("forward"), ask("forward"), ask("optimizer")]);
  expect(counter.count).toBe(1);
  await ask("optimizer");
  expect(counter.count).toBe(1);
  await ask("forward").then(() => ask("forward"));
  expect(counter.count).toBe(3);
});

it("an evaluation takes a batch for each step of the graph", async () => {
  for (const [shape, depth] of [
    ["chain", 2],
    ["diamond", 3],
  ] as const) {
    const { task } = prepare({ world: { shape } });
    const job = runnerOf({ kind: "evaluate", split: "validation" });
    const estimate = await estimateRunner(task, { ...known, batched: ROLES }, job);
    expect(estimate.waves, shape).toBe(depth);
    expect(await estimateRunner(task, known, job)).not.toHaveProperty("waves");
  }
});

it("a search takes as many as it really takes, and fewer where only its forward calls are sent in batches", async () => {
  const { task } = prepare();
  const all = await estimateRun(task, { ...known, batched: ROLES });
  const forward = await estimateRun(task, { ...known, batched: ["forward"] });
  expect(all.waves).toBeGreaterThan(4);
  expect(forward.waves).toBeLessThan(all.waves ?? 0);
  expect(forward.waves).toBeGreaterThan(2);
  expect(all.calls).toBe(forward.calls);
});
