import { sha256 } from "../../graph/text/sha256.ts";
import type { ModelReply, ModelRequest } from "../model.ts";

/** A request inside the wrapper stack. */
export interface StackRequest extends ModelRequest {
  readonly key: string;
  /** 1 for the first request of a call; set by the retry wrapper. */
  readonly attempt: number;
  /**
   * Aborted as soon as nobody waits for the reply: from then on, nothing is sent. The signal of the call follows in its turn.
   * Default: that signal. Set by single flight.
   */
  readonly left?: AbortSignal;
}

/** The function that each wrapper of the stack takes and returns. */
export type Complete = (request: StackRequest, signal: AbortSignal) => Promise<ModelReply>;

/**
 * Key of the reply store: SHA-256, in hex, of everything the reply depends on. Tag, priority, reservation and
 * `onRequest` are not part of it; nor is the order of the parameters.
 */
export function keyOf(identity: string, request: ModelRequest): string {
  const { model, params, schema, draw } = request;
  const messages = request.messages.map(({ role, content }) => [role, content]);
  const start = `${JSON.stringify([identity, model, messages]).slice(1, -1)},${canonicalOf(params)}`;
  return sha256(`[${start},${schema ? canonicalOf(schema) : null},${JSON.stringify(draw)}]`);
}

/** Parameters and schemas of a run are the same few objects in all its requests. */
const canonicals = new WeakMap<object, string>();

function canonicalOf(value: object): string {
  const known = canonicals.get(value);
  if (known !== undefined) return known;
  const made = canonical(value);
  canonicals.set(value, made);
  return made;
}

/** JSON with sorted keys; undefined values and functions are left out, as in JSON. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
