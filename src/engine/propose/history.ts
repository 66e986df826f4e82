import * as z from "zod";
import type { ReadOnly } from "../../graph/read-only.ts";
import { addedSentences } from "../../graph/text/sentences.ts";
import type { Attempted, ScreenReason, Verdict } from "../events.ts";
import { block } from "../forward/prompt.ts";

/** Maximum number of rejected and unusable versions shown to ϕ, newest first. */
const SHOWN = 4;

/** Maximum length of the changes of a version that is shown by these, in multiples of its own length. */
const LONG = 0.5;

/** A text that an earlier run tried and dropped. */
export const earlierText = z.object({
  node: z.string(),
  text: z.string(),
  /** Its outcome, described for ϕ. */
  outcome: z.string(),
});
export type EarlierText = ReadOnly<z.infer<typeof earlierText>>;

export interface Entry {
  readonly attempt: Attempted;
  /** The gate's latest. */
  verdict: Verdict | null;
  /** Why it was dropped before the gate; null: it was not. */
  screened: ScreenReason | null;
  /** Whether the verdict is on this attempt alone. */
  alone: boolean;
}

/** The attempts of a run, as methods can read them. */
export interface Attempts {
  /** Attempts for one parameter, oldest first. */
  of(node: string): readonly Readonly<Entry>[];
  /** Proposals without a decision, in an order that does not depend on which reply arrived first. */
  unjudged(): readonly Readonly<Entry>[];
  /** Whether the gate has found a text that by itself breaks samples that were right. */
  hasBroken(): boolean;
  /**
   * For ϕ: the last accepted version and the last rejected or unusable ones, each once, with their scores.
   * @param isProse whether the texts consist of sentences: a failed one that differs in a few is then shown by these. Default: false.
   */
  shown(node: string, present: string, isProse?: boolean): string;
}

/** Screens that show that a text does harm. */
const HARM: ReadonlySet<ScreenReason> = new Set(["constant output", "breaks training samples"]);

/** Attempts of a run by parameter: ϕ sees what was tried and how it scored. */
export class History implements Attempts {
  readonly #entries = new Map<string, Entry[]>();

  /** @param earlier attempts of other runs, oldest first: shown to ϕ until this run has failures of its own */
  constructor(private readonly earlier: readonly EarlierText[] = []) {}

  add(attempt: Attempted): void {
    const entries = this.#entries.get(attempt.node) ?? [];
    entries.push({ attempt, verdict: null, screened: null, alone: false });
    this.#entries.set(attempt.node, entries);
  }

  judge(id: string, node: string, verdict: Verdict, alone: boolean): void {
    const entry = this.#find(id, node);
    if (entry) Object.assign(entry, { verdict, alone });
  }

  screen(id: string, node: string, reason: ScreenReason): void {
    const entry = this.#find(id, node);
    if (entry) entry.screened = reason;
  }

  #find(id: string, node: string): Entry | undefined {
    return this.#entries.get(node)?.findLast(({ attempt }) => attempt.id === id && !attempt.invalid);
  }

  /**
   * Whether a text did harm before: it broke samples, gave a constant output or could not be used. A text that made
   * no difference may be proposed again: beside other texts, or under a better Θ, it can help.
   */
  refuted(node: string, text: string): boolean {
    return this.of(node).some(
      (entry) => entry.attempt.text === text && (entry.attempt.invalid !== null || harmful(entry)),
    );
  }

  hasBroken(): boolean {
    const all = [...this.#entries.values()].flat();
    return all.some(({ verdict, alone }) => alone && breaksOnly(verdict));
  }

  unjudged(): Entry[] {
    return [...this.#entries]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, entries]) => entries)
      .filter(({ attempt, verdict, screened }) => attempt.invalid === null && !verdict && !screened);
  }

  of(node: string): readonly Entry[] {
    return this.#entries.get(node) ?? [];
  }

  shown(node: string, present: string, isProse = false): string {
    const entries = this.of(node);
    const accepted = entries.findLast(
      ({ verdict, attempt }) => verdict?.decision === "accepted" && attempt.text === present,
    );
    const own = entries
      .filter(isFailed)
      .filter(({ attempt }) => attempt.text !== "" && attempt.invalid !== "repeats an earlier text")
      .map((entry) => ({ text: entry.attempt.text, outcome: scores(entry) }));
    const tried = new Set(entries.map(({ attempt }) => attempt.text));
    const before = this.earlier
      .filter((one) => one.node === node && one.text !== present && !tried.has(one.text))
      .map(({ text, outcome }) => ({ text, outcome: `in an earlier run, ${outcome}` }));
    const all = [...before, ...own];
    const failed = all.filter(({ text }, at) => !all.slice(at + 1).some((later) => later.text === text)).slice(-SHOWN);
    return [
      ...(accepted ? [block("previous_text", accepted.attempt.base, { outcome: scores(accepted) })] : []),
      ...failed.map(({ text, outcome }) => {
        const changes = isProse ? changesIn(present, text) : null;
        return changes === null
          ? block("rejected_text", text, { outcome })
          : block("rejected_text", changes, { shown: "by its changes to current_text", outcome });
      }),
    ].join("\n\n");
  }
}

/** The sentences that a text adds (+) and leaves out (-), one per line; null if the text itself is hardly longer. */
function changesIn(present: string, text: string): string | null {
  const left = addedSentences(text, present).map((sentence) => `- ${sentence}`);
  const added = addedSentences(present, text).map((sentence) => `+ ${sentence}`);
  const changes = [...left, ...added].join("\n");
  return changes !== "" && changes.length <= LONG * text.length ? changes : null;
}

function isFailed({ attempt, verdict, screened }: Entry): boolean {
  return (
    attempt.invalid !== null || verdict?.decision === "rejected" || (screened !== null && screened !== "superseded")
  );
}

const SCREENED: Readonly<Record<ScreenReason, string>> = {
  "constant output": "not scored: it gave the same result for different queries",
  "breaks training samples": "not scored: it broke queries that were right before",
  "no gain on training samples": "not scored: the training cases came out no better",
  eliminated: "not scored: another version did better",
  superseded: "not scored: a later version took its place",
  violation: "not scored: it breaks a rule",
};

function scores({ attempt, verdict, screened }: Entry): string {
  if (attempt.invalid !== null) return `could not be used: ${attempt.invalid}`;
  return outcomeOf(screened, verdict);
}

/** Describes the outcome of a text for ϕ; empty if it has none. */
export function outcomeOf(screened: ScreenReason | null, verdict: Verdict | null): string {
  if (screened) return SCREENED[screened];
  if (!verdict) return "";
  const { rightBefore, rightAfter, scored, fixed, broken } = verdict;
  return `on ${scored} queries: ${rightBefore} right before, ${rightAfter} right after; fixed ${fixed.length}, broke ${broken.length}`;
}

/** Whether the text broke more than it fixed. */
function breaksOnly(verdict: Verdict | null): boolean {
  return verdict?.decision === "rejected" && verdict.broken.length > 0 && verdict.fixed.length === 0;
}

function harmful({ verdict, screened }: Entry): boolean {
  return (verdict?.decision === "rejected" && verdict.broken.length > 0) || (screened !== null && HARM.has(screened));
}
