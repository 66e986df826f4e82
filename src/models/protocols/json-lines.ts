import type { Clock } from "../../deps.ts";
import { parseJson } from "../../graph/replies/json.ts";
import { BodyBroken } from "../errors.ts";

/** Maximum characters of a line: no reply has more. */
const LONGEST_LINE = 16 * 2 ** 20;

interface Reading {
  readonly identity: string;
  readonly clock: Clock;
  /** Milliseconds to wait for each part of the body: the whole may take longer than a request. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Ends the connection. */
  readonly stop: () => void;
}

/**
 * JSON Lines of a body, which can be larger than memory.
 * @throws BodyBroken if the body is cut off, stalls or has a line that isn't JSON; the signal's reason when aborted
 */
export async function* jsonLines(
  { body }: Response,
  { identity, clock, timeout, signal, stop }: Reading,
): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = "";
  let arrived = new AbortController();
  const watch = () => {
    arrived = new AbortController();
    clock.sleep(timeout, arrived.signal).then(stop, () => {});
  };
  watch();
  try {
    for await (const part of body ?? []) {
      arrived.abort();
      const lines = (rest + decoder.decode(part, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > LONGEST_LINE) throw new BodyBroken(identity, "a line is too long");
      for (const line of lines) if (line.trim() !== "") yield rowOf(line, identity);
      watch();
    }
  } catch (error) {
    if (signal.aborted || error instanceof BodyBroken) throw error;
    throw new BodyBroken(identity, "the body was cut off");
  } finally {
    arrived.abort();
    stop();
  }
  if (rest.trim() !== "") yield rowOf(rest, identity);
}

function rowOf(line: string, identity: string): unknown {
  const row = parseJson(line);
  if (!row) throw new BodyBroken(identity, "a line isn't valid JSON");
  return row.value;
}
