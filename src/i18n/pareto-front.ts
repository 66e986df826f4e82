import type { FrontPoint } from "../engine/events.ts";
import type { Locale } from "./locale.ts";
import { oneLine } from "./plain-text.ts";

/** The results that a run with `"pareto"` as objectives leaves to the user. */

export function frontHead({ t }: Locale): string[] {
  return [t("number"), t("score"), t("tokens per answer"), t("time per answer"), t("cost per answer"), t("changed")];
}

/** One row per result, numbered from 1. `*` marks the run's own result. */
export function frontRows(front: readonly FrontPoint[], locale: Locale): string[][] {
  const [start] = front;
  return front.map(({ score, tokens, milliseconds, usd, texts, isResult }, index) => [
    isResult ? `${index + 1} *` : `${index + 1}`,
    locale.decimal(score),
    locale.integer(tokens),
    milliseconds === null ? "" : locale.duration(milliseconds),
    usd === null ? "" : locale.money(usd),
    changedNodes(texts, start?.texts ?? {}, locale),
  ]);
}

function changedNodes(texts: FrontPoint["texts"], before: FrontPoint["texts"], { t }: Locale): string {
  const changed = Object.keys(texts).filter((node) => texts[node] !== before[node]);
  return changed.length === 0 ? t("nothing") : oneLine(changed.join(", "), 120);
}
