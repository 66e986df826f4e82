import { equal, match, ok } from "node:assert/strict";
import type { GraphNode } from "../../../src/graph/graph.ts";
import { randomGraph } from "../../graphs.ts";
import { five, graphOf } from "../graphs.ts";
import { runOf } from "../runs.ts";
import type { PageTest } from "./page-test.ts";

const HTML = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>"'>{{constructor}}`;

export const hostileTests: readonly PageTest[] = [
  {
    name: "markup in ids, roles, texts and values is shown as text and runs nothing",
    async run(test) {
      const rename = (id: string) => `${id}${HTML}`;
      const nodes = five.nodes.map(
        (node): GraphNode => ({
          ...node,
          id: rename(node.id),
          role: HTML,
          text: HTML,
          keep: [HTML],
          ...(node.kind === "llm" ? { inputs: node.inputs.map(rename) } : {}),
        }),
      );
      const inputs = [{ name: rename("question"), description: HTML }];
      const graph = { ...five, name: HTML, description: HTML, inputs, nodes, output: rename("answer") };
      await test.graph(graph);
      await test.run({ ...runOf(graph, "done"), value: async () => HTML });
      await test.sample(0);
      await test.settled();
      await test.node(rename("solve").replaceAll('"', '\\"')).click();
      await test.settled();
      equal(await test.page.locator("img, iframe, object, embed").count(), 0);
      equal(await test.page.locator("script").count(), 1, "the page's own script alone");
      equal(await test.page.evaluate(() => Reflect.get(window, "hacked")), undefined);
      match((await test.page.locator(".panel").textContent()) ?? "", /<img src=x onerror/);
      equal(/<img|<script/.test(await test.export()), false);
    },
  },
  {
    name: "lines of a megabyte are truncated, and the page stays responsive",
    async run(test) {
      const long = "word ".repeat(200_000);
      const nodes = five.nodes.map((node): GraphNode => ({ ...node, role: long, text: long }));
      await test.graph({ ...five, description: long, nodes });
      await test.run({ ...runOf(five, "done"), value: async () => "x".repeat(1_000_000) });
      await test.sample(0);
      await test.node("solve").click();
      await test.settled();
      match((await test.page.locator(".panel").textContent()) ?? "", /980,000 more characters/);
    },
  },
  {
    name: "20,000 nodes: shows those nearest to the answer, says so, and stays usable",
    async run(test) {
      await test.graph(graphOf(randomGraph(20_000, 4), "Huge"));
      match((await test.page.locator(".faults").textContent()) ?? "", /17,000 nodes are hidden/);
      const tenFrames = await test.page.evaluate(async () => {
        const start = performance.now();
        for (let frame = 0; frame < 10; frame++) await new Promise(requestAnimationFrame);
        return performance.now() - start;
      });
      // A machine with much else to do is slow; a page that draws all 20,000 is slower than a frame a second.
      ok(tenFrames < 10_000, `ten frames took ${Math.round(tenFrames)} ms`);
      await test.page.keyboard.press("/");
      await test.page.keyboard.type("n19999");
      await test.page.keyboard.press("Enter");
      await test.page.waitForTimeout(500);
      equal(await test.page.locator("svg.graph g.node.selected").getAttribute("data-id"), "n19999");
    },
  },
];
