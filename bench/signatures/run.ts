import type { WarningCode } from "../../src/engine/events.ts";
import { optimize } from "../../src/engine/optimize.ts";
import type { Loss } from "../../src/loss/loss.ts";
import { methods } from "../../src/methods/registry.ts";
import { createStack } from "../../src/models/stack/stack.ts";
import { MemoryReplies } from "../../src/models/stack/store.ts";
import { diagnose } from "../../src/run/explain/diagnostics.ts";
import { RunReducer } from "../../src/run/state/reduce.ts";
import { optionsOf } from "../worlds/run.ts";
import type { WorldOptions } from "../worlds/world.ts";
import { type Failure, worldOf } from "./failures.ts";

const clock = { now: () => 0, sleep: async () => {} };
const price = () => 0;

const verbatim: Loss = {
  kind: "exact",
  describe: () => "",
  score({ targets }, answer) {
    const loss = targets.includes(answer) ? 0 : 1;
    return { loss, lenient: loss, criticism: loss ? `Expected: ${targets[0]}. The answer was: ${answer}` : "" };
  },
};

export interface Seen {
  /** Warnings during the run that are no alarm, because a run may end with nothing more to learn. */
  readonly said: ReadonlySet<WarningCode>;
  /** Signatures at the end. */
  readonly signatures: ReadonlySet<WarningCode>;
  /** Whether anything was accepted. */
  readonly improved: boolean;
}

/** Runs the engine with a planted failure. @returns the warnings */
export async function runFailure(failure: Failure, base: Pick<WorldOptions, "shape" | "seed">): Promise<Seen> {
  const { graph, train, validation, model: provider } = worldOf(failure, base);
  const options = optionsOf({ seed: base.seed, ...failure.options });
  const { budget: limits, seed } = options;
  const replies = new MemoryReplies();
  const stack = createStack({ provider, replies, limits, concurrency: 16, clock, seed, price });
  const choice = { model: "world", params: { temperature: 0 } };
  const models = { forward: choice, backward: choice, optimizer: choice, judge: choice };
  const data = { train, validation, test: [] };
  const task = { graph, data, loss: failure.loss ?? verbatim, models, options };
  const reducer = new RunReducer();
  const said = new Set<WarningCode>();
  const signatures = new Set<WarningCode>();
  let improved = false;
  for await (const event of optimize(methods)(task, { ...stack, price }, new AbortController().signal)) {
    if (event.type === "warning") said.add(event.code);
    if (event.type === "finished") {
      improved = event.proposals.some(({ verdict }) => verdict.decision === "accepted");
      const start = { data, options };
      for (const { code } of diagnose({ start, state: reducer.state, finished: event })) signatures.add(code);
    }
    reducer.apply({ ...event, at: 0 });
  }
  return { said, signatures, improved };
}
