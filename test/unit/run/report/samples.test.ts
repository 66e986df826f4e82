import { expect, it } from "vitest";
import type { Clock } from "../../../../src/deps.ts";
import { shortHash } from "../../../../src/engine/theta.ts";
import { ENGLISH } from "../../../../src/i18n/locale.ts";
import { Yielder } from "../../../../src/models/yielder.ts";
import { hashOf } from "../../../../src/run/report/assemble.ts";
import { caveatsOf, type ReportFindings } from "../../../../src/run/report/caveats.ts";
import { Samples } from "../../../../src/run/report/samples.ts";
import { ValueKeys } from "../../../../src/run/state/value-keys.ts";
import { graphOf, llm, sampleOf } from "../../engine/fixtures.ts";

const timeless: Clock = { now: () => 0, sleep: async () => {} };

/** Samples with these losses under the texts before and after a run. */
function samplesWith(
  before: readonly number[],
  after: readonly number[],
  { clock = timeless, tokensOf = () => null }: { clock?: Clock; tokensOf?: () => number | null } = {},
): Promise<Samples> {
  const test = before.map((_, at) => sampleOf(`sample ${at}`));
  const scored = (losses: readonly number[]) =>
    Object.fromEntries(
      test.map(({ id }, at) => [id, { loss: losses[at] ?? 0, lenient: losses[at] ?? 0, formatError: false }]),
    );
  const start = { graph: graphOf([llm("answer", ["question"])]), data: { train: [], validation: [], test } };
  const state = { values: new ValueKeys(), scores: { before: scored(before), after: scored(after) } };
  return Samples.of(
    { ...start, options: { threshold: 0 } } as unknown as Parameters<typeof Samples.of>[0],
    state as unknown as Parameters<typeof Samples.of>[1],
    () => undefined,
    tokensOf,
    new Yielder(clock),
  );
}

it("scores that change places are no loss: rounding is not a difference", async () => {
  // The sums of these differ in the last digit, by their order.
  const test = await (await samplesWith([0.1, 0.2, 0.3], [0.3, 0.2, 0.1])).compare("test", "before", "after");
  expect(test).toMatchObject({ better: 1, worse: 1, gain: { mean: 0 } });
  const report = {
    ...{ run: { trusted: true, provider: "m", damaged: 0, status: "done", options: { gate: { policy: "strict" } } } },
    ...{ test, validation: test, changes: [], baselines: [], looks: 0, isGraded: true },
  } as unknown as ReportFindings;
  expect(caveatsOf(report, ENGLISH).join("\n")).not.toContain("worse than the original graph");
});

it("lets others in while it goes over many samples", async () => {
  let [now, done, since] = [0, 0, 0];
  const stretches: number[] = [];
  const clock = {
    now: () => {
      now += 20;
      return now;
    },
    sleep: async () => {
      stretches.push(done - since);
      since = done;
    },
  };
  const tokensOf = () => {
    done += 1;
    return 1;
  };
  const many = (every: number) => Array.from({ length: 5_000 }, (_, at) => (at % every === 0 ? 1 : 0.5));
  const samples = await samplesWith(many(2), many(3), { clock, tokensOf });
  // The samples by their ids.
  expect(stretches).toHaveLength(5_000 / 50);
  expect(await samples.compare("test", "before", "after")).toMatchObject({ scored: 5_000, better: 1_666, worse: 833 });
  expect(done).toBe(10_000);
  expect(Math.max(...stretches)).toBe(50);
  // Each pass over the samples: pairs, gains, the two figures, rows.
  expect(stretches.length).toBeGreaterThan((5 * 5_000) / 50);
});

it("the hash of a set is that of its JSON, however it is computed", async () => {
  const turns = new Yielder(timeless);
  for (const length of [0, 1, 120]) {
    const samples = Array.from({ length }, (_, at) => sampleOf(`sample ${at}`));
    expect(await hashOf(samples, turns)).toBe(shortHash(samples));
  }
});
