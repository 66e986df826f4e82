import type { Proposal } from "../../engine/events.ts";
import { thetaOf } from "../../engine/theta.ts";
import type { Contribution } from "../../i18n/verdict.ts";
import type { RunState } from "../state/state.ts";

/**
 * What one accepted change adds to the net change of a run, from what the run measured anyway: without any call.
 * @param threshold a sample with at most this loss is right
 * @returns null for a change that was not accepted
 */
export function contributionOf(state: RunState, proposal: Proposal, threshold: number): Contribution | null {
  const { node, base, verdict, contributes = null } = proposal;
  if (verdict.decision !== "accepted") return null;
  const nodes = state.proposals.filter((one) => one.verdict.decision === "accepted").length;
  return {
    nodes,
    isNeeded: contributes,
    without: nodes < 2 ? null : withoutChange(state, node, base, verdict.scored, threshold),
    alone: nodes < 2 ? null : aloneVerdict(state, proposal),
  };
}

function withoutChange(
  state: RunState,
  node: string,
  base: string,
  all: number,
  threshold: number,
): Contribution["without"] {
  const rest = state.scores[thetaOf({ ...state.texts, [node]: base })] ?? {};
  const pairs = Object.entries(state.scores[state.theta] ?? {}).flatMap(([sample, { split, loss: kept }]) => {
    const left = rest[sample]?.loss ?? null;
    return split === "validation" && kept !== null && left !== null ? [{ kept, left }] : [];
  });
  if (pairs.length === 0) return null;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const right = (losses: readonly number[]) => losses.filter((loss) => loss <= threshold).length;
  const [kept, left] = [pairs.map((pair) => pair.kept), pairs.map((pair) => pair.left)];
  return {
    scored: pairs.length,
    isWhole: pairs.length >= all,
    rightWith: right(kept),
    rightWithout: right(left),
    scoreWith: 1 - sum(kept) / pairs.length,
    scoreWithout: 1 - sum(left) / pairs.length,
  };
}

/** The first verdict that accepted this very text by itself, with the other nodes as they were in the file. */
function aloneVerdict({ judged, attempts, startTheta, startTexts }: RunState, { node, base, text }: Proposal) {
  if (startTexts[node] !== base) return null;
  const made = new Set(attempts.filter((one) => one.node === node && one.text === text).map(({ id }) => id));
  const alone = thetaOf({ ...startTexts, [node]: text });
  const found = judged.find(
    ({ proposals, theta, verdict }) =>
      proposals.length === 1 && made.has(proposals[0] ?? "") && theta === alone && verdict.decision === "accepted",
  );
  return found && alone !== startTheta ? found.verdict : null;
}
