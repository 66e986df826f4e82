import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Fault } from "../../../src/graph/fault.ts";
import { five } from "../graphs.ts";
import { runOf } from "../runs.ts";
import type { PageTest } from "./page-test.ts";

const fault = (line: number, severity: Fault["severity"], message: string): Fault => ({
  code: "syntax",
  severity,
  message,
  remedy: "Add it.",
  file: "team.agentgraph.json",
  range: { start: 0, end: 1 },
  line,
  column: 1,
});

export const textTests: readonly PageTest[] = [
  {
    name: "a click shows the instruction in the text, a double click opens it",
    async run(test) {
      await test.graph(five);
      await test.node("solve").click();
      deepEqual(test.last("reveal"), { type: "reveal", node: "solve", open: false });
      await test.settled();
      match((await test.page.locator(".panel").textContent()) ?? "", /solve.*Compare the result with the question/s);
      await test.node("plan").dblclick();
      deepEqual(test.last("reveal"), { type: "reveal", node: "plan", open: true });
    },
  },
  {
    name: "the cursor in the text marks its node without selecting it",
    async run(test) {
      await test.graph(five);
      await test.say({ type: "cursor", node: "check" });
      equal(await test.page.locator("svg.graph g.node.cursor").getAttribute("data-id"), "check");
      equal(await test.page.locator("svg.graph g.node.selected").count(), 0);
      await test.say({ type: "cursor", node: null });
      equal(await test.page.locator("svg.graph g.node.cursor").count(), 0);
    },
  },
  {
    name: "a broken file keeps the last valid graph and names the error",
    async run(test) {
      await test.graph(five);
      const faults = [fault(9, "warning", "A warning."), fault(7, "error", "A comma is missing.")];
      await test.graph(five, faults, true);
      equal(await test.page.locator("svg.graph g.node").count(), 6);
      match((await test.page.locator(".faults").textContent()) ?? "", /last valid graph.*Line 7.*A comma is missing/s);
      await test.page.getByRole("button", { name: "Line 7" }).click();
      deepEqual(test.last("fault"), { type: "fault", index: 0 });
      await test.graph(five);
      ok(await test.page.locator(".faults").isHidden());
    },
  },
  {
    name: "ignores messages that are not in the protocol",
    async run(test) {
      await test.graph(five);
      const junk: unknown[] = [
        null,
        7,
        { type: "graph", graph: { nodes: "all" }, faults: [], stale: false },
        { type: "run", run: { id: 3 } },
        { type: "cursor", node: "x".repeat(500) },
        { type: "__proto__" },
        { type: "graph", graph: null, faults: [], stale: false, more: 1 },
      ];
      for (const message of junk) await test.page.evaluate((data) => window.postMessage(data, "*"), message);
      await test.settled();
      equal(await test.page.locator("svg.graph g.node").count(), 6);
    },
  },
  {
    name: "every text of the page is in the editor's language: shown, spoken and in tooltips",
    opening: { marked: true, width: 1600 },
    async run(test) {
      const said = new Set<string>();
      const listen = async () => {
        await test.settled();
        for (const text of await test.page.evaluate(textsOfPage)) said.add(text);
      };
      await listen();
      const broken = fault(7, "error", "A comma is missing.");
      await test.graph(five, [broken], true);
      await listen();
      await test.page.keyboard.press("?");
      await listen();
      await test.page.keyboard.press("Escape");
      for (const stage of ["forward", "backward", "done"] as const) {
        const run = runOf(five, stage);
        await test.run(run);
        await listen();
        for (const { id } of five.nodes) {
          await test.node(id).click({ position: { x: 60, y: 20 } });
          await listen();
        }
        await test.page.keyboard.press("Escape");
        if (stage !== "done") continue;
        await listen();
        await test.sample(0);
        await listen();
        await test.node("answer").click({ position: { x: 60, y: 20 } });
        await listen();
      }
      ok([...said].some((text) => text.includes("⟦Legend⟧")));
      const { data, state, value } = runOf(five, "done");
      const values = await Promise.all(five.nodes.map(({ id }) => value("t1", "row-00", id)));
      const others = wordsIn(JSON.stringify([five, data, state, values, broken, "gpt-4.1-mini", "system", "user"]));
      const ours = [...said].map(withoutMarked).filter((text) => [...wordsIn(text)].some((word) => !others.has(word)));
      deepEqual(ours, [], "texts that no translator was given");
    },
  },
];

/** Runs in the page: what stands in it, and what is only spoken or shown on hover. */
function textsOfPage(): string[] {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found: string[] = [];
  while (walker.nextNode()) {
    const { parentElement, textContent } = walker.currentNode;
    if (parentElement && parentElement.tagName !== "SCRIPT") found.push(textContent ?? "");
  }
  for (const element of document.querySelectorAll("*")) {
    for (const name of ["aria-label", "title", "placeholder"]) found.push(element.getAttribute(name) ?? "");
  }
  return found;
}

/** Words of two letters and more: what is shorter is a key, a sign or a figure. */
function wordsIn(text: string): ReadonlySet<string> {
  return new Set(text.replaceAll("\\n", " ").match(/[A-Za-z]{2,}/g));
}

/** Also without what a line was too short for. */
function withoutMarked(text: string): string {
  const shorter = text.replace(/⟦[^⟦⟧]*(?:⟧|…)|[A-Za-z]+…/g, "");
  return shorter === text ? text : withoutMarked(shorter);
}
