import type { Split } from "../../data/sample.ts";
import { CHAIN_OF_THOUGHT } from "../../engine/baseline.ts";
import type { Decision } from "../../engine/events.ts";
import { ROLES } from "../../graph/graph.ts";
import { oneLine } from "../plain.ts";
import type { Speech } from "../speech.ts";
import { invalidWords, reasonWords } from "../words.ts";
import type { Answer, Change, Comparison, Figure, Report, SampleRow } from "./report.ts";

/** What a report shows in rows: the same in HTML and Markdown. Cells are plain text, not escaped yet. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Rows left out because there are too many to read; all of them stand in the JSON form. */
  readonly left: number;
  /** A column whose words are coloured by what they mean, row by row. */
  readonly tones?: { readonly column: number; readonly of: readonly Tone[] };
}

export type Tone = Decision | SampleRow["change"] | "";

/** Rows of one table that a person will read. */
const ROWS = 100;
/** Characters of a question and of an answer in a table. */
const CELL = 240;

/** A set of samples by its name in a sentence: `{0} score`. */
export function splitWord(split: Split, { t }: Speech): string {
  return { train: t("training set"), validation: t("validation set"), test: t("test set") }[split];
}

function decisionWord(decision: Decision, { t }: Speech): string {
  return { accepted: t("accepted"), rejected: t("rejected"), undecided: t("undecided") }[decision];
}

function changeWord(change: SampleRow["change"], { t }: Speech): string {
  return {
    fixed: t("fixed"),
    broken: t("broken"),
    right: t("right"),
    wrong: t("wrong"),
    unscored: t("not scored"),
  }[change];
}

/** One column a set; the baselines and the result stand under the untouched graph, with which they are compared. */
export function resultTable({ validation, test, baselines }: Report, speech: Speech): Table {
  const { t } = speech;
  const sets = [validation, test].filter((set) => set !== null);
  const row = (name: string, cell: (set: Comparison) => string) => [name, ...sets.map(cell)];
  const scoreOf = ({ score, interval }: Figure) => `${speech.figure(score)} (${speech.range(interval)})`;
  const gainOf = ({ gain: { mean, interval } }: Comparison) =>
    `${speech.signed(mean)} (${speech.signed(interval[0])} … ${speech.signed(interval[1])})`;
  const tokensOf = ({ tokens }: Figure) => (tokens === null ? "–" : speech.whole(tokens));
  const compared = baselines.flatMap((baseline) => {
    const of = ({ split }: Comparison) => (split === "test" ? baseline.test : baseline.validation);
    const cell = (set: Comparison) => {
      const scored = of(set);
      return scored ? `${scoreOf(scored.after)}, ${gainOf(scored)}` : t("not scored");
    };
    return sets.some(of) ? [row(t("untouched graph with {0}", methodWords(baseline.method, speech)), cell)] : [];
  });
  const count = ({ samples }: Comparison, change: SampleRow["change"]) =>
    samples.filter((sample) => sample.change === change).length;
  const rows = [
    row(t("samples"), ({ scored, of }) => (scored < of ? t("{0} of {1}", scored, of) : `${of}`)),
    row(t("untouched graph"), ({ before }) => scoreOf(before)),
    ...compared,
    row(t("result"), ({ after }) => scoreOf(after)),
    row(t("gain, sample by sample"), gainOf),
    row(t("right"), ({ before, after }) => `${before.right} → ${after.right}`),
    row(t("fixed / broken"), (set) => `${count(set, "fixed")} / ${count(set, "broken")}`),
    row(
      t("better / worse, sign test"),
      ({ better, worse, p }) => `${better} / ${worse}${p === null ? "" : `, ${speech.chance(p)}`}`,
    ),
    row(
      t("lenient score"),
      ({ before, after }) => `${speech.figure(before.lenient)} → ${speech.figure(after.lenient)}`,
    ),
    row(t("not in the form asked for"), ({ before, after }) => `${before.formatErrors} → ${after.formatErrors}`),
    row(t("tokens an answer"), ({ before, after }) => `${tokensOf(before)} → ${tokensOf(after)}`),
  ];
  return {
    head: ["", ...sets.map(({ split }) => splitWord(split, speech))],
    rows: sets.length > 0 ? rows : [],
    left: 0,
  };
}

/** A baseline by the name that its event has. */
export function methodWords(method: string, { t }: Speech): string {
  return method === CHAIN_OF_THOUGHT ? t("a step-by-step suffix") : oneLine(method, 60);
}

/** How the intervals of a report come about, and what a lenient score is. */
export function intervalWords({ isGraded }: Report, { t }: Speech): string {
  const intervals = isGraded
    ? t(
        "Intervals are of 95 % by bootstrap, for scores are graded; a sample counts as better or worse by the sign of its difference.",
      )
    : t("Intervals of scores are Wilson's, of gains by bootstrap over the samples, both of 95 %.");
  return `${intervals} ${t("Lenient: the right answer may stand anywhere in the reply.")}`;
}

export function curveTable({ curve }: Report, speech: Speech): Table {
  const { t } = speech;
  const rows = curve.map(({ iteration, low, high, interval, accepted }) => [
    iteration === 0 ? t("start") : `${iteration}`,
    speech.range([low, high]),
    speech.range(interval),
    iteration === 0 ? "" : `${accepted}`,
  ]);
  return cut([t("iteration"), t("validation score"), t("interval"), t("accepted")], rows);
}

export function verdictTable({ verdicts }: Report, speech: Speech): Table {
  const { t } = speech;
  const scopes = { joint: t("together"), part: t("alone"), combination: t("those that did no harm") };
  const rows = verdicts.map(({ iteration, scope, nodes, verdict }) => [
    `${iteration}`,
    nodes.map((node) => oneLine(node, 60)).join(", "),
    scopes[scope],
    decisionWord(verdict.decision, speech),
    reasonWords(verdict.reason, speech),
    t("{0} of {1}", verdict.scored, verdict.of),
    `${verdict.rightBefore} → ${verdict.rightAfter}`,
    `${verdict.fixed.length} / ${verdict.broken.length}`,
    verdict.p === null ? "–" : speech.chance(verdict.p),
  ]);
  const head = [
    t("iteration"),
    t("nodes"),
    t("judged"),
    t("verdict"),
    t("because"),
    t("scored"),
    t("right"),
    t("fixed / broken"),
    t("sign test"),
  ];
  return cut(head, rows, { column: 3, of: verdicts.map(({ verdict }) => verdict.decision) });
}

export function costTable({ cost }: Report, speech: Speech): Table {
  const { t } = speech;
  const { calls, tokens, usd, byPurpose } = cost;
  const money = (amount: number | null) => speech.money(amount, tokens.estimated);
  const rows = byPurpose.map(({ purpose, requests, reused, prompt, completion, usd }) => [
    purpose,
    ...[requests, reused, prompt, completion].map((count) => speech.whole(count)),
    money(usd),
  ]);
  const all = [calls.total, calls.cached, tokens.prompt, tokens.completion].map((count) => speech.whole(count));
  const head = [t("purpose"), t("calls"), t("replies reused"), t("prompt tokens"), t("reply tokens"), t("cost")];
  return { head, rows: [...rows, [t("all"), ...all, money(usd)]], left: 0 };
}

export function setupTable({ run, looks }: Report, speech: Speech): Table {
  const { t } = speech;
  const { options, samples, models } = run;
  const { policy, alpha } = options.gate;
  const { calls, tokens, usd } = options.budget;
  const budget = [
    calls === null ? "" : speech.count(calls, "call"),
    tokens === null ? "" : speech.count(tokens, "token"),
    usd === null ? "" : speech.money(usd),
  ].filter(Boolean);
  const switched = [options.neighbors ? "" : t("neighbours off"), options.gradients ? "" : t("gradients off")];
  const took = speech.seconds(1000 * run.seconds);
  const rows = [
    [t("run"), run.id],
    [t("graph file"), run.graphFile],
    [t("begun"), speech.moment(run.startedAt)],
    [t("took"), run.segments > 1 ? t("{0}, in {1} parts", took, run.segments) : took],
    [t("provider"), run.provider],
    [t("models asked"), ROLES.map((role) => `${role}: ${models[role]}`).join(", ")],
    [t("models that answered"), run.answered.join(", ") || t("none")],
    [t("loss"), `${run.loss.kind}. ${run.loss.describes}`],
    [t("samples"), t("{0} training, {1} validation, {2} test", samples.train, samples.validation, samples.test)],
    [t("method"), [run.method, ...switched].filter(Boolean).join(", ")],
    [t("gate"), policy === "significant" ? `significant, α = ${alpha}` : policy],
    [t("looks at the validation set"), `${looks}`],
    [t("a sample is right at a loss of at most"), `${options.threshold}`],
    [t("iterations, batch, patience"), `${options.iterations}, ${options.batch}, ${options.patience}`],
    [t("seed"), `${options.seed}`],
    [t("budget"), budget.join(", ") || t("none")],
    [t("engine"), run.engine],
  ];
  return { head: ["", ""], rows, left: 0 };
}

export function attemptTable({ attempts }: Change, speech: Speech): Table {
  const { t } = speech;
  const rows = attempts.map(({ iteration, decision, invalid, verdict, hypothesis }) => [
    `${iteration}`,
    invalid !== null ? t("not used") : decision ? decisionWord(decision, speech) : t("not judged"),
    invalid !== null ? invalidWords(invalid, speech) : verdict ? reasonWords(verdict.reason, speech) : "",
    verdict && verdict.scored > 0
      ? t("{0} → {1} of {2}", verdict.rightBefore, verdict.rightAfter, verdict.scored)
      : "–",
    oneLine(hypothesis, CELL),
  ]);
  const tones = attempts.map(({ decision }) => decision ?? "");
  return cut([t("iteration"), t("verdict"), t("because"), t("right"), t("idea")], rows, { column: 1, of: tones });
}

export function gradientTable({ gradients }: Change, { t }: Speech): Table {
  const rows = gradients.map(({ iteration, question, text }) => [`${iteration}`, oneLine(question, CELL), text]);
  return cut([t("iteration"), t("sample"), t("what should change")], rows);
}

/** What became of each sample: those that tell most come first. */
export function sampleTable(samples: readonly SampleRow[], speech: Speech): Table {
  const { t } = speech;
  const cells = (row: SampleRow) => [
    ...asked(row, speech),
    answerCell(row.before, speech),
    answerCell(row.after, speech),
  ];
  return changeTable(samples, [t("sample"), t("expected"), t("answer before"), t("answer after")], cells, speech);
}

/** What taking this change back alone did to the result; empty where that was not measured. */
export function earnsWords({ earns }: Change, { t }: Speech): string {
  if (earns === null) return "";
  return earns
    ? t("Leave-one-out: without this change the result is worse.")
    : t("Leave-one-out: without this change the result is no worse. It may be dropped.");
}

/** One set under one Θ. */
export function evaluationTable({ split, scored, of, before }: Comparison, speech: Speech): Table {
  const { t } = speech;
  const { score, interval, right, lenient, formatErrors, tokens } = before;
  const head = [
    "",
    t("samples"),
    t("score"),
    t("right"),
    t("wrong"),
    t("not scored"),
    t("not in the form asked for"),
    t("lenient score"),
    t("tokens an answer"),
  ];
  const counts = [right, scored - right, of - scored, formatErrors].map(String);
  const cells = [
    splitWord(split, speech),
    `${of}`,
    `${speech.figure(score)} (${speech.range(interval)})`,
    ...counts,
    speech.figure(lenient),
    tokens === null ? "–" : speech.whole(tokens),
  ];
  return { head, rows: [cells], left: 0 };
}

/** What each sample was answered, the wrong ones first. */
export function answerTable(samples: readonly SampleRow[], speech: Speech): Table {
  const { t } = speech;
  const cells = (row: SampleRow) => [...asked(row, speech), answerCell(row.after, speech)];
  return changeTable(samples, [t("sample"), t("expected"), t("answer")], cells, speech);
}

function changeTable(
  samples: readonly SampleRow[],
  head: readonly string[],
  cells: (row: SampleRow) => readonly string[],
  speech: Speech,
): Table {
  const order: SampleRow["change"][] = ["broken", "fixed", "unscored", "wrong", "right"];
  const told = order.flatMap((change) => samples.filter((row) => row.change === change));
  return cut(
    ["", ...head],
    told.map((row) => [changeWord(row.change, speech), ...cells(row)]),
    { column: 0, of: told.map(({ change }) => change) },
  );
}

function asked({ id, inputs, expected }: SampleRow, { t }: Speech): string[] {
  const question = oneLine(Object.values(inputs).join(" · ") || id, CELL);
  return [question, oneLine(expected.join(` ${t("or")} `), CELL) || "–"];
}

function answerCell(answer: Answer | null, speech: Speech): string {
  const { t } = speech;
  if (!answer) return t("not asked");
  const text = answer.text === null ? t("not on record") : oneLine(answer.text, CELL) || t("(empty)");
  const graded = answer.score !== null && answer.score > 0 && answer.score < 1;
  const reasons = answer.votes
    .filter(({ score }) => score < 1)
    .map(({ score, reason }) => `${speech.percent(score)}: ${reason}`);
  const judged = reasons.length > 0 ? ` — ${t("judge: {0}", oneLine(reasons.join(" / "), CELL))}` : "";
  return `${text}${graded ? ` (${speech.percent(answer.score)})` : ""}${judged}`;
}

function cut(head: readonly string[], rows: readonly (readonly string[])[], tones?: Table["tones"]): Table {
  return { head, rows: rows.slice(0, ROWS), left: Math.max(0, rows.length - ROWS), tones };
}
