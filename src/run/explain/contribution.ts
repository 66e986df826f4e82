import type { Judged, Proposal } from "../../engine/events.ts";
import { thetaOf } from "../../engine/theta.ts";
import type { Contribution } from "../../i18n/verdict.ts";
import type { RunState } from "../state/state.ts";
import { byKey } from "./by-key.ts";
import { attemptsAt } from "./evidence.ts";

/**
 * What one accepted change adds to the net change of a run, from what the run measured anyway: without any call.
 * @param threshold a sample with at most this loss is right
 * @returns null for a change that was not accepted
 */
export function contributionOf(state: RunState, proposal: Proposal, threshold: number): Contribution | null {
  if (proposal.verdict.decision !== "accepted") return null;
  const known = knownIn(state, threshold);
  const found = known.byId.get(proposal.id) ?? computed(state, proposal, threshold, known.accepted);
  known.byId.set(proposal.id, found);
  return found;
}

/** Whether `contributionOf` returns at once. The first call for a change hashes all texts of the graph. */
export function isContributionKnown(state: RunState, { id, verdict }: Proposal, threshold: number): boolean {
  return verdict.decision !== "accepted" || knownIn(state, threshold).byId.has(id);
}

/** What the contributions of a run depend on, and those computed so far. */
interface Known {
  readonly scores: RunState["scores"];
  readonly texts: RunState["texts"];
  readonly threshold: number;
  /** Number of accepted changes. */
  readonly accepted: number;
  readonly byId: Map<string, Contribution>;
}

/** By the changes of a run, which never change once the run has finished. */
const knownByChanges = new WeakMap<RunState["proposals"], Known>();

function knownIn({ proposals, scores, texts }: RunState, threshold: number): Known {
  const known = knownByChanges.get(proposals);
  if (known?.scores === scores && known.texts === texts && known.threshold === threshold) return known;
  const accepted = proposals.filter(({ verdict }) => verdict.decision === "accepted").length;
  const fresh = { scores, texts, threshold, accepted, byId: new Map() };
  knownByChanges.set(proposals, fresh);
  return fresh;
}

function computed(state: RunState, proposal: Proposal, threshold: number, nodes: number): Contribution {
  const { node, base, verdict, contributes = null } = proposal;
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

/** Verdicts that accepted one proposal by itself. */
const judgedAlone = byKey(({ proposals: [id, ...others], verdict }: Judged) =>
  others.length === 0 && verdict.decision === "accepted" ? id : undefined,
);

/** The first verdict that accepted this very text by itself, with the other nodes as they were in the file. */
function aloneVerdict(state: RunState, { node, base, text }: Proposal) {
  const { judged, startTheta, startTexts } = state;
  if (startTexts[node] !== base) return null;
  const made = new Set(attemptsAt(state, node).flatMap((one) => (one.text === text ? [one.id] : [])));
  const single = [...made].flatMap((id) => judgedAlone(judged, id));
  if (single.length === 0) return null;
  const alone = thetaOf({ ...startTexts, [node]: text });
  const found = single.find(({ theta }) => theta === alone);
  return found && alone !== startTheta ? found.verdict : null;
}
