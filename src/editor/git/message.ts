import type { Measured, Proposal } from "../../engine/events.ts";
import { nodeOfInputs } from "../../graph/edges.ts";
import { edgesLabel } from "../../i18n/edges.ts";
import { ENGLISH } from "../../i18n/locale.ts";

/** The content of a commit of applied proposals. */
export interface CommitSubject {
  readonly run: string;
  readonly graphName: string;
  /** The forward model that the scores are about; empty if unknown. */
  readonly model: string;
  /** Proposals whose judged texts are in the commit, apart from spaces at line ends. */
  readonly applied: readonly Proposal[];
  /** Proposals whose texts were edited after they were applied, so that no score is about them. */
  readonly changed?: readonly Proposal[];
  /** Whether `applied` has exactly the accepted proposals, so that the run's scores are about this commit. */
  readonly whole: boolean;
  /** Mean scores of the run on the validation set. */
  readonly validation: Measured;
}

/** A commit message in English: the changes, their scores, and trailers for tools. */
export function commitMessage(subject: CommitSubject): string {
  const { run, graphName, model, applied, changed = [], whole, validation } = subject;
  const what = subjectOf([...applied, ...changed].map(({ node }) => node));
  const figures = applied.map((proposal) => {
    const { node, verdict } = proposal;
    const scored = `${verdict.rightBefore} -> ${verdict.rightAfter} of ${verdict.scored} right`;
    const judged = verdict.policy === "off" ? "no gate" : verdict.decision;
    return `- ${node}: ${judged}, ${scored}, fixed ${verdict.fixed.length}, broke ${verdict.broken.length}${edgesOf(proposal)}`;
  });
  const notes = changed.map(({ node }) => `- ${node}: changed after the run judged it, so not scored`);
  const trailers = [
    `Agentgraph-Run: ${run}`,
    ...(model === "" ? [] : [`Agentgraph-Model: ${oneLine(model)}`]),
    ...lossTrailers(applied, whole && changed.length === 0 ? validation : null),
  ];
  const body = [...figures, ...notes].join("\n");
  return [`${oneLine(`Tune ${what} in ${graphName}`)}\n`, `${body}\n`, trailers.join("\n")].join("\n");
}

/** `the prompt of plan`, `the inputs of answer`, `2 prompts and the inputs of answer` */
function subjectOf(ids: readonly string[]): string {
  const ofInputs = ids.flatMap((id) => nodeOfInputs(id) ?? []);
  const prompts = ids.filter((id) => nodeOfInputs(id) === null);
  return [
    ...(prompts.length === 1 ? [`the prompt of ${prompts[0]}`] : []),
    ...(prompts.length > 1 ? [`${prompts.length} prompts`] : []),
    ...(ofInputs.length === 1 ? [`the inputs of ${ofInputs[0]}`] : []),
    ...(ofInputs.length > 1 ? [`the inputs of ${ofInputs.length} nodes`] : []),
  ].join(" and ");
}

function edgesOf(proposal: Proposal): string {
  return nodeOfInputs(proposal.node) === null ? "" : `, ${edgesLabel(proposal, ENGLISH)}`;
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
  return `Agentgraph-Loss: ${of}${ENGLISH.decimal(before)} -> ${ENGLISH.decimal(after)} (n=${n})`;
}

/** A name on one line, because a line end in a subject would start the body, and one in a trailer another trailer. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
