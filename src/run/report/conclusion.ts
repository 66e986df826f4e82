import type { Locale } from "../../i18n/locale.ts";
import type { Comparison, Report } from "./report.ts";

/** p-value up to which a difference is not taken for chance. */
const RARE = 0.05;
/** Change of an answer's tokens from which it is mentioned. */
const MENTIONED = 0.02;

/** Whether the run helped, in one sentence for somebody who reads nothing else. */
export interface Conclusion {
  readonly answer: "yes" | "no" | "perhaps";
  /** `Yes: on 30 unseen samples 6 → 29 right, p < 0.001; each answer costs 41% more tokens; the run cost $0.14.` */
  readonly sentence: string;
}

/** null if there is no result: an evaluation, or nothing scored. */
export function conclusionOf(report: Report, locale: Locale): Conclusion | null {
  const { t } = locale;
  const { evaluated, test, validation, changes, cost } = report;
  const set = test ?? validation;
  if (evaluated || !set) return null;
  const isAccepted = changes.some(({ verdict }) => verdict.decision === "accepted");
  const price = runPrice(cost, locale);
  if (!isAccepted)
    return { answer: "no", sentence: `${[t("No: no better text was found"), price].filter(Boolean).join("; ")}.` };
  const gain = set.gain.mean;
  const isRare = set.p === null || set.p <= RARE;
  const isUnseen = set.split === "test";
  const answer = gain <= 0 ? "no" : isRare && isUnseen ? "yes" : "perhaps";
  const parts = [`${opening(answer, report, locale)}: ${result(set, gain, isRare, locale)}`];
  const tokens = tokenChange(set, locale);
  if (tokens) parts.push(tokens);
  if (price) parts.push(price);
  return { answer, sentence: `${parts.join("; ")}.` };
}

function opening(answer: Conclusion["answer"], { run }: Report, { t }: Locale): string {
  const said = { yes: t("Yes"), no: t("No"), perhaps: t("Perhaps") }[answer];
  if (!run.trusted) return t("Not verified, from another machine. {0}", said);
  return run.provider === "simulated" ? t("With the simulated model, {0}", said.toLocaleLowerCase()) : said;
}

function result(set: Comparison, gain: number, isRare: boolean, locale: Locale): string {
  const { t } = locale;
  const { before, after, scored, p, split } = set;
  const isGraded =
    Math.abs(before.score - before.right / scored) > 1e-9 || Math.abs(after.score - after.right / scored) > 1e-9;
  const figures = isGraded
    ? t("score {0} → {1}", locale.decimal(before.score), locale.decimal(after.score))
    : t("{0} → {1} right", before.right, after.right);
  const where =
    split === "test"
      ? t("on {0} not used before, {1}", locale.count(scored, "sample"), figures)
      : t("on the {0} used to choose the texts, {1}", locale.count(scored, "sample"), figures);
  const chance = p === null ? "" : `, ${locale.pValue(p)}`;
  const doubt =
    split !== "test" ? t("no unseen samples were scored") : !isRare && gain > 0 ? t("this may be chance") : "";
  return [where + chance, doubt].filter(Boolean).join("; ");
}

function tokenChange({ before, after }: Comparison, locale: Locale): string {
  const { t } = locale;
  if (!before.tokens || !after.tokens) return "";
  const share = after.tokens / before.tokens - 1;
  if (Math.abs(share) < MENTIONED) return t("an answer costs as many tokens as before");
  return share > 0
    ? t("each answer costs {0} more tokens", locale.percent(share))
    : t("each answer costs {0} fewer tokens", locale.percent(-share));
}

function runPrice({ usd, tokens, calls }: Report["cost"], locale: Locale): string {
  const { t } = locale;
  if (calls.total === 0 && calls.cached > 0) return t("all replies of the run were known");
  return usd === null || usd === 0
    ? t("the run took {0}", locale.count(calls.total, "call"))
    : t("the run cost {0}", locale.money(usd, tokens.estimated));
}
