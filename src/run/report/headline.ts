import { CHAIN_OF_THOUGHT } from "../../engine/baseline.ts";
import { splitLabel } from "../../i18n/labels.ts";
import type { Locale } from "../../i18n/locale.ts";
import { solveSentence } from "../solutions.ts";
import type { Comparison, Report } from "./report.ts";

/** The outcome of a run in one or two sentences. */
export function headline(
  { validation, test, changes, cost, run, evaluated, solved, noProposal }: Report,
  locale: Locale,
): string {
  const { t } = locale;
  const { tokens, calls, usd } = cost;
  const spent = t(
    "It took {0}.",
    [
      locale.count(calls.total, "call"),
      locale.count(tokens.prompt + tokens.completion, "token"),
      locale.money(usd, tokens.estimated),
      locale.duration(1000 * run.seconds),
    ].join(", "),
  );
  if (solved) {
    const rows = solved.rows.map((row) => row.solved);
    return `${solveSentence(rows, run.options.threshold, locale)} ${spent}`;
  }
  if (evaluated) {
    const { split, before, scored } = evaluated;
    const [set, score] = [splitLabel(split, locale), locale.decimal(before.score)];
    const said =
      run.method === CHAIN_OF_THOUGHT
        ? t(
            "The graph with a step-by-step suffix scores {0} on the {1}: {2} of {3} right.",
            score,
            set,
            before.right,
            scored,
          )
        : t("The current graph scores {0} on the {1}: {2} of {3} right.", score, set, before.right, scored);
    return `${said} ${spent}`;
  }
  const accepted = changes.filter(({ verdict }) => verdict.decision === "accepted").length;
  const proposed = locale.count(changes.length, "proposed text");
  const isGated = run.options.gate.policy !== "off";
  const what =
    changes.length === 0
      ? t("No texts were proposed")
      : isGated
        ? t("{0} of {1} passed the gate", accepted, proposed)
        : t("{0} of {1} accepted without a gate", accepted, proposed);
  const scores = [validation, test].flatMap((set) => (set ? [scoreChange(set, locale)] : []));
  return [`${[what, ...scores].join("; ")}.`, noProposal, spent].filter(Boolean).join(" ");
}

/** `validation score 0.30 → 0.85 (n = 8 of 600)` where only 8 samples were scored with both texts. */
function scoreChange({ split, before, after, scored, of }: Comparison, locale: Locale): string {
  const n = scored < of ? locale.t("{0} of {1}", scored, of) : `${of}`;
  const scores = [locale.decimal(before.score), locale.decimal(after.score)] as const;
  return split === "test"
    ? locale.t("test score {0} → {1} (n = {2})", ...scores, n)
    : locale.t("validation score {0} → {1} (n = {2})", ...scores, n);
}
