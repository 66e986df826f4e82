import { describe, expect, it } from "vitest";
import type { Sample } from "../../../../src/data/sample.ts";
import type { Task } from "../../../../src/engine/task.ts";
import { ENGLISH } from "../../../../src/i18n/locale.ts";
import { adviceMessage, adviceOn, withSubset } from "../../../../src/run/explain/advice.ts";
import { five } from "../../../pages/graphs.ts";

const rows = (count: number): Sample[] =>
  Array.from({ length: count }, (_, i) => ({ id: `r${i}`, inputs: {}, targets: ["x"], feedback: null }));

/** Four nodes ask a model for each answer. */
function task(validation: number, test = 0, policy: "strict" | "significant" | "off" = "strict"): Task {
  const data = { train: rows(20), validation: rows(validation), test: rows(test) };
  return { graph: five, data, options: { gate: { policy, alpha: 0.05 } } } as unknown as Task;
}

const said = (of: Task, calls: number | null) => adviceOn(of, calls).map((one) => adviceMessage(one, ENGLISH));

describe("before a run", () => {
  it("says that one validation sample can show nothing", () => {
    expect(said(task(1), null)).toEqual([
      "The validation set has 1 sample, so any gain can be chance. Use at least 50.",
    ]);
  });

  it("says what a small set can show", () => {
    expect(said(task(20), null)[0]).toBe(
      "The validation set has 20 samples. A gain of fewer than 6 samples can be chance, though the gate accepts it.",
    );
    expect(said(task(20, 0, "significant"), null)[0]).toContain("only if it fixes at least 6 samples, or more if");
    expect(said(task(4, 0, "significant"), null)[0]).toContain("too few for the gate to accept anything");
    expect(said(task(50), null)).toEqual([]);
  });

  it("says nothing of a gate that is switched off", () => {
    expect(said(task(1, 0, "off"), null)).toEqual([]);
  });

  it("proposes a subset and a budget where 2,000 rows leave calls for 8 verdicts", () => {
    const calls = 4 * 2000 * 9;
    const [advice] = adviceOn(task(2000), calls);
    expect(advice).toMatchObject({ code: "budget holds few verdicts", verdicts: 8, budget: calls });
    const { subset, calls: enough } = advice as { subset: number; calls: number };
    // Either is enough for a dozen verdicts.
    expect(adviceOn(withSubset(task(2000), subset), calls)).toEqual([]);
    expect(adviceOn(task(2000), enough)).toEqual([]);
    expect(said(task(2000), calls)[0]).toContain("about 8 changes on the whole validation set (2,000 samples)");
  });

  it("proposes no subset that could show nothing", () => {
    expect(said(task(2000, 200), 2000)[0]).toMatch(/not enough to score a change .*\. Allow about [\d,]+ calls\.$/);
  });

  it("draws a subset evenly, in order, each sample once", () => {
    const { validation, train } = withSubset(task(100), 10).data;
    expect(validation.map(({ id }) => id)).toEqual([
      "r9",
      "r19",
      "r29",
      "r39",
      "r49",
      "r59",
      "r69",
      "r79",
      "r89",
      "r99",
    ]);
    expect(train).toHaveLength(20);
  });
});
