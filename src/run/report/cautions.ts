import type { OptimizeOptions } from "../../engine/task.ts";
import { oneLine, plain } from "../plain.ts";
import { chance, count } from "../words.ts";
import { figure, percent, range, signed } from "./figures.ts";
import type { Comparison, Report } from "./report.ts";
import { falseAcceptRisk } from "./risk.ts";

/** Below this many samples a verdict is called weak (method.md, "Small sets"). */
export const ENOUGH_SAMPLES = 50;
/** Chance below which a split of better and worse samples is not put down to luck. */
const RARE = 0.05;
/** Growth of an answer's tokens that is worth a word. */
const DEARER = 1.25;

/** What the sentences about a report are made from. */
export type Found = Omit<Report, "cautions" | "gaps">;

/** What a sceptic should know before believing the figures, the gravest first; then what speaks for them. */
export function cautionsOf(report: Found): string[] {
  const { evaluated } = report;
  if (evaluated) return [...aboutOrigin(report), ...aboutEnd(report), ...aboutEvaluation(evaluated)];
  return [
    ...aboutOrigin(report),
    ...aboutEnd(report),
    ...aboutGate(report),
    ...aboutTest(report),
    ...aboutBaselines(report),
    ...aboutValidation(report),
    ...aboutForm(report),
    ...aboutChanges(report),
  ];
}

function aboutOrigin({ run }: Found): string[] {
  const said: string[] = [];
  if (!run.madeHere) {
    said.push(
      "This run was not made on this machine, or its files were changed since. Every figure here is a claim until the run is repeated.",
    );
  }
  if (run.provider === "simulated") {
    said.push("The simulated model answered. The figures show how the method works; they say nothing of a real model.");
  }
  if (run.damaged > 0) {
    said.push(`${count(run.damaged, "line")} of the run's log could not be read, so figures may lack something.`);
  }
  return said;
}

function aboutEnd({ run }: Found): string[] {
  switch (run.standing) {
    case "done":
      return [];
    case "budget":
      return ["The budget ended the run early. With a larger one it could have found more, or have proved less."];
    case "running":
      return ["The run is still under way: these are the figures so far."];
    case "failed": {
      const why = run.detail ? `: ${oneLine(run.detail, 300).replace(/\.$/, "")}` : "";
      return [`The run failed${why}. What stands here was measured until then.`];
    }
    default:
      return ["The run was stopped before its end. What stands here was measured until then."];
  }
}

function aboutGate({ run, changes }: Found): string[] {
  const taken = changes.some(({ verdict }) => verdict.decision === "accepted");
  if (run.options.gate.policy !== "off" || !taken) return [];
  return ["No gate was used: every proposal was taken, better or not."];
}

function aboutTest({ test, validation, run }: Found): string[] {
  if (!test) {
    const why = run.samples.test > 0 ? "The test set was not scored" : "There is no test set";
    return [
      `${why}, so nothing here was measured on samples that took no part in choosing the texts. Give the graph a test set of 50 samples or more.`,
    ];
  }
  const gain = gainOf(test);
  const expected = validation ? gainOf(validation) : gain;
  if (gain < 0) {
    return [`On the test set the result is worse than the untouched graph (${signed(gain)}). Do not apply it unseen.`];
  }
  if (expected >= 0.1 && gain < expected / 2) {
    return [
      `On the test set the gain is ${signed(gain)}, on the validation set ${signed(expected)}: part of it did not carry over to new samples.`,
    ];
  }
  if (gain === 0) return [];
  const words = `On the test set, which took no part in the choice, the gain is ${signed(gain)} (${gainRange(test)}): ${splitWords(test)}.`;
  return [words + (test.p !== null && test.p > RARE ? " That may still be luck." : "")];
}

function aboutBaselines({ baselines, test, validation }: Found): string[] {
  return baselines.flatMap((baseline) => {
    const [result, plain] = test && baseline.test ? [test, baseline.test] : [validation, baseline.validation];
    if (!result || !plain) return [];
    const [found, simple] = [result.after.score, plain.after.score];
    const words = `A step-by-step suffix alone, with nothing optimized, scores ${figure(simple)} on the ${plain.split} set; the result scores ${figure(found)}.`;
    const { lenient } = plain.after;
    // A graph that takes the whole reply for the answer counts its reasoning as part of that.
    const fair =
      lenient > simple
        ? ` Where the right answer may stand anywhere in the reply, that is ${figure(lenient)} and ${figure(result.after.lenient)}.`
        : "";
    return [simple >= found ? `${words} The suffix does as well, for less: try that first.` : `${words}${fair}`];
  });
}

function aboutValidation({ validation, looks, isGraded, run }: Found): string[] {
  if (!validation) return ["Nothing was scored on the validation set."];
  const said: string[] = [];
  const { scored, of, after, p } = validation;
  const gain = gainOf(validation);
  if (gain > 0 && p !== null && p > RARE) {
    said.push(`On the validation set ${splitWords(validation)}: the gain may be luck.`);
  }
  if (scored < ENOUGH_SAMPLES) {
    said.push(
      `The validation set is small: with ${count(scored, "sample")}, a score of ${figure(after.score)} stands for anything in ${range(after.interval)} (95 %, ${isGraded ? "bootstrap" : "Wilson"}), so verdicts are weak. About ${ENOUGH_SAMPLES} samples tell more.`,
    );
  }
  if (scored < of) said.push(`${of - scored} of ${of} validation samples are not scored under both texts.`);
  if (looks > 1 && gain > 0) {
    said.push(
      `The gate looked at the validation set ${looks} times and kept what did best there, so the score on it flatters the result.`,
    );
  }
  return [...said, ...aboutFalseAccepts(run.options.gate, validation, looks)];
}

/** How easily the gate is fooled, in figures of this run. */
function aboutFalseAccepts(
  gate: OptimizeOptions["gate"],
  { better, worse, scored }: Comparison,
  looks: number,
): string[] {
  const differ = better + worse;
  if (gate.policy === "off" || differ === 0) return [];
  const once = falseAcceptRisk(gate, differ);
  const ever = 1 - (1 - once) ** looks;
  const several = looks > 1 ? `, and at least one such text in ${looks} independent looks with ${chanceOf(ever)}` : "";
  return [
    `A gate can be fooled: where ${differ} of ${scored} samples come out differently, as they do here, a ${gate.policy} gate accepts a text that is in truth no better with ${chanceOf(once)}${several}. The test set is what tells.`,
  ];
}

function chanceOf(share: number): string {
  return share > 0.995 ? "near certainty" : `a chance of ${share < 0.01 ? "under 1 %" : percent(share)}`;
}

function aboutEvaluation({ split, scored, of, before }: Comparison): string[] {
  const said: string[] = [];
  if (scored < of) said.push(`${of - scored} of ${of} samples are not scored, because calls for them failed.`);
  if (scored < ENOUGH_SAMPLES) {
    said.push(
      `With ${count(scored, "sample")}, a score of ${figure(before.score)} stands for anything in ${range(before.interval)} (95 %).`,
    );
  }
  if (before.formatErrors > 0) {
    said.push(
      `${before.formatErrors} answers are not in the form the graph asks for. They count as wrong, but may not be.`,
    );
  }
  if (split !== "test") {
    said.push(
      `The texts may have been chosen on this ${split === "train" ? "training" : "validation"} set, which flatters them. Only a test set that decided nothing gives the honest figure.`,
    );
  }
  return said;
}

/** A gain may be one of form: the right answer was there before, but could not be read. */
function aboutForm({ validation }: Found): string[] {
  if (!validation) return [];
  const { before, after, scored } = validation;
  const said: string[] = [];
  const gain = gainOf(validation);
  if (gain > 0 && after.lenient - before.lenient < gain / 2) {
    said.push(
      `Much of the gain is one of form: where the right answer may stand anywhere in the reply, the validation score is ${figure(before.lenient)} before and ${figure(after.lenient)} after.`,
    );
  }
  if (after.formatErrors > 0) {
    said.push(
      `${after.formatErrors} of ${scored} final answers on the validation set are not in the form the graph asks for. They count as wrong, but may not be.`,
    );
  }
  return said;
}

function aboutChanges({ changes }: Found): string[] {
  const said = changes
    .filter(({ earns }) => earns === false)
    .map(({ node }) => `The change of ${oneLine(node, 80)} earns nothing: without it the result is no worse. Drop it.`);
  for (const { node, text } of changes) {
    if (plain(text) === text.replace(/\r\n?/g, "\n")) continue;
    said.push(
      `The text proposed for ${oneLine(node, 80)} holds characters that no page shows: control characters, or marks that turn the direction of writing. Look at it in the JSON form of this report before you apply it.`,
    );
  }
  const net = changes.find(({ verdict }) => verdict.decision === "accepted")?.verdict;
  if (net && net.tokensBefore > 0 && net.tokensAfter > DEARER * net.tokensBefore) {
    const more = percent(net.tokensAfter / net.tokensBefore - 1);
    said.push(
      `An answer takes ${more} more tokens than before (${Math.round(net.tokensBefore)} → ${Math.round(net.tokensAfter)}).`,
    );
  }
  return said;
}

function gainOf({ before, after }: Comparison): number {
  return after.score - before.score;
}

function gainRange({ gain: { interval } }: Comparison): string {
  return `95 %: ${signed(interval[0])} … ${signed(interval[1])}`;
}

/** `9 of 20 samples got better and 1 worse; chance alone does that with p = 0.021` */
function splitWords({ better, worse, p, scored }: Comparison): string {
  const by = p === null ? "" : `; chance alone makes a split this uneven with ${chance(p)}`;
  return `${better} of ${scored} samples got better and ${worse} worse${by}`;
}
