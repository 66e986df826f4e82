import { type Fault, TRANSIENT } from "../server/faults.ts";
import type { End } from "./disk.ts";
import type { ServerConditions } from "./faulty-server.ts";
import { createRandomGraph, type RandomGraph } from "./random-graph.ts";
import { SeededRandom } from "./seeded-random.ts";

/** Writes of which a process may fall just short. */
export const CRASH_POINTS = {
  lock: (path: string) => /\/locks\/\w+\.json$/.test(path),
  start: (path: string) => path.endsWith("/start.json"),
  seal: (_: string, text: string) => text.startsWith('{"seal"'),
  end: (_: string, text: string) => text.startsWith('{"type":"finished"'),
  summary: (path: string, text: string) => path.endsWith("/summary.json") && !text.includes('"status":"running"'),
  release: (path: string) => path.endsWith(".json released"),
};

/** What interrupts one segment of a run, and when: at a share of the requests that the whole run makes. */
export type Accident =
  | {
      readonly kind: "killed" | "disk full";
      readonly at: number;
      /** Before the write that is so many later, or before a certain one. */
      readonly before: number | keyof typeof CRASH_POINTS;
      /** Of the text of that write, what gets through. */
      readonly share: number;
    }
  | { readonly kind: "cancelled" | "key refused" | "server down"; readonly at: number }
  | { readonly kind: "budget"; readonly unit: "calls" | "tokens" | "usd"; readonly at: number };

/** One case: everything that happens in it follows from seed and number. */
export interface Case {
  readonly seed: number;
  readonly number: number;
  readonly graph: RandomGraph;
  readonly conditions: ServerConditions;
  /** One a segment; after the last, the run is resumed to its end. */
  readonly accidents: readonly Accident[];
  /** Bytes that the log and the replies lose at their ends after each kill, as when the power fails: at most one line each. */
  readonly truncates: boolean;
  /** A second run of the same graph beside the first one's replies. */
  readonly secondRun: boolean;
  /** Another process tries to take the run up in the middle of each segment, and to read it. */
  readonly secondProcess: boolean;
  /** The clock is set forward and back. */
  readonly clockJumps: boolean;
}

const FAULTS: readonly Fault[] = [...TRANSIENT, "stream"];

export function caseOf(seed: number, number: number): Case {
  const random = new SeededRandom(`chaos ${seed} ${number}`);
  const graph = createRandomGraph(random);
  const rare = random.some<Fault>(["hang", "huge"], 0.04);
  const conditions = {
    seed: random.seed,
    rate: random.pick([0, 0.05, 0.2, 0.4]),
    faults: [...random.some(FAULTS, 0.6), ...rare],
    latency: random.pick([0, 100, 600]),
  };
  const accidents = Array.from({ length: random.pick([0, 1, 1, 2, 2, 3, 5]) }, () => accidentOf(random));
  const truncates = random.chance(0.2);
  const secondRun = random.chance(0.2);
  return {
    seed,
    number,
    graph,
    conditions,
    accidents,
    truncates,
    secondRun,
    secondProcess: random.chance(0.3),
    clockJumps: random.chance(0.2),
  };
}

function accidentOf(random: SeededRandom): Accident {
  const at = random.unit();
  const kind = random.pick([
    "killed",
    "killed",
    "killed",
    "cancelled",
    "cancelled",
    "disk full",
    "key refused",
    "server down",
    "budget",
    "budget",
  ] as const);
  switch (kind) {
    case "killed":
    case "disk full":
      return { kind, at, before: momentOf(random), share: random.unit() };
    case "budget":
      return { kind, unit: random.pick(["calls", "calls", "tokens", "usd"]), at };
    default:
      return { kind, at };
  }
}

/** What such an accident does to a process. */
export function endOf({ kind, before, share }: Extract<Accident, { kind: "killed" | "disk full" }>): End {
  let left = typeof before === "number" ? before : 0;
  const isHere = typeof before === "number" ? () => left-- <= 0 : CRASH_POINTS[before];
  return { how: kind === "killed" ? "killed" : "full", isHere, share };
}

function momentOf(random: SeededRandom): number | keyof typeof CRASH_POINTS {
  if (random.chance(0.3)) return random.pick(["lock", "start", "seal", "end", "summary", "release"]);
  return random.chance(0.3) ? random.int(0, 400) : random.int(0, 12);
}
