import type { Measured, Proposal } from "../../engine/events.ts";

/** What a commit of applied proposals is about. */
export interface CommitSubject {
  readonly run: string;
  readonly graphName: string;
  /** Those whose texts are in the commit as the run judged them, up to spacing at line ends. */
  readonly applied: readonly Proposal[];
  /** Those whose texts were changed after they were applied: no figure holds for what is committed. */
  readonly changed?: readonly Proposal[];
  /** Whether they are all that the gate accepted, and nothing else: the run's own figures hold for them then. */
  readonly whole: boolean;
  /** Mean scores of the run on the validation set. */
  readonly validation: Measured;
}

/** A commit message in English: what changed, the figures that speak for it, and trailers that tools can read. */
export function commitMessage({ run, graphName, applied, changed = [], whole, validation }: CommitSubject): string {
  const names = [...applied, ...changed].map(({ node }) => node);
  const what = names.length === 1 ? `the prompt of ${names[0]}` : `${names.length} prompts`;
  const figures = applied.map(({ node, verdict }) => {
    const scored = `${verdict.rightBefore} -> ${verdict.rightAfter} of ${verdict.scored} right`;
    const judged = verdict.policy === "off" ? "no gate" : verdict.decision;
    return `- ${node}: ${judged}, ${scored}, fixed ${verdict.fixed.length}, broke ${verdict.broken.length}`;
  });
  const notes = changed.map(({ node }) => `- ${node}: changed after the run judged it, so not scored`);
  const trailers = [
    `Agentgraph-Run: ${run}`,
    ...lossTrailers(applied, whole && changed.length === 0 ? validation : null),
  ];
  const body = [...figures, ...notes].join("\n");
  return [`${oneLine(`Tune ${what} in ${graphName}`)}\n`, `${body}\n`, trailers.join("\n")].join("\n");
}

function lossTrailers(applied: readonly Proposal[], validation: Measured | null): string[] {
  if (validation && validation.before !== null && validation.after !== null) {
    return [lossTrailer("", 1 - validation.before, 1 - validation.after, validation.n)];
  }
  return applied
    .filter(({ verdict }) => verdict.scored > 0)
    .map(({ node, verdict }) => lossTrailer(`${node} `, verdict.lossBefore, verdict.lossAfter, verdict.scored));
}

function lossTrailer(of: string, before: number, after: number, n: number): string {
  return `Agentgraph-Loss: ${of}${before.toFixed(2)} -> ${after.toFixed(2)} (n=${n})`;
}

/** A name from a file may contain line ends; in a subject they would start a body. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
