import picocolors from "picocolors";
import { describe, expect, it } from "vitest";
import type { Output } from "../../../../src/cli/output/output.ts";
import { printOutcome } from "../../../../src/cli/output/print-outcome.ts";
import type { Run } from "../../../../src/run/run.ts";
import { RunReducer } from "../../../../src/run/state/reduce.ts";

/** What is printed of a cancelled run. */
function printed(queue: string): string {
  const lines: string[] = [];
  const print = (text = "") => void lines.push(text);
  const output = { colors: picocolors.createColors(false), print, warn: print } as unknown as Output;
  const { state } = new RunReducer();
  const run = {
    id: "1",
    start: { graph: { name: "g", nodes: [] }, graphFile: "g.agentgraph.json", options: { threshold: 0 } },
    files: { folder: "runs/1" },
    state: () => ({ ...state, status: "cancelled" }),
  } as unknown as Run;
  printOutcome(run, output, { queue });
  return lines.join("\n");
}

describe("the command that resumes a run", () => {
  it.each(["redis://:secret@host:6379/3", "rediss://user:se:cret@host:6379/3", "redis://user:se@cret@host:6379/3"])(
    "names the queue without its password (%s)",
    (queue) => {
      const text = printed(queue);
      expect(text).toMatch(/agentgraph resume runs\/1 --queue '?rediss?:\/\/…@host:6379\/3/);
      expect(text).not.toMatch(/user|se:|cret/);
    },
  );
});
