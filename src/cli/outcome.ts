import type { Evaluated, Proposal } from "../engine/events.ts";
import { ENGLISH } from "../i18n/locale.ts";
import type { BudgetLimits } from "../models/model.ts";
import type { Job } from "../run/job.ts";
import {
  baselineWords,
  callsWords,
  changeWords,
  count,
  groupedWarnings,
  money,
  seconds,
  titleOf,
  verdictLine,
} from "../run/messages.ts";
import { noProposalWords } from "../run/no-proposal.ts";
import { oneLine } from "../run/plain.ts";
import { quoted } from "../run/report/reproduce.ts";
import type { Run } from "../run/run.ts";
import type { Output } from "./output.ts";
import { wordDiff } from "./word-diff.ts";

/** Each proposal as an inline diff under its verdict, then the figures, then what to do next. */
export function printOutcome(run: Run, output: Output): void {
  const state = run.state();
  const { colors } = output;
  output.say(colors.bold(`${titleOf(run.start.graph.name, run.start.graphFile)}`) + colors.dim(` · run ${run.id}`));
  for (const proposal of state.proposals) printProposal(proposal, output);
  const evaluated = state.finished?.evaluated;
  const why = run.start.job ? "" : noProposalWords(state, ENGLISH);
  if (why !== "") output.say(`\n${why}`);
  output.say();
  const figures = [
    evaluated ? evaluatedWords(evaluated, run.start.job) : "",
    changeWords("validation score", state.finished?.validation ?? null),
    changeWords("test score", state.finished?.test ?? null),
  ].filter(Boolean);
  if (figures.length > 0) output.say(colors.bold(figures.join(" · ")));
  for (const baseline of state.baselines) output.say(colors.dim(baselineWords(baseline)));
  const { before, after } = state.finished?.formatErrors ?? { before: 0, after: 0 };
  const tokens = `${count(state.tokens.prompt + state.tokens.completion, "token")}${state.tokens.estimated ? " (estimated)" : ""}`;
  const parts = [callsWords(state.calls), tokens, money(state.usd), seconds(state.elapsed)];
  if (before + after > 0) parts.push(`format errors ${before} → ${after}`);
  if (evaluated && evaluated.formatErrors > 0) parts.push(count(evaluated.formatErrors, "format error"));
  output.say(colors.dim(parts.join(" · ")));
  for (const warning of groupedWarnings(state.warnings)) output.warn(warning);
  const next = nextStep(run, output);
  if (next) output.say(next);
}

/** `test score 0.850 (n = 20, 1 not scored)` */
function evaluatedWords({ split, n, scored, score }: Evaluated, job: Job | undefined): string {
  const what = job?.kind === "evaluate" && job.method ? `${split} score with a step-by-step suffix` : `${split} score`;
  return `${what} ${score?.toFixed(3) ?? "?"} (n = ${n}${scored < n ? `, ${n - scored} not scored` : ""})`;
}

function printProposal({ node, base, text, hypothesis, verdict, contributes }: Proposal, output: Output): void {
  const { colors } = output;
  const [mark, paint] = {
    accepted: ["✓", colors.green] as const,
    rejected: ["✗", colors.red] as const,
    undecided: ["?", colors.yellow] as const,
    screened: ["–", colors.dim] as const,
  }[verdict.decision];
  output.say(`\n${paint(`${mark} ${colors.bold(oneLine(node, 80))}`)} · ${verdictLine(verdict)}`);
  if (contributes === false)
    output.say(
      colors.yellow("  contributes nothing: without this change the score would be as high; you may leave it out"),
    );
  if (hypothesis) output.say(colors.dim(`  because: ${oneLine(hypothesis, 300)}`));
  for (const line of wordDiff(base, text, colors).split("\n")) output.say(`  ${colors.dim("│")} ${line}`);
}

function nextStep(run: Run, { colors }: Output): string {
  const resume = colors.cyan(`agentgraph resume ${quoted(run.files.folder)}`);
  switch (run.state().status) {
    case "budget":
      return `The budget is reached. Go on with a larger one: ${resume} ${raised(run.start.options.budget)}`;
    case "cancelled":
      return `Cancelled; what was paid for is kept. Go on: ${resume}`;
    case "failed":
      return `The run failed; what was paid for is kept. Go on: ${resume}`;
    default:
      return "";
  }
}

/** The options that raise the bounds of a run. */
function raised({ calls, tokens, usd }: BudgetLimits): string {
  const options = [
    calls === null ? "" : "--budget-calls <n>",
    tokens === null ? "" : "--budget-tokens <n>",
    usd === null ? "" : "--budget-usd <amount>",
  ];
  return options.filter(Boolean).join(" or ");
}
