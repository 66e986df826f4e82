import { expect, it } from "vitest";
import { solve } from "../../../../src/engine/solve/solve.ts";
import type { Loss } from "../../../../src/loss/loss.ts";
import { never } from "../../models/fakes.ts";
import { prepare } from "../runs.ts";

it("ends at the mean of votes that just passes: 0.6, 0.7 and 0.8 at a threshold of 0.3", async () => {
  const loss = 1 - (0.6 + 0.7 + 0.8) / 3;
  expect(loss).toBeGreaterThan(0.3);
  const votes: Loss = {
    kind: "judge",
    targetless: true,
    describe: () => "",
    score: () => ({ loss, lenient: loss, criticism: "Better." }),
  };
  const { task, deps } = prepare({ loss: votes });
  const runner = solve({ split: "validation", solver: "textgrad", steps: 2 });
  const attempts: number[] = [];
  for await (const event of runner({ ...task, options: { ...task.options, threshold: 0.3 } }, deps, never)) {
    if (event.type === "solved") attempts.push(event.attempts.length);
  }
  expect(new Set(attempts)).toEqual(new Set([1]));
});
