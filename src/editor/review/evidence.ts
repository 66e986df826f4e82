import { l10n } from "vscode";
import type { Gradient, Proposal, Theta } from "../../engine/events.ts";
import { type OpenedRun, sampleOf } from "../runs/opened.ts";

/** Gradients on the proposal's own text, each text once, the newest first. */
export function gradientsOf(run: OpenedRun, proposal: Proposal): Gradient[] {
  const seen = new Set<string>();
  return run.state.gradients.toReversed().filter((gradient) => {
    const key = `${gradient.sample} ${gradient.text}`;
    if (gradient.of !== "text" || gradient.node !== proposal.node || !gradient.text || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Θ under which the proposal was judged. */
function judgedTheta(run: OpenedRun, proposal: Proposal): Theta {
  const judged = run.state.judged.findLast(({ proposals }) => proposals.includes(proposal.id));
  return judged && proposal.verdict.decision !== "accepted" ? judged.theta : run.state.theta;
}

/** A validation sample as the proposal found and left it: question, expected answer, answer before and after. */
export async function sampleAnswers(run: OpenedRun, proposal: Proposal, id: string) {
  const sample = sampleOf(run, id);
  const { output } = run.graph;
  const before = await run.value(run.state.startTheta, id, output);
  const after = await run.value(judgedTheta(run, proposal), id, output);
  const lines = Object.entries(sample?.inputs ?? {}).map(([label, text]) => ({ label, text }));
  if (sample) lines.push({ label: l10n.t("Expected"), text: sample.targets.join(l10n.t(" or ")) });
  if (before !== null) lines.push({ label: l10n.t("Answer before"), text: before });
  if (after !== null) lines.push({ label: l10n.t("Answer after"), text: after });
  return lines;
}
