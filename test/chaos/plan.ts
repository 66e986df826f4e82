import { type Fault, TRANSIENT } from "../server/faults.ts";
import { Dice } from "./dice.ts";
import type { End } from "./disk.ts";
import type { Weather } from "./wire.ts";
import { createWorld, type World } from "./world.ts";

/** Writes of which a process may fall just short. */
export const LANDMARKS = {
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
      readonly before: number | keyof typeof LANDMARKS;
      /** Of the text of that write, what gets through. */
      readonly share: number;
    }
  | { readonly kind: "cancelled" | "key refused" | "server down"; readonly at: number }
  | { readonly kind: "budget"; readonly unit: "calls" | "tokens" | "usd"; readonly at: number };

/** One case: everything that happens in it follows from seed and number. */
export interface Case {
  readonly seed: number;
  readonly number: number;
  readonly world: World;
  readonly weather: Weather;
  /** One a segment; after the last, the run is resumed to its end. */
  readonly accidents: readonly Accident[];
  /** Bytes that the log and the replies lose at their ends after each kill, as when the power fails: at most one line each. */
  readonly torn: boolean;
  /** A second run of the same graph beside the first one's replies. */
  readonly again: boolean;
  /** Another process tries to take the run up in the middle of each segment, and to read it. */
  readonly rival: boolean;
  /** The clock is set forward and back. */
  readonly restless: boolean;
}

const FAULTS: readonly Fault[] = [...TRANSIENT, "stream"];

export function caseOf(seed: number, number: number): Case {
  const dice = new Dice(`chaos ${seed} ${number}`);
  const world = createWorld(dice);
  const rare = dice.some<Fault>(["hang", "huge"], 0.04);
  const weather = {
    seed: dice.seed,
    rate: dice.pick([0, 0.05, 0.2, 0.4]),
    faults: [...dice.some(FAULTS, 0.6), ...rare],
    latency: dice.pick([0, 100, 600]),
  };
  const accidents = Array.from({ length: dice.pick([0, 1, 1, 2, 2, 3, 5]) }, () => accidentOf(dice));
  const torn = dice.chance(0.2);
  const again = dice.chance(0.2);
  return { seed, number, world, weather, accidents, torn, again, rival: dice.chance(0.3), restless: dice.chance(0.2) };
}

function accidentOf(dice: Dice): Accident {
  const at = dice.unit();
  const kind = dice.pick([
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
      return { kind, at, before: momentOf(dice), share: dice.unit() };
    case "budget":
      return { kind, unit: dice.pick(["calls", "calls", "tokens", "usd"]), at };
    default:
      return { kind, at };
  }
}

/** What such an accident does to a process. */
export function endOf({ kind, before, share }: Extract<Accident, { kind: "killed" | "disk full" }>): End {
  let left = typeof before === "number" ? before : 0;
  const isHere = typeof before === "number" ? () => left-- <= 0 : LANDMARKS[before];
  return { how: kind === "killed" ? "killed" : "full", isHere, share };
}

function momentOf(dice: Dice): number | keyof typeof LANDMARKS {
  if (dice.chance(0.3)) return dice.pick(["lock", "start", "seal", "end", "summary", "release"]);
  return dice.chance(0.3) ? dice.int(0, 400) : dice.int(0, 12);
}
