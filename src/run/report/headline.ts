import { count, money, seconds } from "../words.ts";
import { figure } from "./figures.ts";
import type { Comparison, Report } from "./report.ts";

/** What came of the run, in a sentence or two. */
export function headline({ validation, test, changes, cost, run, evaluated }: Report): string {
  const tokens = cost.tokens.prompt + cost.tokens.completion;
  const spent = `${count(cost.calls.total, "call")}, ${count(tokens, "token")}, ${money(cost.usd)}, ${seconds(1000 * run.seconds)}`;
  if (evaluated) {
    const { split, before, scored } = evaluated;
    return `The graph as it is scores ${figure(before.score)} on the ${split} set: ${before.right} of ${scored} right. It took ${spent}.`;
  }
  const accepted = changes.filter(({ verdict }) => verdict.decision === "accepted").length;
  const proposed = count(changes.length, "proposed text");
  const passed = run.options.gate.policy === "off" ? "taken without a gate" : "passed the gate";
  const what = changes.length === 0 ? "No text was proposed" : `${accepted} of ${proposed} ${passed}`;
  const scores = [validation, test].flatMap((set) => (set ? [scoreWords(set)] : []));
  return `${[what, ...scores].join("; ")}. It took ${spent}.`;
}

function scoreWords({ split, before, after, of }: Comparison): string {
  return `${split} score ${figure(before.score)} → ${figure(after.score)} (n = ${of})`;
}
