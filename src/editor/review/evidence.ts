import { l10n } from "vscode";
import { inputTitle } from "../../data/sample-title.ts";
import type { Proposal, Theta } from "../../engine/events.ts";
import type { OpenedRun } from "../runs/opened-run.ts";
import { oneLine } from "../ui/markdown.ts";

/** The label of a sample: its first input, not its id. */
export function sampleLabel(run: OpenedRun, id: string): string {
  const [question] = Object.values(run.sample(id)?.inputs ?? {});
  return question ? oneLine(inputTitle(question), 60) : id;
}

/** Θ that the verdict on the proposal is about. */
function judgedTheta(run: OpenedRun, proposal: Proposal): Theta {
  const judged = run.state.judged.findLast(({ proposals }) => proposals.includes(proposal.id));
  return judged && proposal.verdict.decision !== "accepted" ? judged.theta : run.state.theta;
}

/** A validation sample with its inputs, the expected answer, and the answers before and after the proposal. */
export async function sampleAnswers(run: OpenedRun, proposal: Proposal, id: string) {
  const sample = run.sample(id);
  const { output } = run.graph;
  const before = await run.value(run.state.startTheta, id, output);
  const after = await run.value(judgedTheta(run, proposal), id, output);
  const lines = Object.entries(sample?.inputs ?? {}).map(([label, text]) => ({ label, text }));
  if (sample) lines.push({ label: l10n.t("Expected"), text: sample.targets.join(l10n.t(" or ")) });
  if (before !== null) lines.push({ label: l10n.t("Answer before"), text: before });
  if (after !== null) lines.push({ label: l10n.t("Answer after"), text: after });
  return lines;
}
