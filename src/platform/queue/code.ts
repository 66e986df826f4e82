import * as z from "zod";
import { CodeFault, CodeLimit } from "../../deps.ts";

const file = z.object({ file: z.string(), text: z.string() });

/** A call of code in the queue. */
export const queuedCode = z.object({
  code: file.extend({ modules: z.array(file).optional() }),
  argument: z.unknown(),
  limits: z.object({ time: z.number(), memory: z.number() }),
});

export type QueuedCode = z.infer<typeof queuedCode>;

/** Its end. */
export const codeEnd = z.union([
  z.object({ fault: z.object({ file: z.string(), line: z.number().nullable(), problem: z.string() }) }),
  z.object({
    limit: z.object({ file: z.string(), limit: z.enum(["time", "memory", "stack"]), amount: z.number() }),
  }),
  /** The worker's limits are lower than those of the call. */
  z.object({ declined: z.literal(true) }),
  /** Several workers ended while they ran it. */
  z.object({ lost: z.literal(true) }),
  z.object({ value: z.unknown() }),
]);

export type CodeEnd = z.infer<typeof codeEnd>;

/** @throws errors that are neither a fault nor a limit */
export function codeFailure(error: unknown): CodeEnd {
  if (error instanceof CodeFault) return { fault: { file: error.file, line: error.line, problem: error.problem } };
  if (error instanceof CodeLimit) return { limit: { file: error.file, limit: error.limit, amount: error.amount } };
  throw error;
}

/** A call of a tool in the queue. */
export const queuedTool = z.object({ name: z.string(), input: z.record(z.string(), z.unknown()) });

/** Its end. A tool can fail because of its input, or return no result. */
export const toolEnd = z.union([
  z.object({ text: z.string() }),
  z.object({ fault: z.string() }),
  z.object({ unreachable: z.string() }),
]);

export type ToolEnd = z.infer<typeof toolEnd>;
