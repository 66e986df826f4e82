import type { Locale } from "../../i18n/locale.ts";
import { oneLine } from "../../i18n/plain-text.ts";
import type { ReportFindings } from "./caveats.ts";

/** What was not measured. */
export function limitationsOf(
  { evaluated, solved, baselines, changes, verdicts, test, run }: ReportFindings,
  locale: Locale,
): string[] {
  const { t } = locale;
  const said: string[] = [];
  if (!evaluated && !solved) {
    const compared = baselines.some(({ validation, test }) => validation ?? test);
    if (!compared) {
      said.push(
        t(
          "Whether a step-by-step suffix alone would do as well. Only the original graph was scored for comparison. Use `--set optimize.baseline=true` to add the suffix to a run, or `agentgraph evaluate --method chain-of-thought` to score it separately.",
        ),
      );
    }
    if (!test && run.samples.test > 0) said.push(t("The test set was not scored both before and after."));
    const accepted = changes.filter(({ verdict }) => verdict.decision === "accepted");
    const alone = accepted.filter(({ contributes }) => contributes === null).map(({ node }) => oneLine(node, 60));
    if (accepted.length > 1 && alone.length > 0)
      said.push(t("What each of these changes contributes on its own: {0}.", alone.join(", ")));
    const unjudged = changes
      .flatMap(({ attempts }) => attempts)
      .filter(({ decision, invalid }) => invalid === null && (decision === null || decision === "undecided"));
    if (unjudged.length > 0) {
      const proposals = locale.count(unjudged.length, "proposal");
      said.push(t("{0} without a verdict: replaced by a later proposal, or the run ended first.", proposals));
    }
    const judged = verdicts.filter(({ verdict }) => verdict.scored > 0);
    const partial = judged.filter(({ verdict }) => verdict.scored < verdict.of);
    if (partial.length > 0) {
      said.push(
        t(
          "The rest of the validation set in {0} of {1}. Scoring stops when no remaining sample can change the decision, so those figures cover only the scored samples.",
          partial.length,
          locale.count(judged.length, "verdict"),
        ),
      );
    }
  }
  said.push(
    t(
      "How much answers vary when a request is repeated. Each request was sent once, so the intervals don't include this variation.",
    ),
  );
  return said;
}
