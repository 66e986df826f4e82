import { l10n } from "vscode";
import type { RunEntry } from "./entry.ts";

/** `Word problems, 21 Nov, 10:32`. */
export function runLabel(entry: RunEntry): string {
  return l10n.t("{0}, {1}", entry.graphName, whenWords(entry.startedAt));
}

export function whenWords(at: number): string {
  const date = new Date(at);
  const day = date.toLocaleDateString(undefined, { day: "numeric", month: "short" });
  return `${day}, ${date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" })}`;
}

/** `score 0.70 → 0.85 · made elsewhere`. */
export function runOutcome(entry: RunEntry): string {
  const parts = [];
  if (entry.before !== null && entry.after !== null) {
    parts.push(l10n.t("score {0} → {1}", entry.before.toFixed(2), entry.after.toFixed(2)));
  }
  if (entry.status !== "done") parts.push(statusWord(entry.status));
  if (entry.elsewhere) parts.push(l10n.t("made elsewhere"));
  return parts.join(" · ");
}

export function statusWord(status: RunEntry["status"]): string {
  return {
    running: l10n.t("running"),
    interrupted: l10n.t("interrupted"),
    done: l10n.t("done"),
    budget: l10n.t("budget reached"),
    cancelled: l10n.t("cancelled"),
    failed: l10n.t("failed"),
  }[status];
}

/** `$0.04`, or as many digits as a small sum needs. */
export function money(usd: number): string {
  return `$${usd >= 0.01 || usd === 0 ? usd.toFixed(2) : usd.toPrecision(1)}`;
}
