import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import type { GraphNode } from "../../../src/graph/graph.ts";
import type { LayoutNode } from "../../../src/graph/layout/node.ts";
import type { RunState } from "../../../src/run/state/state.ts";
import { chainThatReadsTheQuestion } from "../../graphs.ts";
import { five, graphOf, pipeline, renameAll } from "../graphs.ts";
import type { TestPage } from "../harness.ts";
import { runOf } from "../runs.ts";
import type { PageTest } from "./page-test.ts";

/** Where a node is drawn once nothing moves. */
const boxOf = async (test: TestPage, id: string) => {
  await test.resting();
  const box = await test.node(id).locator(".card").first().boundingBox();
  ok(box, `${id} is drawn`);
  return { x: Math.round(box.x), y: Math.round(box.y), width: Math.round(box.width) };
};

const drawnIds = (test: TestPage) =>
  test.page.$$eval("svg.graph g.node", (nodes) => nodes.map((node) => node.getAttribute("data-id") ?? ""));

/** Words without a place to break, without letters, wide, of right-to-left script, and with marks on marks. */
const LONG = [
  "W".repeat(300),
  "illicit ".repeat(60),
  "値".repeat(200),
  "👩‍👩‍👧‍👦".repeat(60),
  "מילה ".repeat(60),
  `e${"\u0301".repeat(200)}`,
];

/** What is written outside its card, at about this zoom. */
async function outside(test: TestPage, zoom: number): Promise<string[]> {
  await test.page.keyboard.press("f");
  await test.page.waitForTimeout(250);
  const now = await test.page
    .locator("svg.graph .world")
    .evaluate((world) => new DOMMatrix(getComputedStyle(world).transform).a);
  await test.page.evaluate(
    ([factor]) => {
      const svg = document.querySelector("svg.graph");
      const { left, top, width, height } = svg?.getBoundingClientRect() ?? new DOMRect();
      const at = { clientX: left + width / 2, clientY: top + height / 2, bubbles: true, cancelable: true };
      svg?.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: -500 * Math.log2(factor ?? 1) }));
    },
    [zoom / now],
  );
  await test.page.waitForTimeout(150);
  return test.page.$$eval("svg.graph g.node", (nodes) =>
    nodes.flatMap((node) => {
      const card = node.querySelector(".card:not(.pile)")?.getBoundingClientRect();
      if (!card) return [];
      return [...node.querySelectorAll("text, g.icon")].flatMap((text) => {
        const box = text.getBoundingClientRect();
        const across = box.left >= card.left - 1 && box.right <= card.right + 1;
        const fits = across && box.top >= card.top - 1 && box.bottom <= card.bottom + 1;
        return fits ? [] : [`${text.getAttribute("class")}: ${(text.textContent ?? "").slice(0, 30)}`];
      });
    }),
  );
}

export const canvasTests: readonly PageTest[] = [
  {
    name: "draws a card for every node and an edge for every input",
    async run(test) {
      await test.graph(five);
      deepEqual((await drawnIds(test)).sort(), ["answer", "check", "plan", "question", "solve", "style"]);
      equal(await test.page.locator("svg.graph g.edge").count(), 9);
      const card = await test.node("solve").textContent();
      match(card ?? "", /solve.*checks the arithmetic.*Compare the result.*gpt-4\.1-mini/s);
    },
  },
  {
    name: "fits the graph into the window, also when the window changes",
    async run(test) {
      await test.graph(five);
      await test.run(runOf(five, "done"));
      await test.page.setViewportSize({ width: 700, height: 500 });
      await test.settled();
      const drawing = await test.page.locator(".drawing").boundingBox();
      ok(drawing);
      for (const id of ["question", "answer"]) {
        const box = await boxOf(test, id);
        ok(box.y >= drawing.y && box.y < drawing.y + drawing.height, `${id} lies in the window`);
      }
    },
  },
  {
    name: "a changed instruction moves nothing",
    async run(test) {
      await test.graph(five);
      await test.page.keyboard.press("+");
      await test.page.waitForTimeout(200);
      const before = await Promise.all(["plan", "solve"].map((id) => boxOf(test, id)));
      const [first, ...rest] = five.nodes;
      ok(first);
      await test.graph({ ...five, nodes: [{ ...first, text: "Quite other words, and many more of them." }, ...rest] });
      match((await test.node(first.id).textContent()) ?? "", /Quite other words/);
      deepEqual(await Promise.all(["plan", "solve"].map((id) => boxOf(test, id))), before);
    },
  },
  {
    name: "a new node leaves zoom and the selected node in place",
    async run(test) {
      await test.graph(five);
      await test.node("solve").click();
      // The graph is fitted beside the details when no second click has come for 500 ms.
      await test.resting(500);
      const before = await boxOf(test, "solve");
      const extra = { ...five.nodes.find(({ kind }) => kind === "llm")!, id: "extra", kind: "llm" as const };
      await test.graph({ ...five, nodes: [{ ...extra, inputs: ["question"] } as never, ...five.nodes] });
      ok((await drawnIds(test)).includes("extra"));
      deepEqual(await boxOf(test, "solve"), before);
    },
  },
  {
    name: "zooms with the wheel and pans with the mouse",
    async run(test) {
      await test.graph(five);
      const before = await boxOf(test, "solve");
      await test.page.mouse.move(450, 380);
      await test.page.mouse.wheel(0, -200);
      await test.page.waitForTimeout(100);
      const zoomed = await boxOf(test, "solve");
      ok(zoomed.width > before.width, "larger");
      await test.page.mouse.move(100, 600);
      await test.page.mouse.down();
      await test.page.mouse.move(160, 640, { steps: 4 });
      await test.page.mouse.up();
      const panned = await boxOf(test, "solve");
      deepEqual([panned.x - zoomed.x, panned.y - zoomed.y], [60, 40]);
    },
  },
  {
    name: "keeps what leads to and from the selected node bright and dims the rest",
    async run(test) {
      const graph = pipeline(30);
      await test.graph(graph);
      await test.node("plan_1a").click();
      equal(await test.node("gather_0").evaluate((node) => node.classList.contains("dim")), false);
      equal(await test.node("plan_1b").evaluate((node) => node.classList.contains("dim")), true);
      await test.page.keyboard.press("Escape");
      await test.settled();
      equal(await test.page.locator("svg.graph .dim").count(), 0);
    },
  },
  {
    name: "folds what leads to a node alone, and unfolds it",
    async run(test) {
      await test.graph(five);
      await test.node("check").click();
      await test.page.keyboard.press("c");
      await test.settled();
      deepEqual((await drawnIds(test)).length, 6, "nothing leads to check alone");
      await test.node("answer").click();
      await test.page.getByText("Collapse 5").click();
      await test.settled();
      deepEqual(await drawnIds(test), ["answer"]);
      match((await test.node("answer").textContent()) ?? "", /\+5/);
      await test.page.getByText("Expand", { exact: true }).click();
      await test.settled();
      equal((await drawnIds(test)).length, 6);
    },
  },
  {
    name: "finds nodes by name, role and text, and goes from one to the next",
    async run(test) {
      await test.graph(pipeline(30));
      await test.page.keyboard.press("/");
      await test.page.keyboard.type("DRAFT_2");
      await test.settled();
      equal(await test.page.locator(".found").textContent(), "5 found");
      await test.page.keyboard.press("Enter");
      await test.settled();
      equal(await test.page.locator(".found").textContent(), "1 of 5");
      await test.page.keyboard.press("Enter");
      await test.page.keyboard.press("Shift+Enter");
      await test.settled();
      equal(await test.page.locator(".found").textContent(), "1 of 5");
      equal(await test.page.locator(".results [role=option]").count(), 5);
      await test.page.keyboard.press("Escape");
      await test.settled();
      equal(await test.page.locator("svg.graph g.node.match").count(), 0);
    },
  },
  {
    name: "keeps selection, folds, direction and camera over a reload",
    async run(test) {
      await test.graph(five);
      await test.page.keyboard.press("d");
      await test.node("solve").click();
      await test.page.keyboard.press("+");
      await test.page.waitForTimeout(250);
      const before = await boxOf(test, "solve");
      const kept: unknown = await test.page.evaluate(() => Reflect.get(window, "kept"));
      equal(Reflect.get(Object(kept), "restore"), "file:///w/team.agentgraph.json");
      await test.reload(kept);
      await test.graph(five);
      await test.settled();
      deepEqual(await boxOf(test, "solve"), before);
      ok(await test.node("solve").evaluate((node) => node.classList.contains("selected")));
    },
  },
  {
    name: "lays large graphs out in a worker, from inside the page's policy",
    async run(test) {
      let workers = 0;
      test.page.on("worker", () => workers++);
      await test.graph(graphOf(chainThatReadsTheQuestion(500)));
      ok(workers > 0, "a worker was started");
      const shown = (await drawnIds(test)).length;
      ok(shown > 0 && shown < 60, `only what can be seen is in the document (${shown})`);
    },
  },
  {
    name: "draws fewer details of each card when zoomed out, and keeps every card",
    async run(test) {
      await test.graph(pipeline(200));
      const near = await test.page.locator("svg.graph").getAttribute("data-detail");
      await test.page.keyboard.press("f");
      await test.page.waitForTimeout(400);
      const far = await test.page.locator("svg.graph").getAttribute("data-detail");
      notEqual(near, far);
      equal((await drawnIds(test)).length, 201);
    },
  },
  {
    name: "draws a graph of 1,000 nodes in short tasks, each with few elements, and keeps those that are there",
    async run(test) {
      await test.page.evaluate(() => {
        const most = { nodes: 0, edges: 0, removed: 0 };
        Reflect.set(window, "most", most);
        for (const name of ["nodes", "edges"] as const) {
          const group = document.querySelector(`svg.graph .${name}`);
          if (!group) throw new Error(`there are no ${name}`);
          // Called once at the end of each task that has changed the group.
          new MutationObserver(() => {
            const known = Number(Reflect.get(group, "known") ?? 0);
            most[name] = Math.max(most[name], group.childElementCount - known);
            most.removed = Math.max(most.removed, known - group.childElementCount);
            Reflect.set(group, "known", group.childElementCount);
          }).observe(group, { childList: true });
        }
      });
      await test.graph(pipeline(1000));
      await test.page.keyboard.press("f");
      // Zoomed out as far as it goes, some are outside the window.
      await test.page.waitForFunction(() => document.querySelectorAll("svg.graph g.node").length > 800);
      const edges = () => test.page.locator("svg.graph g.edge").count();
      await test.page.waitForTimeout(1000);
      const [before, most] = [await edges(), await test.page.evaluate(() => Reflect.get(window, "most"))];
      const nodes = (await drawnIds(test)).length;
      ok(before > 1000, `all edges are in the document (${before})`);
      ok(most.nodes > 0 && most.nodes <= 100, `at most 100 nodes in a task (${most.nodes})`);
      ok(most.edges > 0 && most.edges <= 200, `at most 200 edges in a task (${most.edges})`);
      equal(await test.page.locator("svg.graph").getAttribute("data-detail"), "block");
      equal(await test.page.locator("svg.graph .nodes text").count(), 0);
      // The user asked for the whole graph: it stays so in a smaller window.
      await test.page.setViewportSize({ width: 1200, height: 760 });
      await test.page.waitForTimeout(300);
      equal(await test.page.locator("svg.graph").getAttribute("data-detail"), "block");
      await test.say({ type: "cursor", node: null });
      equal((await drawnIds(test)).length, nodes);
      equal(await edges(), before);
    },
  },
  {
    name: "dims all that a selected node has nothing to do with in short tasks",
    async run(test) {
      const chains = Array.from({ length: 1000 }, (_, at): LayoutNode => {
        const [chain, step] = [Math.floor(at / 5), at % 5];
        return { id: `c${chain}_${step}`, kind: "llm", inputs: [step === 0 ? "question" : `c${chain}_${step - 1}`] };
      });
      await test.graph(graphOf([{ id: "question", kind: "input", inputs: [] }, ...chains]));
      await test.page.keyboard.press("f");
      await test.page.waitForFunction(() => document.querySelectorAll("svg.graph g.node").length > 800);
      await test.page.waitForTimeout(1000);
      await countChanges(test);
      await clickOn(test, "c0_4");
      await test.page.waitForFunction(() => document.querySelectorAll("svg.graph g.node.dim").length > 700);
      await test.page.waitForTimeout(500);
      equal(await test.page.locator("svg.graph g.node.selected").count(), 1);
      const most = await mostChanges(test);
      ok(most.node > 0 && most.node <= 102, `about 100 nodes in a task (${most.node})`);
      ok(most.edge > 0 && most.edge <= 210, `about 200 edges in a task (${most.edge})`);
    },
  },
  {
    name: "highlights what a selected node has to do with, and shows a run, in short tasks",
    async run(test) {
      const graph = pipeline(1000);
      await test.graph(graph);
      await test.page.keyboard.press("f");
      await test.page.waitForFunction(() => document.querySelectorAll("svg.graph g.node").length > 800);
      await test.page.waitForTimeout(1000);
      equal(await test.page.locator("svg.graph .head").count(), 0);
      await countChanges(test);
      await clickOn(test, "draft_2a");
      await test.page.waitForFunction(() => document.querySelectorAll("svg.graph g.edge.lit").length > 1000);
      await test.run(runOf(graph, "backward"));
      await test.page.waitForFunction(() => document.querySelectorAll("svg.graph g.edge.gradients").length > 1000);
      await test.page.waitForFunction(() => document.querySelectorAll("svg.graph g.node.accepted").length > 200);
      await test.page.waitForTimeout(500);
      equal(await test.page.locator("svg.graph g.node.selected").count(), 1);
      const most = await mostChanges(test);
      ok(most.node > 0 && most.node <= 102, `about 100 nodes in a task (${most.node})`);
      ok(most.edge > 0 && most.edge <= 200, `at most 200 edges in a task (${most.edge})`);
    },
  },
  {
    name: "writes a drawing of 1,000 nodes in short tasks, with few elements in the document at a time",
    async run(test) {
      await test.graph(pipeline(1000));
      await test.page.evaluate(() => {
        const seen = { tasks: 0, most: 0 };
        Reflect.set(window, "seen", seen);
        const look = () => {
          const drawing = document.querySelector("svg.export");
          if (drawing) seen.tasks++;
          seen.most = Math.max(seen.most, drawing?.querySelectorAll("*").length ?? 0);
          setTimeout(look, 0);
        };
        look();
      });
      const svg = await test.export();
      ok((svg.match(/<text /g)?.length ?? 0) > 3_000, "every card is in the file");
      const { tasks, most } = await test.page.evaluate(() => Reflect.get(window, "seen"));
      ok(tasks > 10, `it takes many tasks (${tasks})`);
      ok(most > 0 && most < 500, `one element for each style, not for each part of a card (${most})`);
      equal(await test.page.locator("svg.export").count(), 0);
    },
  },
  {
    name: "exports the whole graph as an SVG that needs no style sheet and runs nothing",
    async run(test) {
      const graph = pipeline(60);
      await test.graph(graph);
      const svg = await test.export();
      for (const { id } of graph.nodes) ok(svg.includes(id), `${id} is in the file`);
      equal(/class=|var\(|color\(|<script|href|\sstyle=/.exec(svg), null);
      const parsed = await test.page.evaluate((text) => {
        const file = new DOMParser().parseFromString(text, "image/svg+xml");
        return {
          error: file.querySelector("parsererror")?.textContent ?? null,
          fill: file.querySelector("rect")?.getAttribute("fill"),
        };
      }, svg);
      equal(parsed.error, null);
      match(parsed.fill ?? "", /^(rgb|color|#)/);
      equal(await test.page.locator("svg.export").count(), 0);
    },
  },
  ...[0.4, 0.8].map(
    (zoom): PageTest => ({
      name: `whatever a node holds stays inside its card, at ${zoom}`,
      async run(test) {
        for (const long of LONG) {
          const nodes = five.nodes.map((node): GraphNode => ({ ...node, role: long, text: long }));
          const renamed = renameAll({ ...five, nodes }, (id) => `${id}${long}`);
          await test.graph(renamed);
          const run = runOf(renamed, "done");
          const verdict = (of: RunState["proposals"][number]["verdict"]) => ({
            ...of,
            rightBefore: 123456,
            rightAfter: 234567,
          });
          const proposals = run.state.proposals.map((one) => ({ ...one, verdict: verdict(one.verdict) }));
          const models = Object.entries(run.state.nodes).map(([id, node]) => [
            id,
            { ...node, model: long, forward: 123456, gradients: 98765, formatErrors: 4321 },
          ]);
          const state = { ...run.state, proposals, nodes: Object.fromEntries(models) };
          const inputs = { [renamed.inputs[0]?.name ?? ""]: long };
          const rows = (samples: typeof run.data.train) => samples.map((sample) => ({ ...sample, inputs }));
          const data = { train: rows(run.data.train), validation: rows(run.data.validation), test: [] };
          await test.run({ ...run, state, data, value: async () => long });
          for (const sample of [null, "row-22"]) {
            if (sample) await test.sample(sample);
            await test.page.keyboard.press("Escape");
            await test.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 250)));
            deepEqual(await outside(test, zoom), [], `${long.slice(0, 12)} ${sample}`);
          }
        }
      },
    }),
  ),
  {
    name: "shows a message if there is nothing to draw",
    async run(test) {
      await test.graph(null);
      equal(await test.page.locator(".empty").textContent(), "There is no graph to show yet.");
      await test.graph({ ...five, inputs: [], nodes: [], output: "" });
      equal(await test.page.locator(".empty").textContent(), "This graph has no nodes yet.");
    },
  },
];

async function clickOn(test: TestPage, node: string): Promise<void> {
  await test.page.evaluate((id) => {
    document
      .querySelector(`svg.graph g.node[data-id="${id}"]`)
      ?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  }, node);
}

/** Counts from now on how many elements get other classes in one task. */
async function countChanges(test: TestPage): Promise<void> {
  await test.page.evaluate(() => {
    const most = { node: 0, edge: 0 };
    Reflect.set(window, "most", most);
    const group = document.querySelector("svg.graph .world");
    if (!group) throw new Error("there is no drawing");
    // Called once at the end of each task that has changed something.
    new MutationObserver((changes) => {
      for (const kind of ["node", "edge"] as const) {
        const changed = changes.filter(({ target }) => target instanceof Element && target.matches(`g.${kind}`));
        most[kind] = Math.max(most[kind], new Set(changed.map(({ target }) => target)).size);
      }
    }).observe(group, { subtree: true, attributeFilter: ["class"] });
  });
}

function mostChanges(test: TestPage): Promise<{ node: number; edge: number }> {
  return test.page.evaluate(() => Reflect.get(window, "most"));
}
