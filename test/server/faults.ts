import { createHash } from "node:crypto";

/** What can go wrong with one request. */
export const FAULTS = [
  "401",
  "404",
  "429",
  "429 retry-after",
  "500",
  "503",
  "hang",
  "reset",
  "cut",
  "bad json",
  "empty",
  "huge",
  "no schema",
  // The reply ends half way, at a bound of the server's own.
  "length",
  // A content filter takes the reply, or the prompt.
  "filter",
  "filtered prompt",
  // The request is too much for the model's context: OpenAI says so, and llama.cpp as a fault of its own.
  "too long",
  "too long 500",
  // Nothing is left on the account.
  "quota",
  // The server asks for two hours.
  "429 for hours",
  // What a hotel's network sends instead, and what a gateway sends whose server is down.
  "portal",
  "502 page",
  // A rate limit that claims success.
  "429 as 200",
  // The reply as a stream of events.
  "stream",
] as const;
export type Fault = (typeof FAULTS)[number];

/** Faults after which repeating the request helps, and that take no time. */
export const TRANSIENT: readonly Fault[] = [
  "429",
  "429 retry-after",
  "500",
  "503",
  "reset",
  "cut",
  "bad json",
  "empty",
  "502 page",
  "429 as 200",
];

export interface Asked {
  /** 1 for the server's first chat request. */
  readonly count: number;
  /** 1 for the first request with this body. */
  readonly nth: number;
  /** Names the body. */
  readonly content: string;
}

/** Decides what goes wrong with a request; null: nothing. */
export type Faults = (asked: Asked) => Fault | null;

/** Faults at a rate in 0 … 1, decided by seed and content, so that the order of requests does not matter. */
export function randomFaults(rate: number, seed: number, kinds: readonly Fault[] = TRANSIENT): Faults {
  return ({ content, nth }) => {
    if (unitOf(`${seed} ${content} ${nth}`) >= rate) return null;
    return kinds[Math.floor(unitOf(`kind ${seed} ${content} ${nth}`) * kinds.length)] ?? null;
  };
}

/** A number in 0 … 1 that the text alone decides. */
export function unitOf(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0) / 2 ** 32;
}
