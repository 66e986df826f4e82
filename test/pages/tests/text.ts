import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Fault } from "../../../src/graph/fault.ts";
import { five } from "../graphs.ts";
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
    name: "a broken file keeps the last good drawing and names the fault",
    async run(test) {
      await test.graph(five);
      const faults = [fault(9, "warning", "A warning."), fault(7, "error", "A comma is missing.")];
      await test.graph(five, faults, true);
      equal(await test.page.locator("svg.graph g.node").count(), 6);
      match((await test.page.locator(".faults").textContent()) ?? "", /last good drawing.*Line 7.*A comma is missing/s);
      await test.page.getByRole("button", { name: "Line 7" }).click();
      deepEqual(test.last("fault"), { type: "fault", index: 0 });
      await test.graph(five);
      ok(await test.page.locator(".faults").isHidden());
    },
  },
  {
    name: "drops messages that are none of the protocol's",
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
];
