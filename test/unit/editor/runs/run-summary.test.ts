import { expect, it } from "vitest";
import { lastWithResult, type RunSummary } from "../../../../src/editor/runs/run-summary.ts";

function run(id: string, fields: Partial<RunSummary>): RunSummary {
  return { id, job: null, status: "done", proposals: [], ...fields } as RunSummary;
}

const proposals = [{ id: "p", node: "plan", decision: "accepted", act: null }] as unknown as RunSummary["proposals"];

it("the verdicts of a run stay until another run has some", () => {
  const reviewed = run("reviewed", { proposals });
  const evaluated = run("evaluated", { job: { kind: "evaluate", split: "validation" } as RunSummary["job"] });
  const newer = [run("running", { status: "running" }), run("failed", { status: "failed" }), evaluated];
  expect(lastWithResult([...newer, reviewed])).toBe(reviewed);
  const without = run("without proposals", {});
  expect(lastWithResult([...newer, without, reviewed])).toBe(without);
  expect(lastWithResult(newer)).toBeNull();
});
