import * as z from "zod";
import { ROLES } from "../../graph/graph.ts";
import { type ModelReply, type ModelRequest, usage } from "../../models/model.ts";
import type { PlainFailure } from "../../models/revive.ts";

/** A request in the queue: without the parts that belong to the process of the run. */
export const queuedRequest = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.enum(["system", "user", "assistant"]), content: z.string() })),
  params: z.record(z.string(), z.unknown()),
  schema: z.object({ name: z.string(), schema: z.record(z.string(), z.unknown()) }).optional(),
  draw: z.number(),
  purpose: z.enum(ROLES),
});

export type QueuedRequest = z.infer<typeof queuedRequest>;

/** The end of a request: a reply or a failure. */
export const queuedEnd = z.union([
  z.object({
    reply: z.object({
      text: z.string(),
      usage,
      model: z.string(),
      finish: z.enum(["stop", "length", "filter", "other"]),
      withheld: z.string().optional(),
    }),
  }),
  z.object({
    failure: z.object({
      code: z.string(),
      fields: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
      usage: usage.optional(),
    }),
  }),
]);

export type QueuedEnd =
  | { readonly reply: Pick<ModelReply, "text" | "usage" | "model" | "finish" | "withheld"> }
  | { readonly failure: PlainFailure };

export function toQueued({ model, messages, params, schema, draw, tag }: ModelRequest): QueuedRequest {
  return {
    model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    params: { ...params },
    ...(schema && { schema: { name: schema.name, schema: { ...schema.schema } } }),
    draw,
    purpose: tag.purpose,
  };
}

export function fromQueued({ purpose, schema, ...rest }: QueuedRequest): ModelRequest {
  return { ...rest, ...(schema && { schema }), tag: { purpose, node: null, sample: null } };
}
