import type { Objectives } from "../../../engine/gate/objectives.ts";
import { ROLES, type Role } from "../../../graph/graph.ts";
import { decisionLabel, splitLabel } from "../../../i18n/labels.ts";
import type { Locale } from "../../../i18n/locale.ts";
import { frontHead, frontRows } from "../../../i18n/pareto-front.ts";
import { oneLine } from "../../../i18n/plain-text.ts";
import { invalidReason, nodeFigureLabel, verdictReason } from "../../../i18n/verdict.ts";
import { firstOf, type Table, tight } from "../format/table.ts";
import { methodLabel } from "../messages.ts";
import type { AttemptRow, Change, Comparison, Figure, Report, SampleRow, VerdictRow } from "../report.ts";

/** Maximum characters of an idea in a table. */
const IDEA = 240;

/** One column per set; the baselines and the result are below the untouched graph, with which they are compared. */
export function resultTable({ validation, test, baselines }: Report, locale: Locale): Table {
  const { t } = locale;
  const sets = [validation, test].filter((set) => set !== null);
  const row = (name: string, cell: (set: Comparison) => string) => [name, ...sets.map(cell)];
  const scoreOf = ({ score, interval }: Figure) => `${locale.decimal(score)} (${locale.range(interval)})`;
  const gainOf = ({ gain: { mean, interval } }: Comparison) =>
    `${locale.signed(mean)} (${locale.signed(interval[0])} … ${locale.signed(interval[1])})`;
  const tokensOf = ({ tokens }: Figure) => (tokens === null ? "–" : locale.integer(tokens));
  const compared = baselines.flatMap((baseline) => {
    const of = ({ split }: Comparison) => (split === "test" ? baseline.test : baseline.validation);
    const cell = (set: Comparison) => {
      const scored = of(set);
      return scored ? `${scoreOf(scored.after)}, ${gainOf(scored)}` : t("not scored");
    };
    return sets.some(of) ? [row(t("original graph with {0}", methodLabel(baseline.method, locale)), cell)] : [];
  });
  const count = ({ samples }: Comparison, change: SampleRow["change"]) =>
    samples.filter((sample) => sample.change === change).length;
  const rows = [
    row(t("samples"), ({ scored, of }) => (scored < of ? t("{0} of {1}", scored, of) : `${of}`)),
    row(t("original graph"), ({ before }) => scoreOf(before)),
    ...compared,
    row(t("result"), ({ after }) => scoreOf(after)),
    row(t("gain, sample by sample"), gainOf),
    row(t("right"), ({ before, after }) => `${before.right} → ${after.right}`),
    ...nodesOf(sets).map((node) =>
      row(t("of these, {0}", oneLine(node, 60)), ({ nodes }) => {
        const figures = nodes?.[node];
        return figures ? nodeFigureLabel(figures, locale) : t("not scored");
      }),
    ),
    row(t("fixed / broken"), (set) => `${count(set, "fixed")} / ${count(set, "broken")}`),
    row(
      t("better / worse, sign test"),
      ({ better, worse, p }) => `${better} / ${worse}${p === null ? "" : `, ${locale.pValue(p)}`}`,
    ),
    row(
      t("lenient score"),
      ({ before, after }) => `${locale.decimal(before.lenient)} → ${locale.decimal(after.lenient)}`,
    ),
    row(t("not in the required format"), ({ before, after }) => `${before.formatErrors} → ${after.formatErrors}`),
    row(t("tokens per answer"), ({ before, after }) => `${tokensOf(before)} → ${tokensOf(after)}`),
  ];
  return {
    head: ["", ...sets.map(({ split }) => splitLabel(split, locale))],
    rows: sets.length > 0 ? rows : [],
    left: 0,
  };
}

/** Nodes with scores of their own. */
function nodesOf(sets: readonly Comparison[]): string[] {
  return [...new Set(sets.flatMap(({ nodes = {} }) => Object.keys(nodes)))];
}

export function curveTable({ curve }: Report, locale: Locale): Table {
  const { t } = locale;
  const head = [t("iteration"), t("validation score"), t("interval"), t("accepted"), t("calls so far")];
  return firstOf(head, curve, ({ iteration, low, high, interval, accepted, calls }) => [
    iteration === 0 ? t("start") : `${iteration}`,
    tight(locale.range([low, high])),
    tight(locale.range(interval)),
    iteration === 0 ? "" : `${accepted}`,
    calls === null ? "" : locale.integer(calls),
  ]);
}

/** The results to choose among. */
export function frontTable({ front }: Report, locale: Locale): Table {
  return { head: frontHead(locale), rows: frontRows(front, locale), left: 0 };
}

/** The proposals that the gate judged; others are listed with the attempts of their node. */
export function verdictTable({ verdicts }: Report, locale: Locale): Table {
  const { t } = locale;
  const compared = verdicts.filter(({ verdict }) => verdict.scored > 0);
  const scopes = { joint: t("together"), part: t("on its own"), combination: t("changes that broke nothing") };
  const row = ({ iteration, scope, nodes, verdict }: VerdictRow) => [
    `${iteration}`,
    nodes.map((node) => oneLine(node, 60)).join(", "),
    scopes[scope],
    decisionLabel(verdict.decision, locale),
    verdictReason(verdict, locale),
    tight(t("{0} of {1}", verdict.scored, verdict.of)),
    tight(`${verdict.rightBefore} → ${verdict.rightAfter}`),
    `${verdict.fixed.length} / ${verdict.broken.length}`,
    verdict.p === null ? "–" : tight(locale.pValue(verdict.p)),
  ];
  const head = [
    t("iteration"),
    t("nodes"),
    t("evaluated"),
    t("verdict"),
    t("because"),
    t("scored"),
    t("right"),
    t("fixed / broken"),
    t("sign test"),
  ];
  return firstOf(head, compared, row, { column: 3, of: ({ verdict }) => verdict.decision });
}

export function costTable({ cost }: Report, locale: Locale): Table {
  const { t } = locale;
  const { calls, tokens, usd, byPurpose } = cost;
  const money = (amount: number | null) => locale.money(amount, tokens.estimated);
  const rows = byPurpose.map(({ purpose, requests, reused, prompt, completion, usd }) => [
    purpose,
    ...[requests, reused, prompt, completion].map((count) => locale.integer(count)),
    money(usd),
  ]);
  const all = [calls.total, calls.cached, tokens.prompt, tokens.completion].map((count) => locale.integer(count));
  const head = [t("purpose"), t("calls"), t("replies reused"), t("prompt tokens"), t("reply tokens"), t("cost")];
  return { head, rows: [...rows, [t("all"), ...all, money(usd)]], left: 0 };
}

export function setupTable({ run, looks }: Report, locale: Locale): Table {
  const { t } = locale;
  const { options, samples, models, hashes } = run;
  const asked = (role: Role) => {
    const parameters = Object.entries(run.parameters[role]).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
    return oneLine(parameters.length > 0 ? `${models[role]} (${parameters.join(", ")})` : models[role], 240);
  };
  const same = [...new Set(ROLES.map(asked))];
  const { policy, alpha } = options.gate;
  const { calls, tokens, usd } = options.budget;
  const budget = [
    calls === null ? "" : locale.count(calls, "call"),
    tokens === null ? "" : locale.count(tokens, "token"),
    usd === null ? "" : locale.money(usd),
  ].filter(Boolean);
  const took = locale.duration(1000 * run.seconds);
  const rows = [
    [t("run"), run.id],
    [t("graph file"), run.graphFile],
    [t("started"), locale.timestamp(run.startedAt)],
    [t("time"), run.segments > 1 ? t("{0}, in {1} parts", took, run.segments) : took],
    [t("provider"), run.provider],
    [
      t("models requested"),
      same.length === 1 ? `${same[0]}` : ROLES.map((role) => `${role}: ${asked(role)}`).join(", "),
    ],
    [t("models that answered"), run.answered.join(", ") || t("none")],
    [t("loss"), `${run.loss.kind}. ${run.loss.describes}`],
    [t("samples"), t("{0} training, {1} validation, {2} test", samples.train, samples.validation, samples.test)],
    [t("method"), run.method],
    [t("gate"), policy === "significant" ? `significant, α = ${alpha}` : policy],
    ...(weighsCosts(options.objectives) ? [[t("objectives"), objectivesLabel(options.objectives)]] : []),
    [t("uses of the validation set"), `${looks}`],
    [t("a sample is right if its loss is at most"), `${options.threshold}`],
    [t("options of the method"), optionLabel(options.methodOptions) || t("defaults")],
    [t("seed"), `${options.seed}`],
    [t("budget"), budget.join(", ") || t("none")],
    [t("engine"), run.engine],
    [
      t("hashes"),
      t(
        "graph {0}, texts {1} → {2}, training {3}, validation {4}, test {5}. Equal hashes mean equal texts and rows.",
        hashes.graph,
        hashes.before,
        hashes.after,
        hashes.data.train,
        hashes.data.validation,
        hashes.data.test,
      ),
    ],
  ];
  return { head: ["", ""], rows, left: 0 };
}

/** `iterations 12, batch 8, neighbors true` */
/** Whether anything but the loss counts. */
function weighsCosts(objectives: Objectives | undefined): objectives is Objectives {
  if (objectives === undefined || objectives === "pareto") return objectives === "pareto";
  return objectives.tokens + objectives.latency + objectives.usd > 0;
}

/** `loss 1, tokens 0.1`, or `pareto`. */
function objectivesLabel(objectives: Objectives): string {
  if (objectives === "pareto") return objectives;
  const weighed = Object.entries(objectives).filter(([, weight]) => Number(weight) > 0);
  return weighed.map(([name, weight]) => `${name} ${weight}`).join(", ");
}

function optionLabel(options: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(options).map(
    ([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return oneLine(words.join(", "), 400);
}

export function attemptTable({ attempts }: Change, locale: Locale): Table {
  const { t } = locale;
  const becauseOf = (invalid: string | null, screened: AttemptRow["screened"], verdict: AttemptRow["verdict"]) => {
    if (invalid !== null) return invalidReason(invalid, locale);
    const decided = screened === null ? verdict : { reason: screened };
    return decided === null ? "" : verdictReason(decided, locale);
  };
  const row = ({ iteration, decision, screened, invalid, verdict, hypothesis }: AttemptRow) => [
    `${iteration}`,
    invalid !== null ? t("not used") : decision ? decisionLabel(decision, locale) : t("not evaluated"),
    becauseOf(invalid, screened, verdict),
    verdict && verdict.scored > 0
      ? t("{0} → {1} of {2}", verdict.rightBefore, verdict.rightAfter, verdict.scored)
      : "–",
    oneLine(hypothesis, IDEA),
  ];
  const head = [t("iteration"), t("verdict"), t("because"), t("right"), t("idea")];
  return firstOf(head, attempts, row, { column: 1, of: ({ decision }) => decision ?? "" });
}
