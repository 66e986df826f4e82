import { diffWordsWithSpace } from "diff";
import { h } from "../dom.ts";
import type { Cut, SampleAnswer } from "../protocol.ts";
import { text } from "./parts.ts";

/** Above this, comparing words would take long and help nobody. */
const LONGEST = 2000;
/** Of the words in both, the share that must agree for marks to help. */
const ALIKE = 0.3;

/** Expected and actual answer; what differs is marked where the two are alike enough for that. */
export function compare({ expected, actual, loss, formatError }: SampleAnswer): HTMLElement {
  const [first] = expected;
  const marked = first && actual && loss !== 0 ? markedPair(first, actual) : null;
  const rows: (HTMLElement | string)[] = [];
  if (first) {
    rows.push(
      h("dt", {}, expected.length > 1 ? "Expected, one of" : "Expected"),
      h("dd", {}, marked?.expected ?? text(first)),
    );
    for (const other of expected.slice(1)) rows.push(h("dd", {}, text(other)));
  }
  rows.push(
    h("dt", {}, "Actual"),
    h("dd", {}, actual === null ? h("em", {}, "no answer came") : (marked?.actual ?? text(actual))),
  );
  const verdict =
    loss === null ? "Not scored." : loss === 0 ? "Right." : loss === 1 ? "Wrong." : `Score ${(1 - loss).toFixed(2)}.`;
  const form = formatError ? " The reply is not in the form that is asked for." : "";
  const look = loss === null ? "" : loss === 0 ? "right" : "wrong";
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
