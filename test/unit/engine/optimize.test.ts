import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RequestRefused } from "../../../src/models/errors.ts";
import { ofType, verbatim } from "./fixtures.ts";
import { callsPerAnswer, decided, HARSH, prepare, randomly, run } from "./runs.ts";

describe("a run", () => {
  it("finds better instructions, each with its way from the file's text and a verdict", async () => {
    const { finished, events, world } = await run({ world: { shape: "diamond" } });
    expect(finished).toMatchObject({ type: "finished", status: "done", error: null, detail: null });
    const start = Object.fromEntries(world.graph.nodes.map(({ id, text }) => [id, text]));
    const changed = Object.keys(start).filter((id) => finished.texts[id] !== start[id]);
    expect(changed.length).toBeGreaterThan(1);
    for (const id of changed) {
      const proposal = finished.proposals.find(({ node }) => node === id);
      expect(proposal).toMatchObject({ base: start[id], text: finished.texts[id], verdict: { decision: "accepted" } });
      const attempts = ofType(events, "attempt").filter(({ node }) => node === id);
      expect(proposal?.attempts).toEqual(attempts.map((attempt) => attempt.id));
    }
    expect(finished.validation.after).toBeGreaterThan(finished.validation.before!);
  });

  it("reports what is true of the texts it ends with", async () => {
    const { finished, world } = await run({ world: { shape: "paper" }, test: 10 });
    const start = Object.fromEntries(world.graph.nodes.map(({ id, text }) => [id, text]));
    const [validation, test] = [world.validation.slice(0, 10), world.test.slice(0, 10)];
    expect(finished.validation.n).toBe(10);
    expect(finished.validation.before).toBeCloseTo(world.truth(start, validation), 12);
    expect(finished.validation.after).toBeCloseTo(world.truth(finished.texts, validation), 12);
    expect(finished.test?.n).toBe(10);
    expect(finished.test?.before).toBeCloseTo(world.truth(start, test), 12);
    expect(finished.test?.after).toBeCloseTo(world.truth(finished.texts, test), 12);
  });

  it("gives every proposal a verdict or a reason why the gate never saw it, and scores no sample twice under one Θ", async () => {
    const { events } = await run({ world: { ...HARSH, shape: "diamond", seed: 5 } });
    const decided = [...ofType(events, "verdict"), ...ofType(events, "screened")];
    const judged = new Set(decided.flatMap(({ proposals }) => proposals));
    const attempts = ofType(events, "attempt");
    expect(attempts.length).toBeGreaterThan(4);
    const valid = new Set(attempts.flatMap(({ id, invalid }) => (invalid === null ? [id] : [])));
    expect(judged).toEqual(valid);
    const scored = ofType(events, "scored").map(({ theta, split, sample }) => `${theta} ${split} ${sample}`);
    expect(new Set(scored).size).toBe(scored.length);
  });

  it("sends no request twice", async () => {
    const { provider, spent } = await run({ world: { shape: "diamond" }, test: 5 });
    const asked = provider.seen.map(({ messages }) => JSON.stringify(messages));
    expect(new Set(asked).size).toBe(asked.length);
    expect(spent.calls).toBe(asked.length);
  });

  it("looks at test rows twice, before and after, and lets them decide nothing", async () => {
    const without = await run();
    const { events, finished, provider, world } = await run({ test: 6 });
    const scored = ofType(events, "scored").filter(({ split }) => split === "test");
    const [first] = ofType(events, "started");
    expect(scored.filter(({ theta }) => theta === first!.theta)).toHaveLength(6);
    expect(scored.filter(({ theta }) => theta === finished.theta)).toHaveLength(6);
    expect(scored).toHaveLength(12);
    const testCalls = provider.seen.filter(({ reservation }) => reservation === "test");
    expect(testCalls.length).toBeLessThanOrEqual(12 * callsPerAnswer(world.graph));
    expect(testCalls.every(({ tag }) => tag.purpose === "forward")).toBe(true);
    expect({ ...finished, test: null }).toEqual(without.finished);
  });

  it("says that there is nothing to learn if no training sample is above τ", async () => {
    const { finished, events, provider } = await run({ options: { threshold: 1 } });
    expect(finished).toMatchObject({ status: "done", proposals: [] });
    expect(ofType(events, "warning")).toMatchObject([{ code: "nothing to learn" }]);
    expect(provider.seen.every(({ tag }) => tag.purpose === "forward")).toBe(true);
    // Every sample once: a second look under the same Θ could say nothing else.
    expect(provider.seen).toHaveLength(20 * callsPerAnswer(prepare().world.graph));
  });

  it("never takes training samples that could not be scored for right ones", async () => {
    const score = async () => {
      throw new RequestRefused("server", 400, "model", "maximum context length exceeded", "too long");
    };
    const { finished, events } = await run({ loss: { ...verbatim, score } });
    expect(finished).toMatchObject({ status: "failed", error: "RequestRefused", proposals: [] });
    const codes = ofType(events, "warning").map(({ code }) => code);
    expect(codes).toContain("nothing scored");
    expect(codes).not.toContain("nothing to learn");
  });

  it("ends if no proposal could lower the loss", async () => {
    const score = () => ({ loss: 0, lenient: 0, criticism: "" });
    const { finished, provider } = await run({ loss: { ...verbatim, score } });
    expect(finished).toMatchObject({ status: "done", proposals: [], validation: { before: 1, after: 1 } });
    expect(provider.seen.every(({ tag }) => tag.purpose === "forward")).toBe(true);
  });
});

describe("the result", () => {
  it.each(["chain", "diamond"] as const)(
    "does not depend on how many calls go at once, nor on who is slow (%s)",
    async (shape) => {
      const given = { world: { shape, destructiveRewrites: 0.3 }, samples: 8 };
      const reference = decided(await run({ ...given, concurrency: 1 }));
      expect(reference.verdicts.length + reference.screened.length).toBeGreaterThan(0);
      for (const concurrency of [4, 16]) {
        expect(decided(await run({ ...given, concurrency, latency: randomly(concurrency / 20) }))).toEqual(reference);
      }
    },
  );

  it("does not depend on it in any world, with any option", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          shape: fc.constantFrom("chain" as const, "diamond" as const, "paper" as const),
          seed: fc.nat(50),
          options: fc.record({
            update: fc.constantFrom("all" as const, "half" as const, "one" as const),
            gate: fc
              .constantFrom("strict" as const, "significant" as const, "off" as const)
              .map((policy) => ({ policy, alpha: 0.2 })),
            neighbors: fc.boolean(),
            batch: fc.integer({ min: 1, max: 8 }),
            seed: fc.nat(5),
          }),
          harsh: fc.boolean(),
          jitter: fc.integer({ min: 1, max: 900 }),
        }),
        async ({ shape, seed, options, harsh, jitter }) => {
          const given = {
            world: { ...(harsh && HARSH), shape, seed },
            options: { ...options, iterations: 4 },
            samples: 6,
          };
          const reference = decided(await run({ ...given, latency: () => 0, concurrency: 2 }));
          expect(decided(await run({ ...given, concurrency: 16, latency: randomly(jitter / 1000) }))).toEqual(
            reference,
          );
        },
      ),
      { numRuns: 4 },
    );
  });

  it("is the same if every fifth request fails for the moment", async () => {
    const world = { shape: "diamond" as const };
    const calm = await run({ world });
    const rough = await run({ world, faults: 0.2, latency: randomly(0.7) });
    expect(decided(rough)).toEqual(decided(calm));
    expect(rough.provider.seen.length).toBeGreaterThan(1.1 * calm.provider.seen.length);
    expect(ofType(rough.events, "requested")).toHaveLength(rough.provider.seen.length);
    expect(rough.spent.calls).toBe(rough.provider.seen.length);
  });

  it("is never below the start on the validation set, whatever ϕ proposes", async () => {
    for (const [seed, shape] of [
      [1, "chain"],
      [2, "diamond"],
      [3, "paper"],
    ] as const) {
      for (const policy of ["strict", "significant"] as const) {
        const world = { ...HARSH, destructiveRewrites: 0.5, shape, seed };
        const { finished } = await run({
          world,
          options: { gate: { policy, alpha: 0.2 } },
          latency: () => 0,
          samples: 6,
        });
        const { before, after } = finished.validation;
        const same = Object.values(finished.texts).every((text) =>
          finished.proposals.every((one) => one.text !== text),
        );
        if (same) expect(after).toBe(before);
        else expect(after).toBeGreaterThan(before!);
      }
    }
  });
});
