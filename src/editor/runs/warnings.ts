import { l10n } from "vscode";
import type { Warned } from "../../engine/events.ts";
import { oneLine } from "../markdown.ts";

/** What a run warns of, with what to do about it where there is something to do. */
export function warningSentence(warning: Warned): string {
  const { count = 0 } = warning;
  const detail = oneLine([placeWords(warning), warning.detail].filter(Boolean).join(": "), 300);
  const ended = (sentence: string) => (detail ? l10n.t("{0} ({1})", sentence, detail) : sentence);
  switch (warning.code) {
    case "sample dropped":
      return ended(l10n.t("A sample gave no gradient, because a call for it failed."));
    case "parameter refused":
      return ended(l10n.t("The model refuses a parameter, so requests went without it."));
    case "not scored":
      return ended(l10n.t("An answer could not be scored; that counts neither as right nor as wrong."));
    case "reply repaired":
      return ended(l10n.t("A reply was not of the form asked for, so a second request asked for it again."));
    case "small validation set":
      return ended(l10n.t("The validation set has {0} samples: too few for the difference that was seen.", count));
    case "nothing to learn":
      return l10n.t("Every training sample is right: there is nothing more to learn from them.");
    case "no gate":
      return l10n.t("The graph file switches the gate off: every proposal was taken, better or not.");
    case "test not scored":
      return ended(l10n.t("The test set was not scored."));
    case "budget too small":
      return l10n.t(
        "The budget cannot hold the test set of {0} samples, so it is not scored. Allow more calls.",
        count,
      );
    case "unknown price":
      return ended(
        l10n.t("The price of a model is not known. Add it to the setting agentgraph.prices to count money."),
      );
    case "tokens estimated":
      return l10n.t("The server returns no token counts; they are estimated from characters.");
    case "gradients look alike":
      return ended(l10n.t("The gradients say nearly the same for every sample. A stronger backward model may help."));
    case "instructions converge":
      return ended(
        l10n.t("Instructions of different nodes grow alike. Give each node a “role” that says what it alone does."),
      );
    case "instruction grows":
      return ended(l10n.t("An instruction grows without gain. Set maxWords in the graph file to bound it."));
    case "gate refuses everything":
      return ended(
        l10n.t(
          "The gate refused every proposal. Look at the gradients: a stronger backward or optimizer model may help, or more training samples.",
        ),
      );
    case "format errors":
      return ended(
        l10n.t(
          "{0} replies do not match what the node's “output” asks for. They count apart from wrong answers.",
          count,
        ),
      );
    case "targets leak":
      return ended(
        l10n.t(
          "Proposals copied answers of single samples into the text. Add “constraints” to the node, or let a stronger model write.",
        ),
      );
    case "templates changed":
      return l10n.t("Another version of the engine began this run, so some calls may be paid for again.");
    default:
      return warning.code;
  }
}

function placeWords({ node, sample }: Warned): string {
  return [node && l10n.t("node {0}", node), sample && l10n.t("sample {0}", sample)].filter(Boolean).join(", ");
}
