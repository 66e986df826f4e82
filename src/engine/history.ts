import type { Attempted, Verdict, VerdictReason } from "./events.ts";
import { block } from "./prompt.ts";

/** Rejected and unusable versions shown to ϕ, newest first. */
const SHOWN = 4;

export interface Entry {
  readonly attempt: Attempted;
  verdict: Verdict | null;
}

/** Reasons that say by themselves that a text did harm. */
const HARM: ReadonlySet<VerdictReason> = new Set(["every output alike", "broke training samples"]);

/** Attempts of a run by parameter: ϕ is shown what was tried and what it scored (method.md §2.7). */
export class History {
  readonly #entries = new Map<string, Entry[]>();

  add(attempt: Attempted): void {
    const entries = this.#entries.get(attempt.node) ?? [];
    entries.push({ attempt, verdict: null });
    this.#entries.set(attempt.node, entries);
  }

  judge(id: string, node: string, verdict: Verdict): void {
    const entry = this.#entries.get(node)?.findLast(({ attempt }) => attempt.id === id && !attempt.invalid);
    if (entry) entry.verdict = verdict;
  }

  /**
   * True for a text that did harm before: it broke samples, made every answer alike or could not be used. One that only
   * made no difference may come back: beside other texts, or under a better Θ, it can be what was missing.
   */
  refuted(node: string, text: string): boolean {
    return this.of(node).some(
      ({ attempt, verdict }) => attempt.text === text && (attempt.invalid !== null || harmful(verdict)),
    );
  }

  /** True once the gate has found a text that breaks by itself what was right. */
  hasBroken(): boolean {
    const all = [...this.#entries.values()].flat();
    return all.some(({ verdict }) => verdict?.reason === "broke some");
  }

  /** Proposals that no verdict has reached yet; in an order that does not depend on which reply came first. */
  unjudged(): Entry[] {
    return [...this.#entries]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, entries]) => entries)
      .filter(({ attempt, verdict }) => attempt.invalid === null && !verdict);
  }

  of(node: string): readonly Entry[] {
    return this.#entries.get(node) ?? [];
  }

  /** The last accepted version and the last rejected or unusable ones, with what they scored. */
  shown(node: string, present: string): string {
    const entries = this.of(node);
    const accepted = entries.findLast(
      ({ verdict, attempt }) => verdict?.decision === "accepted" && attempt.text === present,
    );
    const failed = entries
      .filter(({ verdict, attempt }) => attempt.invalid !== null || verdict?.decision === "rejected")
      .filter(({ attempt }) => attempt.text !== "")
      .slice(-SHOWN);
    return [
      ...(accepted ? [block("previous_text", accepted.attempt.base, { outcome: scores(accepted) })] : []),
      ...failed.map((entry) => block("rejected_text", entry.attempt.text, { outcome: scores(entry) })),
    ].join("\n\n");
  }
}

function scores({ attempt, verdict }: Entry): string {
  if (attempt.invalid !== null) return `could not be used: ${attempt.invalid}`;
  if (!verdict) return "";
  const { rightBefore, rightAfter, scored, fixed, broken } = verdict;
  return `on ${scored} queries: ${rightBefore} right before, ${rightAfter} right after; fixed ${fixed.length}, broke ${broken.length}`;
}

function harmful(verdict: Verdict | null): boolean {
  return verdict?.decision === "rejected" && (verdict.broken.length > 0 || HARM.has(verdict.reason));
}
