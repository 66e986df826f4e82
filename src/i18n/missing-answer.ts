import type { AnswerMissing } from "../models/errors.ts";
import type { Locale } from "./locale.ts";

/** Why a reply has no answer, as a sentence. */
export function missingMessage({ model, reason }: Pick<AnswerMissing, "model" | "reason">, { t }: Locale): string {
  return {
    empty: t("Model {0} sent an empty reply.", model),
    "tool calls": t("Model {0} only called tools.", model),
    thoughts: t("The reply of model {0} contains only thoughts.", model),
    "not text": t("The reply of model {0} isn't text.", model),
    finish: t("The reply of model {0} ended for an unknown reason.", model),
    cut: t("The reply of model {0} was cut before the answer began. Increase max_tokens.", model),
  }[reason];
}
