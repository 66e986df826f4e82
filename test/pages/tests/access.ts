import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { five, pipeline } from "../graphs.ts";
import { type TestPage, THEMES } from "../harness.ts";
import { runOf } from "../runs.ts";
import type { PageTest } from "./page-test.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What the checker finds: rule and place. */
export async function violations(test: TestPage): Promise<string[]> {
  await test.page.evaluate(axe);
  return test.page.evaluate(async () => {
    const checker: {
      run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
    } = Reflect.get(window, "axe");
    const found = await checker.run();
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html}\n  ${failureSummary}`),
    );
  });
}

const focusedNode = (test: TestPage) =>
  test.page.evaluate(() => document.querySelector("svg.graph g.node.focused")?.getAttribute("data-id") ?? null);

export const accessTests: readonly PageTest[] = [
  ...THEMES.map(
    (theme): PageTest => ({
      name: `the accessibility checker finds nothing, ${theme}`,
      opening: { theme },
      async run(test) {
        await test.graph(five);
        deepEqual(await violations(test), []);
        await test.run(runOf(five, "backward"));
        await test.sample("row-22");
        await test.node("answer").click();
        await test.page.keyboard.press("?");
        await test.settled();
        deepEqual(await violations(test), []);
      },
    }),
  ),
  {
    name: "the accessibility checker finds nothing in a narrow column",
    opening: { width: 300, height: 800 },
    async run(test) {
      await test.graph(five);
      await test.run(runOf(five, "done"));
      await test.page.click('vscode-button[aria-label="Details"]');
      await test.settled();
      deepEqual(await violations(test), []);
      const overflow = await test.page.evaluate(() => document.documentElement.scrollWidth);
      ok(overflow <= 300, `nothing reaches out of the column (${overflow})`);
    },
  },
  {
    name: "search results are visible above their panel, and the path to them stays bright",
    opening: { width: 460, height: 700 },
    async run(test) {
      const graph = pipeline(200);
      const last = graph.nodes.at(-2);
      ok(last?.kind === "llm");
      await test.graph(graph);
      await test.page.keyboard.press("/");
      await test.page.keyboard.type(last.id);
      await test.page.keyboard.press("Enter");
      await test.page.waitForTimeout(500);
      const [node, drawing] = await Promise.all([
        test.node(last.id).boundingBox(),
        test.page.locator("svg.graph").boundingBox(),
      ]);
      ok(node && drawing && node.y >= drawing.y && node.y + node.height <= drawing.y + drawing.height, "it is seen");
      equal(await test.node(last.inputs[0] ?? "").evaluate((element) => element.classList.contains("dim")), false);
    },
  },
  {
    name: "the graph can be read and used by keyboard alone",
    async run(test) {
      await test.graph(five);
      await test.run(runOf(five, "done"));
      for (let i = 0; i < 20 && (await focusedNode(test)) === null; i++) {
        await test.page.keyboard.press("Tab");
        await test.settled();
      }
      equal(await focusedNode(test), "question");
      for (const [key, id] of [
        ["ArrowDown", "plan"],
        ["ArrowDown", "solve"],
        ["ArrowDown", "check"],
        ["ArrowUp", "solve"],
      ] as const) {
        await test.page.keyboard.press(key);
        await test.settled();
        equal(await focusedNode(test), id, `${key} leads to ${id}`);
      }
      await test.page.keyboard.press("Enter");
      await test.settled();
      deepEqual(test.last("reveal"), { type: "reveal", node: "solve", open: true });
      const words = await test.page.evaluate(() => document.activeElement?.textContent ?? "");
      match(
        words,
        /^solve, LLM node, checks the arithmetic, can change, reads question, plan, style, feeds .*rejected, 14 → 13 of 20 right/,
      );
      await test.page.keyboard.press("ArrowUp");
      await test.page.keyboard.press("ArrowRight");
      await test.settled();
      equal(await focusedNode(test), "style");
      await test.page.keyboard.press("Escape");
      await test.settled();
      equal(await test.page.locator("svg.graph g.node.selected").count(), 0);
    },
  },
  {
    name: "a focused node scrolls into view",
    async run(test) {
      await test.graph(pipeline(200));
      await test.node("gather_0").click();
      for (let i = 0; i < 12; i++) await test.page.keyboard.press("ArrowDown");
      await test.page.waitForTimeout(400);
      const box = await test.page.locator("svg.graph g.node.focused .card").boundingBox();
      const window = await test.page.locator(".drawing").boundingBox();
      ok(box && window && box.y >= window.y && box.y + box.height <= window.y + window.height, "it can be seen");
    },
  },
];
