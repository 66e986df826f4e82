import { expect, it } from "vitest";
import { ENGLISH } from "../../../../src/i18n/locale.ts";
import { caveatsOf, type ReportFindings } from "../../../../src/run/report/caveats.ts";
import { Samples } from "../../../../src/run/report/samples.ts";
import { ValueKeys } from "../../../../src/run/state/value-keys.ts";
import { graphOf, llm, sampleOf } from "../../engine/fixtures.ts";

/** Samples with these losses under the texts before and after a run. */
function samplesWith(before: readonly number[], after: readonly number[]): Samples {
  const test = before.map((_, at) => sampleOf(`sample ${at}`));
  const scored = (losses: readonly number[]) =>
    Object.fromEntries(
      test.map(({ id }, at) => [id, { loss: losses[at] ?? 0, lenient: losses[at] ?? 0, formatError: false }]),
    );
  const start = { graph: graphOf([llm("answer", ["question"])]), data: { train: [], validation: [], test } };
  const state = { values: new ValueKeys(), scores: { before: scored(before), after: scored(after) } };
  return new Samples(
    { ...start, options: { threshold: 0 } } as unknown as ConstructorParameters<typeof Samples>[0],
    state as unknown as ConstructorParameters<typeof Samples>[1],
    () => undefined,
    () => null,
  );
}

it("scores that change places are no loss: rounding is not a difference", () => {
  // The sums of these differ in the last digit, by their order.
  const test = samplesWith([0.1, 0.2, 0.3], [0.3, 0.2, 0.1]).compare("test", "before", "after");
  expect(test).toMatchObject({ better: 1, worse: 1, gain: { mean: 0 } });
  const report = {
    ...{ run: { trusted: true, provider: "m", damaged: 0, status: "done", options: { gate: { policy: "strict" } } } },
    ...{ test, validation: test, changes: [], baselines: [], looks: 0, isGraded: true },
  } as unknown as ReportFindings;
  expect(caveatsOf(report, ENGLISH).join("\n")).not.toContain("worse than the original graph");
});
