import type { Texts } from "../graph/graph.ts";
import type { CodeRunner } from "../loss/loss.ts";
import type { Budget, Model, Usage } from "../models/model.ts";
import { codeRunner, type Forward, forwardOf } from "./forward/forward.ts";
import { createLlm, type Llm } from "./forward/llm.ts";
import { Pending } from "./forward/pending.ts";
import type { Local } from "./nodes/node-behavior.ts";
import type { RunControl } from "./run-control.ts";
import type { Emit } from "./stream.ts";
import type { Task } from "./task.ts";
import { textsOf } from "./theta.ts";

/** Increases when a change can alter results or prompts: resuming a run of another version can repeat calls. */
export const ENGINE_VERSION = "8";

export interface EngineDeps {
  /** The whole wrapper stack. */
  readonly model: Model;
  readonly budget: Budget;
  /**
   * For nodes and losses that don't need a model. Absent: they can't run here. `search` replaces the one over the
   * task's corpora.
   */
  readonly local?: Omit<Local, "search"> & Partial<Pick<Local, "search">>;
  /** US dollars; null if no price is known. */
  readonly price: (model: string, usage: Usage) => number | null;
  /** What the user changes during the run. Absent: nothing. */
  readonly control?: RunControl;
}

/** What every job of the engine uses: one log, one reply store, one budget. */
export interface Session {
  /** Texts of the file. */
  readonly start: Texts;
  readonly ask: Llm;
  readonly forward: Forward;
  /** Forward and backward passes on the way. */
  readonly begun: Pending;
  /** For nodes and losses that don't need a model; undefined if they can't run here. */
  readonly local: Local | undefined;
  /** Runs a loss in code. @param values of nodes, by id */
  readonly code: (values: CodeRunner["values"]) => CodeRunner;
  readonly emit: Emit;
  /** The first error that left a sample unscored, if no sample could be scored; otherwise null. */
  nothingScored(): Error | null;
}

/** @param stop aborting it stops every call of the session */
export function openSession(task: Task, deps: EngineDeps, stop: AbortController, emit: Emit): Session {
  const { model, price, control } = deps;
  const local = deps.local && { search: searchIn(task), ...deps.local, recall: heldBack(deps.local.recall) };
  const ask = createLlm({ model, price, seed: task.options.seed, stop, emit });
  let isScored = false;
  let lost: Error | null = null;
  const onScored = (error: unknown) => {
    if (error === null) isScored = true;
    else lost ??= error instanceof Error ? error : new Error(String(error));
  };
  const begun = new Pending();
  const forward = forwardOf(task, { ask, emit, onScored, begun, price, ...(local && { local }) });
  /** Holds back tool calls while the run is paused. */
  function heldBack(recall: Local["recall"]): Local["recall"] {
    if (!control) return recall;
    return (key, make) =>
      recall(key, async () => {
        await ask.yieldNow();
        await control.opened(stop.signal);
        return make();
      });
  }

  return {
    start: textsOf(task.graph),
    ask,
    forward,
    begun,
    local,
    code: (values) => codeRunner(local, values),
    emit,
    nothingScored: () => (isScored ? null : lost),
  };
}

function searchIn({ corpora = {} }: Task): Local["search"] {
  return async (node, query, top) => {
    const { search } = await import("../data/retrieval.ts");
    return search(corpora[node] ?? [], query, top);
  };
}
