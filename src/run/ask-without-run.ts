import type { EngineDeps } from "../engine/session.ts";
import type { Task } from "../engine/task.ts";
import { createStack } from "../models/stack/stack.ts";
import { openCache, RunReplies } from "./record/replies.ts";
import { newId, prepareRunPaths, type RunPaths } from "./record/run-paths.ts";
import type { RunDeps } from "./run.ts";

/** Calls models outside a run. Replies are read from and written to the shared cache only. */
export async function askWithoutRun<T>(
  { options }: Pick<Task, "options">,
  place: RunPaths,
  root: string,
  { files, clock, machine, sandbox, tools, provider, concurrency, maxWait, price }: Omit<RunDeps, "engine" | "log">,
  use: (deps: EngineDeps) => Promise<T>,
): Promise<T> {
  await prepareRunPaths(files, place, root);
  const cache = await openCache(files, machine, place.cache, newId(clock.now(), root));
  const replies = await RunReplies.open({ files, clock, machine }, null, cache);
  const { seed, budget: limits } = options;
  const stack = createStack({
    provider,
    replies,
    limits,
    concurrency,
    clock,
    seed,
    price,
    ...(maxWait !== undefined && { maxWait }),
  });
  try {
    return await use({
      ...stack,
      price,
      local: { sandbox, ...(tools && { tools }), keep: stack.keep, recall: stack.recall },
    });
  } finally {
    await replies.flushed();
  }
}
