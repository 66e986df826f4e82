import { deepEqual, equal, match, ok } from "node:assert/strict";
import { everyKind, five, pipeline } from "../graphs.ts";
import type { TestPage } from "../harness.ts";
import { runOf } from "../runs.ts";
import type { PageTest } from "./page-test.ts";

/** A run whose samples ask more than a line can show, some of it in one word. */
function longRun() {
  const run = runOf(five, "done");
  const inputs = { question: `https://example.org/${"path/".repeat(40)}?${"q=1&".repeat(30)} ${"words ".repeat(60)}` };
  const long = (samples: typeof run.data.train) => samples.map((sample) => ({ ...sample, inputs }));
  const { train, validation, test } = run.data;
  return { ...run, data: { train: long(train), validation: long(validation), test: long(test) } };
}

const width = async (test: TestPage, selector: string) =>
  (await test.page.locator(selector).boundingBox())?.width ?? Number.NaN;

/** Whether a node is in the visible part of the drawing as a whole. */
async function isInDrawing(test: TestPage, id: string): Promise<boolean> {
  const card = await test.node(id).locator(".card").first().boundingBox();
  const drawing = await test.page.locator("svg.graph").boundingBox();
  if (!card || !drawing) return false;
  const isWithin = (at: number, size: number, from: number, room: number) =>
    at >= from - 1 && at + size <= from + room + 1;
  return (
    isWithin(card.x, card.width, drawing.x, drawing.width) && isWithin(card.y, card.height, drawing.y, drawing.height)
  );
}

const separator = (test: TestPage) => test.page.getByRole("separator");

export const panelTests: readonly PageTest[] = [
  ...[691, 1280, 1440, 1920].map(
    (page): PageTest => ({
      name: `the details leave the drawing its room, ${page} px`,
      opening: { width: page },
      async run(test) {
        await test.graph(five);
        await test.run(longRun());
        equal(await test.page.locator(".panel").isVisible(), false, "nothing is chosen");
        equal(await width(test, ".drawing"), page);
        await test.node("solve").click();
        await test.settled();
        await test.page.locator(".run button", { hasText: "samples" }).click();
        await test.settled();
        const panel = await width(test, ".panel");
        ok(panel >= 260 && panel <= 420, `${panel} px`);
        ok((await width(test, ".drawing")) >= 0.38 * page, "the drawing can be seen");
        const body = test.page.locator(".panel-body");
        equal(await body.evaluate((element) => element.scrollWidth > element.clientWidth), false, "nothing is cut off");
      },
    }),
  ),
  {
    name: "the first click on a node moves nothing, so that a second one opens its text",
    async run(test) {
      await test.graph(five);
      const camera = () => test.page.locator("svg.graph .world").getAttribute("transform");
      const before = await camera();
      await test.node("plan").dblclick();
      await test.settled();
      equal(await camera(), before);
      deepEqual(test.last("reveal"), { type: "reveal", node: "plan", open: true });
    },
  },
  ...[
    { width: 460, height: 700 },
    { width: 1280, height: 800 },
  ].map(
    (opening): PageTest => ({
      name: `a graph that was fitted is fitted again beside the details, ${opening.width} px`,
      opening,
      async run(test) {
        await test.graph(five);
        await test.node("answer").click();
        // Within a few frames, and so before the graph is fitted again.
        for (let at = 0; at < 3 && !(await isInDrawing(test, "answer")); at++) await test.settled();
        ok(await isInDrawing(test, "answer"), "at once");
        await test.resting(500);
        for (const { id } of five.nodes) ok(await isInDrawing(test, id), id);
        await separator(test).focus();
        for (let at = 0; at < 4; at++) await test.page.keyboard.press(opening.width < 640 ? "ArrowUp" : "ArrowLeft");
        await test.settled();
        for (const { id } of five.nodes) ok(await isInDrawing(test, id), `${id}, with larger details`);
        equal(await test.page.locator("svg.graph g.node.selected").getAttribute("data-id"), "answer");
        await test.page.keyboard.press("Escape");
        await test.settled();
        for (const { id } of five.nodes) ok(await isInDrawing(test, id), `${id}, with the details closed`);
      },
    }),
  ),
  {
    name: "a selected node stays in view beside the details, at the zoom that the user chose",
    opening: { width: 460, height: 700, still: true },
    async run(test) {
      await test.graph(five);
      const zoom = () =>
        test.page
          .locator("svg.graph .world")
          .getAttribute("transform")
          .then((transform) => /scale\(([\d.]+)/.exec(transform ?? "")?.[1]);
      for (let at = 0; at < 3; at++) await test.page.click('vscode-button[aria-label^="Zoom in"]');
      await test.page.waitForTimeout(500);
      const chosen = await zoom();
      await test.page.locator(".drawing").hover();
      await test.page.mouse.down();
      await test.page.mouse.move(230, 60, { steps: 5 });
      await test.page.mouse.up();
      await test.node("answer").click();
      await test.resting(500);
      ok(await isInDrawing(test, "answer"), "clicked");
      await test.page.keyboard.press("ArrowUp");
      await test.page.keyboard.press("Enter");
      await test.resting(500);
      const selected = (await test.page.locator("svg.graph g.node.selected").getAttribute("data-id")) ?? "";
      ok(selected !== "answer" && selected !== "", selected);
      ok(await isInDrawing(test, selected), "chosen by keyboard");
      equal(await zoom(), chosen);
    },
  },
  {
    name: "the details name what a retriever searches, what a map runs for, and what a node runs",
    async run(test) {
      await test.graph(everyKind);
      const head = async (node: string) => {
        await test.node(node).click();
        await test.settled();
        return (await test.page.locator(".panel-body").textContent()) ?? "";
      };
      match(await head("find"), /retriever · best 3 passages of docs\/\*\*\/\*\.md/);
      match(await head("notes"), /map node · runs for each element of parts/);
      match(await head("parts"), /function · steps\/parts\.js/);
      match(await head("weigh"), /tool · calls scale/);
      match(await head("answer"), /Keeps “Be kind\.”At most 40 words/);
    },
  },
  {
    name: "the lines of a card don't overlap, whatever it says",
    async run(test) {
      await test.graph(everyKind);
      for (const { id, text } of everyKind.nodes) {
        const boxes = await test
          .node(id)
          .locator("text")
          .evaluateAll((all) =>
            all
              .map((one) => one.getBoundingClientRect())
              .map(({ top, bottom, left, right }) => ({ top, bottom, left, right })),
          );
        const middle = ({ top, bottom }: { top: number; bottom: number }) => (top + bottom) / 2;
        for (const [at, one] of boxes.entries()) {
          for (const other of boxes.slice(at + 1)) {
            const isBeside = one.right <= other.left || other.right <= one.left;
            const apart = Math.abs(middle(one) - middle(other));
            ok(isBeside || apart >= 0.7 * (one.bottom - one.top), `${id}: ${text}`);
          }
        }
      }
    },
  },
  {
    name: "the details are resized by mouse and keyboard within bounds, and stay so over a reload",
    async run(test) {
      await test.graph(five);
      await test.node("solve").click();
      await test.settled();
      const box = await separator(test).boundingBox();
      ok(box);
      const drag = async (from: number, to: number) => {
        await test.page.mouse.move(from, 400);
        await test.page.mouse.down();
        await test.page.mouse.move(to, 400, { steps: 5 });
        await test.page.mouse.up();
        await test.settled();
      };
      await drag(box.x, 1280 - 380);
      equal(Math.round(await width(test, ".panel")), 380);
      await drag(1280 - 380, 100);
      equal(Math.round(await width(test, ".panel")), 420);
      await separator(test).focus();
      await test.page.keyboard.press("ArrowRight");
      await test.settled();
      equal(Math.round(await width(test, ".panel")), 400);
      equal(await separator(test).getAttribute("aria-valuenow"), "400");
      await test.page.keyboard.press("Home");
      await test.settled();
      equal(Math.round(await width(test, ".panel")), 260);
      const kept: unknown = await test.page.evaluate(() => Reflect.get(window, "kept"));
      await test.reload(kept);
      await test.graph(five);
      await test.settled();
      equal(Math.round(await width(test, ".panel")), 260);
      await separator(test).dblclick();
      await test.settled();
      equal(Math.round(await width(test, ".panel")), 320);
    },
  },
  {
    name: "in a narrow window the details are resized in height",
    opening: { width: 460, height: 700 },
    async run(test) {
      await test.graph(five);
      await test.node("solve").click();
      await test.settled();
      const height = async () => (await test.page.locator(".panel").boundingBox())?.height ?? 0;
      const before = await height();
      await separator(test).focus();
      await test.page.keyboard.press("ArrowUp");
      await test.settled();
      ok((await height()) > before + 10);
      await test.page.keyboard.press("ArrowDown");
      await test.page.keyboard.press("ArrowDown");
      await test.settled();
      ok((await height()) < before - 10);
    },
  },
  {
    name: "the details close with their node, and stay open where the user opened them",
    async run(test) {
      const open = () => test.page.locator(".panel").isVisible();
      await test.graph(five);
      await test.run(runOf(five, "done"));
      await test.node("solve").click();
      await test.settled();
      equal(await open(), true);
      await test.page.keyboard.press("Escape");
      await test.settled();
      equal(await open(), false);
      await test.page.click('vscode-button[aria-label="Details"]');
      await test.settled();
      equal(await open(), true);
      await test.node("solve").click();
      await test.page.keyboard.press("Escape");
      await test.settled();
      equal(await open(), true);
      await test.page.click('vscode-button[aria-label="Details"]');
      await test.settled();
      equal(await open(), false);
      await test.node("plan").click();
      await test.settled();
      equal(await open(), true, "a choice opens them again");
    },
  },
  {
    name: "a search lists its results, zooms to a readable size, and goes both ways",
    async run(test) {
      await test.graph(pipeline(200));
      await test.page.keyboard.press("f");
      await test.page.waitForTimeout(300);
      const field = test.page.getByRole("combobox", { name: "Find a node" });
      const current = () => test.page.locator(".results [aria-selected=true]").getAttribute("data-id");
      await field.fill("draft_2");
      await test.settled();
      const listed = await test.page
        .locator(".results [role=option]")
        .evaluateAll((rows) => rows.map((row) => row.getAttribute("data-id")));
      ok(listed.length > 2);
      equal(await test.page.locator(".found").textContent(), `${listed.length} found`);
      await field.press("Shift+Enter");
      await test.settled();
      equal(await current(), listed.at(-1), "back from the start is the last");
      await field.press("Enter");
      await test.settled();
      equal(await current(), listed[0], "after the last comes the first");
      await field.press("Shift+Enter");
      await field.press("Shift+Enter");
      await test.settled();
      equal(await current(), listed.at(-2));
      await test.page.waitForTimeout(300);
      const [node, drawing] = await Promise.all([
        test
          .node(listed.at(-2) ?? "")
          .locator(".card")
          .first()
          .boundingBox(),
        test.page.locator(".drawing").boundingBox(),
      ]);
      ok(node && drawing);
      ok(node.width > 150, `can be read at ${node.width} px`);
      ok(node.x >= drawing.x && node.x + node.width <= drawing.x + drawing.width, "in the window");
      ok(node.y >= drawing.y && node.y + node.height <= drawing.y + drawing.height, "in the window");
      await test.page.locator(`.results [data-id="${listed[1]}"]`).click();
      await test.settled();
      equal(await current(), listed[1]);
      equal(await test.page.locator(".found").textContent(), `2 of ${listed.length}`);
      await field.fill("nobody");
      await test.settled();
      equal(await test.page.locator(".found").textContent(), "no results");
    },
  },
  {
    name: "the warnings of a run are a click away",
    async run(test) {
      await test.graph(five);
      await test.run(
        runOf(five, "done", {
          warnings: [
            { type: "warning", code: "small validation set", count: 20 },
            { type: "warning", code: "nothing to learn" },
          ],
        }),
      );
      await test.page.getByRole("button", { name: "1 warning" }).click();
      await test.settled();
      const listed = await test.page.locator(".panel .warnings li").allTextContents();
      equal(listed.length, 2);
      match(listed.join("\n"), /20 samples.*Every training sample/s);
    },
  },
  {
    name: "a sample within the run's threshold is right everywhere on the page",
    async run(test) {
      await test.graph(five);
      const score = (loss: number) => ({ split: "validation" as const, loss, lenient: loss, formatError: false });
      const scores = { t0: { "row-22": score(0.6) }, t1: { "row-22": score(0.2) } };
      await test.run({ ...runOf(five, "done", { scores }), threshold: 0.25 });
      await test.page.locator(".run button", { hasText: "1 sample" }).click();
      await test.settled();
      match((await test.page.locator("button.sample").textContent()) ?? "", /fixed · validation/);
      await test.page.locator("button.sample").click();
      await test.node("answer").click();
      await test.settled();
      equal(await test.page.locator(".outcome.right").textContent(), "Right. Score 0.80.");
      equal(await test.node("answer").locator(".value.right").count(), 1);
    },
  },
  {
    name: "nodes show the model that answered in the run, not the one that is chosen now",
    async run(test) {
      await test.graph(five);
      match((await test.node("solve").textContent()) ?? "", /gpt-4\.1-mini · 19 words/);
      await test.run(runOf(five, "done"));
      match((await test.node("solve").textContent()) ?? "", /gpt-4\.1-mini-2025-04-14/);
      await test.node("solve").click();
      await test.settled();
      match((await test.page.locator(".panel").textContent()) ?? "", /Answered by gpt-4\.1-mini-2025-04-14/);
    },
  },
];
