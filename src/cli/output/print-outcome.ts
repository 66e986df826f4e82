import type { Baseline, BaselineScore, Evaluated, FrontPoint, Measured, Proposal } from "../../engine/events.ts";
import { inColumns } from "../../i18n/columns.ts";
import { edgeLabels } from "../../i18n/edges.ts";
import { callsLabel } from "../../i18n/labels.ts";
import { ENGLISH, roundedInside } from "../../i18n/locale.ts";
import { frontHead, frontRows } from "../../i18n/pareto-front.ts";
import { oneLine, plain } from "../../i18n/plain-text.ts";
import { type Contribution, nodeFigureLabels, VERDICT_MARKS, verdictLine, verdictReason } from "../../i18n/verdict.ts";
import { isNote, warningMessages } from "../../i18n/warnings.ts";
import { withoutCredentials } from "../../models/address.ts";
import type { BudgetLimits } from "../../models/model.ts";
import { tiersLabel } from "../../models/tiers/choice.ts";
import { contributionOf } from "../../run/explain/contribution.ts";
import { noProposalMessage } from "../../run/explain/no-proposal.ts";
import type { Job } from "../../run/job.ts";
import { quoted } from "../../run/report/reproduce.ts";
import type { Run } from "../../run/run.ts";
import type { ModelOptions } from "../arguments/options.ts";
import type { Output } from "./output.ts";
import { printSolutions } from "./print-solutions.ts";
import { wordDiff } from "./word-diff.ts";

/**
 * Prints each proposal as an inline diff below its verdict, then the scores and cost, then the next step.
 * @param inBatches calls that go on at the server although the run was cancelled
 */
export function printOutcome(run: Run, output: Output, server: Partial<ModelOptions>, inBatches = 0): void {
  const state = run.state();
  const { colors } = output;
  const title = plain(run.start.graph.name).trim() || run.start.graphFile;
  output.print(colors.bold(title) + colors.dim(` · run ${run.id}`));
  for (const proposal of state.proposals) {
    printProposal(proposal, contributionOf(state, proposal, run.start.options.threshold), output);
  }
  if (run.start.job?.kind === "solve") printSolutions(run, output);
  const evaluated = state.finished?.evaluated;
  const why = run.start.job ? "" : noProposalMessage(state, ENGLISH);
  if (why !== "") output.print(`\n${why}`);
  output.print();
  const figures = [
    evaluated ? evaluationFigure(evaluated, run.start.job) : "",
    scoreFigure("validation score", state.finished?.validation ?? null),
    scoreFigure("test score", state.finished?.test ?? null),
  ].filter(Boolean);
  if (figures.length > 0) output.print(colors.bold(figures.join(" · ")));
  const byNode = [
    ...nodeLines("validation", state.finished?.validation.nodes),
    ...nodeLines("test", state.finished?.test?.nodes),
    ...Object.entries(evaluated?.nodes ?? {}).map(
      ([node, { n, after, rightAfter }]) =>
        `  ${oneLine(node, 60)} ${thousandths(after)} (${rightAfter} of ${n} right)`,
    ),
  ];
  for (const line of byNode) output.print(line);
  for (const baseline of state.baselines) output.print(colors.dim(baselineFigure(baseline)));
  for (const line of frontLines(state.finished?.front ?? [], run.id)) output.print(line);
  const { before, after } = state.finished?.formatErrors ?? { before: 0, after: 0 };
  const tokens = `${ENGLISH.count(state.tokens.prompt + state.tokens.completion, "token")}${state.tokens.estimated ? " (estimated)" : ""}`;
  const parts = [callsLabel(state.calls, ENGLISH), tokens, ENGLISH.money(state.usd), ENGLISH.duration(state.elapsed)];
  if (before + after > 0) parts.push(`format errors ${before} → ${after}`);
  if (evaluated && evaluated.formatErrors > 0) parts.push(ENGLISH.count(evaluated.formatErrors, "format error"));
  output.print(colors.dim(parts.join(" · ")));
  // The other tier was told with its first reply.
  const bad = state.warnings.filter((one) => !isNote(one) && one.code !== "other tier");
  for (const warning of warningMessages(bad, ENGLISH, run.start.data)) output.warn(warning);
  for (const message of warningMessages(state.warnings.filter(isNote))) output.print(message);
  const next = nextStep(run, output, server);
  if (next) output.print(next);
  if (inBatches > 0) output.print(batchStep(run, output, server, inBatches));
}

/** `validation, category: 12 → 18 of 20 right`; empty if the answer alone is scored. */
function nodeLines(set: string, nodes: Measured["nodes"]): string[] {
  return nodeFigureLabels(nodes, ENGLISH).map((label) => `  ${set}, ${label}`);
}

/** A table of the results of the Pareto front, and the command that picks one. */
function frontLines(front: readonly FrontPoint[], run: string): string[] {
  if (front.length < 2) return [];
  const lines = inColumns([frontHead(ENGLISH), ...frontRows(front, ENGLISH)]);
  return [
    "",
    ...lines.map((line) => `  ${line}`),
    `To write another one to the files: agentgraph pick ${run} <number>`,
    "",
  ];
}

/** `test score 0.850 (n = 19; 1 of 20 samples could not be scored)` */
function evaluationFigure({ split, n, scored, score }: Evaluated, job: Job | undefined): string {
  const what = job?.kind === "evaluate" && job.method ? `${split} score with a step-by-step suffix` : `${split} score`;
  return `${what} ${score === null ? "?" : thousandths(score)} (n = ${scored}${scored < n ? `; ${n - scored} of ${n} samples could not be scored` : ""})`;
}

/** A score of one set alone: `0.850` */
function thousandths(score: number): string {
  return roundedInside(score, 3).toFixed(3);
}

/** `validation score 0.30 → 0.85 (n = 20)`; empty if nothing was measured. */
function scoreFigure(name: string, measured: Measured | null): string {
  if (!measured || (measured.before === null && measured.after === null)) return "";
  const [before, after] = [measured.before, measured.after].map((score) =>
    score === null ? "?" : ENGLISH.decimal(score),
  );
  return `${name} ${before} → ${after} (n = ${measured.n})`;
}

/** `for comparison, the original graph with a step-by-step suffix: validation 0.45, test 0.43` */
function baselineFigure({ validation, test }: Baseline): string {
  const score = (set: BaselineScore | null) => (set ? ENGLISH.decimal(set.score) : "not scored");
  const sets = [`validation ${score(validation)}`, ...(test ? [`test ${score(test)}`] : [])];
  return `for comparison, the original graph with a step-by-step suffix: ${sets.join(", ")}`;
}

function printProposal(proposal: Proposal, part: Contribution | null, output: Output): void {
  const { node, base, text, hypothesis, verdict, contributes } = proposal;
  const { colors } = output;
  const paint = {
    accepted: colors.green,
    rejected: colors.red,
    undecided: colors.yellow,
    screened: colors.dim,
  }[verdict.decision];
  const heading = paint(`${VERDICT_MARKS[verdict.decision]} ${colors.bold(oneLine(node, 80))}`);
  output.print(`\n${heading} · ${verdictLine(verdict, ENGLISH, part)}`);
  if (verdict.decision !== "accepted") output.print(colors.dim(`  ${verdictReason(verdict, ENGLISH)}`));
  if (contributes === false) {
    output.print(colors.yellow("  No effect: the score is the same without this change. You can leave it out."));
  }
  if (hypothesis) output.print(colors.dim(`  Idea: ${oneLine(hypothesis, 300)}`));
  for (const label of edgeLabels(proposal, ENGLISH)) output.print(`  ${plain(label)}`);
  for (const line of wordDiff(base, text, colors).split("\n")) output.print(`  ${colors.dim("│")} ${line}`);
}

/** The commands are whole: without its server's options, a run asks another server than it did, or none. */
function nextStep(run: Run, { colors }: Output, options: Partial<ModelOptions>): string {
  const resume = colors.cyan(["agentgraph", "resume", run.files.folder, ...sameServer(options)].map(quoted).join(" "));
  switch (run.state().status) {
    case "budget":
      return `The run reached its budget. To resume it with a larger one: ${resume} ${raised(run.start.options.budget)}`;
    case "cancelled":
      return `The run was cancelled. All replies so far are saved. To resume it: ${resume}`;
    case "failed":
      return `The run failed. All replies so far are saved. To resume it: ${resume}`;
    default:
      return "";
  }
}

function batchStep(run: Run, { colors }: Output, options: Partial<ModelOptions>, calls: number): string {
  const { provider, baseUrl, azureApiVersion, caFile } = options;
  const server = sameServer({ provider, baseUrl, azureApiVersion, caFile } as Partial<ModelOptions>);
  const cancel = ["agentgraph", "batches", run.files.folder, "--cancel", ...server].map(quoted).join(" ");
  const left = `Batches with ${ENGLISH.count(calls, "call")} continue at the server and are charged.`;
  return `${left} To cancel them: ${colors.cyan(cancel)}`;
}

/** The options that a resumed run needs again. Name and password of a queue are left out. */
function sameServer(options: Partial<ModelOptions>): string[] {
  const { provider, baseUrl, azureApiVersion, caFile, tier, tierFallback, queue, workersOnly, tools, codeCommands } =
    options;
  const values = {
    "--provider": provider,
    "--base-url": baseUrl,
    "--azure-api-version": azureApiVersion,
    "--ca-file": caFile,
    "--tier": tier && tiersLabel(tier),
    "--queue": queue && withoutCredentials(queue),
    "--tools": tools,
    "--code-commands": codeCommands,
  };
  const flags = { "--tier-fallback": tierFallback, "--workers-only": workersOnly };
  return [
    ...Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [name, value])),
    ...Object.entries(flags).flatMap(([name, isOn]) => (isOn ? [name] : [])),
  ];
}

/** The options that raise the limits of a run. */
function raised({ calls, tokens, usd }: BudgetLimits): string {
  const options = [
    calls === null ? "" : "--budget-calls <n>",
    tokens === null ? "" : "--budget-tokens <n>",
    usd === null ? "" : "--budget-usd <amount>",
  ];
  return options.filter(Boolean).join(" or ");
}
