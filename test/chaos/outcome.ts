import { isDeepStrictEqual } from "node:util";

/** What became of one case. */
export interface Outcome {
  /** What was lost or broken, in words. Empty: nothing. */
  readonly faults: readonly string[];
  /** That the server saw. */
  readonly requests: number;
  readonly segments: number;
  readonly kills: number;
}

/** For someone who looks at a single case. */
export interface WatchOptions {
  readonly log?: (line: string) => void;
  /** Leaves the folder where it is. */
  readonly keep?: boolean;
}

/** Where two values differ first, as JSON has them; null where they do not. */
export function differenceOf(one: unknown, other: unknown, path = ""): string | null {
  const [a, b] = [asJson(one), asJson(other)];
  if (isDeepStrictEqual(a, b)) return null;
  if (typeof a === "object" && typeof b === "object" && a && b) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const difference = differenceOf(Reflect.get(a, key), Reflect.get(b, key), `${path}.${key}`);
      if (difference !== null) return difference;
    }
  }
  const show = (value: unknown) => JSON.stringify(value)?.slice(0, 200) ?? "nothing";
  return `${path}: ${show(a)} instead of ${show(b)}`;
}

function asJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
