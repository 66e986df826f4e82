import type { Locale } from "../../i18n/locale.ts";
import type { BudgetLimits } from "../../models/model.ts";
import { rounded } from "./estimate.ts";
import type { Amount } from "./tally.ts";

/** Assumed milliseconds of a call to a model that was not measured yet. */
const CALL = 2_000;
/**
 * Average number of concurrent requests if 16 are allowed, because some steps wait for others: measured with equal
 * latencies (`npm run bench -- estimate`).
 */
const AT_ONCE = 9;
/** Of methods that go on step by step. */
const STEPWISE: Readonly<Record<string, number>> = { gepa: 4 };

/**
 * Milliseconds per call of a run: measured in an earlier run with the same model, else a common figure.
 * @param method of the run; undefined: it does not optimize
 */
export function paceOf(
  earlier: { readonly elapsed: number; readonly calls: number } | null,
  concurrency: number,
  method?: string,
): number {
  if (earlier && earlier.calls > 0 && earlier.elapsed > 0) return earlier.elapsed / earlier.calls;
  const atOnce = STEPWISE[method ?? ""] ?? AT_ONCE;
  return CALL / Math.max(1, Math.min(concurrency, atOnce));
}

/**
 * `≈ 400 calls · ≈ 2 min · ≈ $0.12 · at most 2,000 calls, $0.60`: all of an estimate that a decision needs.
 * @param pace milliseconds per call; null: nothing is reported of the time
 * @param limits what bounds the run; null: nothing is reported of it
 */
export function estimateLine(
  { calls, usd }: Pick<Amount, "calls" | "usd">,
  pace: number | null,
  limits: BudgetLimits | null,
  locale: Locale,
): string {
  const { t } = locale;
  const price = usd === null ? t("price unknown") : usd === 0 ? t("free") : locale.money(usd, true);
  const parts = [
    `≈ ${locale.count(rounded(calls), "call")}`,
    pace === null ? "" : roughly(calls * pace, locale),
    price,
    limits === null ? "" : boundOf({ calls, usd }, limits, locale),
  ];
  return parts.filter(Boolean).join(" · ");
}

/** If only calls are limited, with their approximate cost. */
function boundOf(usual: Pick<Amount, "calls" | "usd">, { calls, tokens, usd }: BudgetLimits, locale: Locale): string {
  const { t } = locale;
  const all = [];
  if (calls !== null) all.push(locale.count(calls, "call"));
  if (tokens !== null) all.push(locale.count(tokens, "token"));
  if (usd !== null) all.push(locale.money(usd));
  else if (calls !== null && usual.usd && usual.calls > 0) {
    all.push(locale.money((usual.usd / usual.calls) * calls, true));
  }
  return all.length > 0 ? t("at most {0}", all.join(", ")) : t("without an upper limit");
}

function roughly(milliseconds: number, { t }: Locale): string {
  const minutes = milliseconds / 60_000;
  if (minutes < 0.75) return t("under a minute");
  if (minutes < 90) return t("≈ {0} min", Math.round(minutes));
  return t("≈ {0} h", Math.round(minutes / 60));
}
