import { diffWordsWithSpace } from "diff";
import { h } from "../dom.ts";
import { decimal } from "../format.ts";
import { t } from "../l10n.ts";
import type { Cut, SampleAnswer } from "../protocol.ts";
import { text } from "./parts.ts";

/** Maximum length for a word comparison. */
const LONGEST = 2000;
/** Minimum share of equal words for which highlighting helps. */
const ALIKE = 0.3;

/** Expected and actual answer; differences are marked if the two are similar enough. */
export function compare({ expected, actual, loss, right, formatError }: SampleAnswer): HTMLElement {
  const [first] = expected;
  const marked = first && actual && right !== true ? markedPair(first, actual) : null;
  const rows: (HTMLElement | string)[] = [];
  if (first) {
    rows.push(
      h("dt", {}, expected.length > 1 ? t("Expected, one of") : t("Expected")),
      h("dd", {}, marked?.expected ?? text(first)),
    );
    for (const other of expected.slice(1)) rows.push(h("dd", {}, text(other)));
  }
  rows.push(
    h("dt", {}, t("Actual")),
    h("dd", {}, actual === null ? h("em", {}, t("no reply")) : (marked?.actual ?? text(actual))),
  );
  const said = loss === null || right === null ? t("Not scored.") : right ? t("Right.") : t("Wrong.");
  const verdict = loss === null || loss === 0 || loss === 1 ? said : `${said} ${t("Score {0}.", decimal(1 - loss))}`;
  const form = formatError ? ` ${t("The reply is not in the required format.")}` : "";
  const look = right === null ? "" : right ? "right" : "wrong";
  return h("div", { class: "compare" }, h("dl", {}, ...rows), h("p", { class: `outcome ${look}` }, verdict + form));
}

function markedPair(expected: Cut, actual: Cut): { expected: HTMLElement; actual: HTMLElement } | null {
  if (expected.length > LONGEST || actual.length > LONGEST) return null;
  const parts = diffWordsWithSpace(expected.text, actual.text);
  const same = parts.reduce((sum, { added, removed, value }) => sum + (added || removed ? 0 : value.trim().length), 0);
  if (same < ALIKE * Math.max(expected.length, actual.length)) return null;
  const side = (skip: "added" | "removed", look: "ins" | "del", own: "added" | "removed") =>
    h(
      "div",
      { class: "text" },
      ...parts.filter((part) => !part[skip]).map((part) => (part[own] ? h(look, {}, part.value) : part.value)),
    );
  return { expected: side("added", "del", "removed"), actual: side("removed", "ins", "added") };
}
