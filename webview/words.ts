import { format } from "d3";
import type { NodeView, RunView, SampleView, VerdictView } from "./protocol.ts";

/** `12,345`. */
export const count = format(",d");

export const plural = (value: number, one: string, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** `$0.04`, or as many digits as a small sum needs. */
export const money = (usd: number) => `$${usd >= 0.01 || usd === 0 ? usd.toFixed(2) : usd.toPrecision(1)}`;

/** `12.3k`, `4.5M`. */
export function short(value: number): string {
  if (value < 10_000) return count(value);
  return value < 1_000_000
    ? `${(value / 1000).toFixed(value < 100_000 ? 1 : 0)}k`
    : `${(value / 1_000_000).toFixed(1)}M`;
}

/** `45 s`, `3 min 20 s`, `1 h 5 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const KINDS: Readonly<Record<NodeView["kind"], string>> = {
  input: "graph input",
  llm: "LLM node",
  text: "text",
};

export const STATUS: Readonly<Record<RunView["status"], string>> = {
  running: "Running",
  interrupted: "Interrupted",
  done: "Done",
  budget: "Budget reached",
  cancelled: "Cancelled",
  failed: "Failed",
};

/** `accepted, 14 → 17 of 20 right`. */
export function verdictWords({ decision, before, after, scored }: VerdictView): string {
  return scored > 0 ? `${decision}, ${before} → ${after} of ${scored} right` : decision;
}

export type Outcome = "right" | "wrong" | "fixed" | "broken" | "not scored";

/** What the run made of a sample. Right is a loss of 0. */
export function outcomeOf({ before, after }: SampleView): Outcome {
  const latest = after ?? before;
  if (latest === null) return "not scored";
  if (before !== null && after !== null && (before === 0) !== (after === 0)) return after === 0 ? "fixed" : "broken";
  return latest === 0 ? "right" : "wrong";
}
