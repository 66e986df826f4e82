import { CHAIN_OF_THOUGHT } from "../../engine/baseline.ts";
import { ROLES } from "../../graph/graph.ts";
import { oneLine } from "../plain.ts";
import { chance, money, reasonWords, seconds } from "../words.ts";
import { figure, moment, percent, range, signed, whole } from "./figures.ts";
import type { Answer, Change, Comparison, Figure, Report, SampleRow } from "./report.ts";

/** What a report shows in rows: the same in HTML and Markdown. Cells are plain text, not escaped yet. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Rows left out because there are too many to read; all of them stand in the JSON form. */
  readonly left: number;
}

/** Rows of one table that a person will read. */
const ROWS = 100;
/** Characters of a question and of an answer in a table. */
const CELL = 240;

/** One column a set; the baselines and the result stand under the untouched graph, with which they are compared. */
export function resultTable({ validation, test, baselines }: Report): Table {
  const sets = [validation, test].filter((set) => set !== null);
  const row = (name: string, cell: (set: Comparison) => string) => [name, ...sets.map(cell)];
  const scoreOf = ({ score, interval }: Figure) => `${figure(score)} (${range(interval)})`;
  const compared = baselines.flatMap((baseline) => {
    const of = ({ split }: Comparison) => (split === "test" ? baseline.test : baseline.validation);
    const cell = (set: Comparison) => {
      const scored = of(set);
      return scored ? `${scoreOf(scored.after)}, ${gainOf(scored)}` : "not scored";
    };
    return sets.some(of) ? [row(`untouched graph with ${methodWords(baseline.method)}`, cell)] : [];
  });
  const count = ({ samples }: Comparison, change: SampleRow["change"]) =>
    samples.filter((sample) => sample.change === change).length;
  const rows = [
    row("samples", ({ scored, of }) => (scored < of ? `${scored} of ${of}` : `${of}`)),
    row("untouched graph", ({ before }) => scoreOf(before)),
    ...compared,
    row("result", ({ after }) => scoreOf(after)),
    row("gain, sample by sample", gainOf),
    row("right", ({ before, after }) => `${before.right} → ${after.right}`),
    row("fixed / broken", (set) => `${count(set, "fixed")} / ${count(set, "broken")}`),
    row(
      "better / worse, sign test",
      ({ better, worse, p }) => `${better} / ${worse}${p === null ? "" : `, ${chance(p)}`}`,
    ),
    row("lenient score", ({ before, after }) => `${figure(before.lenient)} → ${figure(after.lenient)}`),
    row("not in the form asked for", ({ before, after }) => `${before.formatErrors} → ${after.formatErrors}`),
    row("tokens an answer", ({ before, after }) => `${tokensOf(before)} → ${tokensOf(after)}`),
  ];
  return { head: ["", ...sets.map(({ split }) => split)], rows: sets.length > 0 ? rows : [], left: 0 };
}

function gainOf({ gain: { mean, interval } }: Comparison): string {
  return `${signed(mean)} (${signed(interval[0])} … ${signed(interval[1])})`;
}

function tokensOf({ tokens }: Figure): string {
  return tokens === null ? "–" : whole(tokens);
}

/** A baseline by the name that its event has. */
export function methodWords(method: string): string {
  return method === CHAIN_OF_THOUGHT ? "a step-by-step suffix" : oneLine(method, 60);
}

/** How the intervals of a report come about. */
export function intervalWords({ isGraded }: Report): string {
  return isGraded
    ? "Intervals are of 95 % by bootstrap, for scores are graded; a sample counts as better or worse by the sign of its difference."
    : "Intervals of scores are Wilson's, of gains by bootstrap over the samples, both of 95 %.";
}

export function curveTable({ curve }: Report): Table {
  const rows = curve.map(({ iteration, low, high, interval, accepted }) => [
    iteration === 0 ? "start" : `${iteration}`,
    range([low, high]),
    range(interval),
    iteration === 0 ? "" : `${accepted}`,
  ]);
  return cut(["iteration", "validation score", "interval", "accepted"], rows);
}

export function verdictTable({ verdicts }: Report): Table {
  const rows = verdicts.map(({ iteration, scope, nodes, verdict }) => [
    `${iteration}`,
    nodes.map((node) => oneLine(node, 60)).join(", "),
    scope === "joint" ? "together" : scope === "part" ? "alone" : "those that did no harm",
    verdict.decision,
    reasonWords(verdict.reason),
    `${verdict.scored} of ${verdict.of}`,
    `${verdict.rightBefore} → ${verdict.rightAfter}`,
    `${verdict.fixed.length} / ${verdict.broken.length}`,
    verdict.p === null ? "–" : chance(verdict.p),
  ]);
  const head = ["iteration", "nodes", "judged", "verdict", "because", "scored", "right", "fixed / broken", "sign test"];
  return cut(head, rows);
}

export function costTable({ cost }: Report): Table {
  const rows = cost.byPurpose.map(({ purpose, requests, reused, prompt, completion, usd }) => [
    purpose,
    whole(requests),
    whole(reused),
    whole(prompt),
    whole(completion),
    money(usd),
  ]);
  const { calls, tokens, usd } = cost;
  const total = ["all", whole(calls.total), whole(calls.cached), whole(tokens.prompt), whole(tokens.completion)];
  const head = ["purpose", "calls", "replies reused", "prompt tokens", "reply tokens", "cost"];
  return { head, rows: [...rows, [...total, money(usd)]], left: 0 };
}

export function setupTable({ run, looks }: Report): Table {
  const { options, samples, models } = run;
  const { policy, alpha } = options.gate;
  const budget = [
    options.budget.calls === null ? "" : `${whole(options.budget.calls)} calls`,
    options.budget.tokens === null ? "" : `${whole(options.budget.tokens)} tokens`,
    options.budget.usd === null ? "" : money(options.budget.usd),
  ].filter(Boolean);
  const switched = [options.neighbors ? "" : "neighbours off", options.gradients ? "" : "gradients off"].filter(
    Boolean,
  );
  const rows = [
    ["run", run.id],
    ["graph file", run.graphFile],
    ["begun", moment(run.startedAt)],
    ["took", `${seconds(1000 * run.seconds)}${run.segments > 1 ? `, in ${run.segments} parts` : ""}`],
    ["provider", run.provider],
    ["models asked", ROLES.map((role) => `${role}: ${models[role]}`).join(", ")],
    ["models that answered", run.answered.join(", ") || "none"],
    ["loss", `${run.loss.kind}. ${run.loss.describes}`],
    ["samples", `${samples.train} training, ${samples.validation} validation, ${samples.test} test`],
    ["method", [run.method, ...switched].join(", ")],
    ["gate", policy === "significant" ? `significant, α = ${alpha}` : policy],
    ["looks at the validation set", `${looks}`],
    ["a sample is right at a loss of at most", `${options.threshold}`],
    ["iterations, batch, patience", `${options.iterations}, ${options.batch}, ${options.patience}`],
    ["seed", `${options.seed}`],
    ["budget", budget.join(", ") || "none"],
    ["engine", run.engine],
  ];
  return { head: ["", ""], rows, left: 0 };
}

export function attemptTable({ attempts }: Change): Table {
  const rows = attempts.map(({ iteration, decision, invalid, verdict, hypothesis }) => [
    `${iteration}`,
    invalid === null ? (decision ?? "not judged") : "not used",
    invalid ?? (verdict ? reasonWords(verdict.reason) : ""),
    verdict && verdict.scored > 0 ? `${verdict.rightBefore} → ${verdict.rightAfter} of ${verdict.scored}` : "–",
    oneLine(hypothesis, CELL),
  ]);
  return cut(["iteration", "verdict", "because", "right", "idea"], rows);
}

export function gradientTable({ gradients }: Change): Table {
  const rows = gradients.map(({ iteration, question, text }) => [`${iteration}`, oneLine(question, CELL), text]);
  return cut(["iteration", "sample", "what should change"], rows);
}

/** @param change column that says what became of the sample */
export function sampleTable(samples: readonly SampleRow[], change = false): Table {
  const rows = samples.map((row) => [
    ...(change ? [row.change] : []),
    oneLine(Object.values(row.inputs).join(" · ") || row.id, CELL),
    oneLine(row.expected.join(" or ") || "–", CELL),
    answerCell(row.before),
    answerCell(row.after),
  ]);
  return cut([...(change ? [""] : []), "sample", "expected", "answer before", "answer after"], rows);
}

/** One set under one Θ. */
export function evaluationTable({ split, scored, of, before }: Comparison): Table {
  const { score, interval, right, lenient, formatErrors } = before;
  const head = ["", "samples", "score", "right", "wrong", "not scored", "not in the form asked for", "lenient"];
  const counts = [right, scored - right, of - scored, formatErrors].map(String);
  return {
    head,
    rows: [[split, `${of}`, `${figure(score)} (${range(interval)})`, ...counts, figure(lenient)]],
    left: 0,
  };
}

/** What each sample was answered, the wrong ones first. */
export function answerTable(samples: readonly SampleRow[]): Table {
  const rows = telling(samples).map((row) => [
    row.change,
    oneLine(Object.values(row.inputs).join(" · ") || row.id, CELL),
    oneLine(row.expected.join(" or ") || "–", CELL),
    answerCell(row.after),
  ]);
  return cut(["", "sample", "expected", "answer"], rows);
}

function answerCell(answer: Answer | null): string {
  if (!answer) return "not asked";
  const text = answer.text === null ? "not on record" : oneLine(answer.text, CELL) || "(empty)";
  const graded = answer.score !== null && answer.score > 0 && answer.score < 1;
  const reasons = answer.votes
    .filter(({ score }) => score < 1)
    .map(({ score, reason }) => `${percent(score)}: ${reason}`);
  const judged = reasons.length > 0 ? ` — judge: ${oneLine(reasons.join(" / "), CELL)}` : "";
  return `${text}${graded ? ` (${percent(answer.score)})` : ""}${judged}`;
}

/** The order in which samples tell something. */
export function telling(samples: readonly SampleRow[]): SampleRow[] {
  const order: SampleRow["change"][] = ["broken", "fixed", "unscored", "wrong", "right"];
  return order.flatMap((change) => samples.filter((row) => row.change === change));
}

function cut(head: readonly string[], rows: readonly (readonly string[])[]): Table {
  return { head, rows: rows.slice(0, ROWS), left: Math.max(0, rows.length - ROWS) };
}
