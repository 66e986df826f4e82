import type { Solution, Solved } from "../../engine/solution-schema.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { oneLine } from "../../i18n/plain-text.ts";
import type { Run } from "../../run/run.ts";
import { choiceReason, chosenOf, isChanged, solveSentence } from "../../run/solutions.ts";
import type { Output } from "./output.ts";
import { wordDiff } from "./word-diff.ts";

/** Prints each row with its attempts, then the difference between its first answer and the one that counts. */
export function printSolutions(run: Run, output: Output): void {
  const { solutions } = run.state();
  for (const solved of solutions) printRow(solved, output);
  output.print(`\n${output.colors.bold(solveSentence(solutions, run.start.options.threshold, ENGLISH))}`);
}

function printRow(solved: Solved, output: Output): void {
  const { colors } = output;
  const { sample, attempts, chosen, reason } = solved;
  const mark = isChanged(solved) ? colors.green("●") : colors.dim("○");
  output.print(`\n${mark} ${colors.bold(oneLine(sample, 80))} · ${outcomeOf(solved)}`);
  for (const attempt of attempts) {
    const isChosen = attempt.step === chosen ? ` ← ${choiceReason(reason, ENGLISH)}` : "";
    output.print(`  ${attempt.step}. ${oneLine(attempt.answer, 100)} (${scoreOf(attempt)})${colors.dim(isChosen)}`);
    if (attempt.criticism) output.print(colors.dim(`     ${oneLine(attempt.criticism, 300)}`));
  }
  const [first, last] = [attempts[0], chosenOf(solved)];
  if (!first || !last || first === last) return;
  for (const line of wordDiff(first.reply, last.reply, colors).split("\n"))
    output.print(`  ${colors.dim("│")} ${line}`);
}

function scoreOf({ score }: Solution): string {
  return score === null ? "not scored" : `score ${ENGLISH.decimal(score)}`;
}

function outcomeOf({ attempts, before, after }: Solved): string {
  const made = ENGLISH.count(attempts.length, "attempt");
  if (before === null || after === null) return made;
  return `${made} · against the target ${ENGLISH.decimal(1 - before)} → ${ENGLISH.decimal(1 - after)}`;
}
