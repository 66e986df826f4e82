import { deepEqual, equal, match, ok } from "node:assert/strict";
import { runView } from "../../../src/editor/graph/run-view.ts";
import type { Gradient } from "../../../src/engine/events.ts";
import { five } from "../graphs.ts";
import type { TestPage } from "../harness.ts";
import { runOf } from "../runs.ts";
import type { PageTest } from "./page-test.ts";

const moreGradients = (): { gradients: Gradient[] } => {
  const { gradients } = runOf(five, "backward").state;
  const [first] = gradients.filter(({ of, node }) => of === "value" && node === "plan");
  ok(first);
  return { gradients: [...gradients, { ...first, sample: "row-30" }] };
};

const pulses = (test: TestPage) => test.page.locator("svg.graph .pulse").count();

/** Counts how many pulses are ever put into the page. */
const watchPulses = (test: TestPage) =>
  test.page.evaluate(() => {
    Reflect.set(window, "pulsed", 0);
    const layer = document.querySelector(".pulses");
    if (!layer) throw new Error("there is no layer for pulses");
    new MutationObserver((changes) => {
      const added = changes.reduce((sum, { addedNodes }) => sum + addedNodes.length, 0);
      Reflect.set(window, "pulsed", Number(Reflect.get(window, "pulsed")) + added);
    }).observe(layer, { childList: true });
  });
const pulsed = (test: TestPage) => test.page.evaluate(() => Reflect.get(window, "pulsed"));

export const liveTests: readonly PageTest[] = [
  {
    name: "a run that is over is replayed iteration by iteration, by slider and by button",
    async run(test) {
      await test.graph(five);
      await test.run(runOf(five, "backward"));
      const replay = test.page.locator(".replay");
      ok(await replay.isHidden(), "a running run is not replayed");
      const done = runOf(five, "done");
      await test.run(done);
      const slider = replay.getByRole("slider", { name: "Iteration to show" });
      match((await replay.textContent()) ?? "", /The result/);
      await slider.focus();
      await test.page.keyboard.press("ArrowLeft");
      await test.settled();
      const last = done.state.curve.at(-1)?.iteration ?? 0;
      deepEqual(test.last("replay"), { type: "replay", iteration: last });
      await test.page.keyboard.press("Home");
      await test.settled();
      deepEqual(test.last("replay"), { type: "replay", iteration: 1 });
      match((await replay.textContent()) ?? "", new RegExp(`After iteration 1 of ${last}`));
      // The host's answer to what was asked before does not move the slider.
      await test.say({ type: "run", run: { ...runView(done, () => ""), replayed: last } });
      equal(await slider.inputValue(), "1");
      await test.say({ type: "run", run: { ...runView(done, () => ""), replayed: 1 } });
      equal(await test.page.locator(".plot .replayed").count(), 1);
      await replay.locator('vscode-button[aria-label="Replay the run"]').click();
      await test.page.waitForTimeout(1200);
      await replay.locator('vscode-button[aria-label="Stop the replay"]').click();
      deepEqual(test.last("replay"), { type: "replay", iteration: 2 });
    },
  },
  {
    name: "a run that goes on here is paused, continued, stopped and held off a node by buttons that stay while it changes",
    async run(test) {
      await test.graph(five);
      const pace = { usdPerMinute: 0.12, callsPerMinute: 20, left: 200_000 };
      const going = { ...runOf(five, "forward", { parameters: ["plan", "solve"] }), pace };
      await test.run({ ...going, pace: null });
      const strip = test.page.locator(".run");
      ok(await strip.locator(".steering").isHidden(), "a run of another window can't be steered");
      await test.run(going);
      match((await strip.textContent()) ?? "", /\$0\.12 per minute · at most 4 min left/);
      const pause = strip.getByRole("button", { name: "Pause the run" });
      const box = await pause.boundingBox();
      ok(box);
      // Ten snapshots a second arrive; each would take a button away that is drawn anew under the mouse.
      await test.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await test.page.mouse.down();
      const { nodes } = going.state;
      await test.run({ ...going, state: { ...going.state, elapsed: 90_000, nodes: { ...nodes } } });
      await test.page.mouse.up();
      await test.settled();
      deepEqual(test.last("steer"), { type: "steer", act: "pause" });
      await test.run({ ...going, state: { ...going.state, paused: "user" } });
      match((await strip.textContent()) ?? "", /Paused/);
      await strip.getByRole("button", { name: "Continue the run" }).click();
      deepEqual(test.last("steer"), { type: "steer", act: "continue" });
      await strip.getByRole("button", { name: "Stop after this iteration" }).click();
      deepEqual(test.last("steer"), { type: "steer", act: "stop" });
      await test.run({ ...going, state: { ...going.state, stopAfter: 3 } });
      match((await strip.textContent()) ?? "", /stops after iteration 3/);

      await test.node("plan").click();
      await test.page.getByRole("button", { name: "Pin", exact: true }).click();
      deepEqual(test.last("pin"), { type: "pin", node: "plan", pinned: true });
      const pins = [{ node: "plan", pinned: true, from: 3 }];
      await test.run({ ...going, state: { ...going.state, pins } });
      await test.page.getByRole("button", { name: "Unpin" }).waitFor();
      equal(await test.node("plan").locator(".icon-pinned").count(), 1);
      equal(await test.node("solve").locator(".icon-pinned").count(), 0);
      await test.node("check").click();
      await test.page.getByRole("heading", { name: "check" }).waitFor();
      equal(await test.page.getByRole("button", { name: "Pin", exact: true }).count(), 0, "its text is no parameter");
    },
  },
  {
    name: "shows values as they arrive, and what is in progress",
    async run(test) {
      await test.graph(five);
      await test.run(runOf(five, "forward"));
      match((await test.node("plan").textContent()) ?? "", /20 values/);
      match((await test.node("check").textContent()) ?? "", /▸ 3/);
      await test.page.waitForTimeout(300);
      const width = (id: string) =>
        test
          .node(id)
          .locator(".bar")
          .evaluate((bar) => bar.getBoundingClientRect().width);
      ok((await width("plan")) > (await width("answer")), "a node that has answered more is filled further");
      match(
        (await test.page.locator(".run").textContent()) ?? "",
        /Running.*iteration 3 of 6.*3 answers.*412 of 2,000.*\$0\.04 of \$1\.50/s,
      );
    },
  },
  {
    name: "a pulse runs back along an edge for each new gradient, and none without",
    async run(test) {
      await test.graph(five);
      await test.run(runOf(five, "backward"));
      await watchPulses(test);
      await test.run(runOf(five, "backward"));
      equal(await pulsed(test), 0);
      await test.run(runOf(five, "backward", moreGradients()));
      equal(await pulsed(test), 1);
      await test.page.waitForTimeout(900);
      equal(await pulses(test), 0);
    },
  },
  {
    name: "with reduced motion nothing moves, and the badges say the same",
    opening: { still: true },
    async run(test) {
      await test.graph(five);
      await test.run(runOf(five, "backward"));
      await watchPulses(test);
      await test.run(runOf(five, "backward", moreGradients()));
      equal(await pulsed(test), 0);
      const badges = await test.page.locator("svg.graph .badge text").allTextContents();
      equal(badges.filter((text) => text === "∇ 3").length, 1);
      equal(badges.filter((text) => text === "∇ 2").length, 5);
    },
  },
  {
    name: "a badge shows the gradients of its edge on demand",
    async run(test) {
      await test.graph(five);
      await test.run(runOf(five, "backward"));
      const before = test.sent.filter(({ type }) => type === "ask").length;
      await test.page.locator("svg.graph .badge").first().click();
      await test.settled();
      const asked = test.sent.filter(({ type }) => type === "ask").slice(before);
      equal(asked.length, 1);
      match((await test.page.locator(".panel").textContent()) ?? "", /→.*Ann has 25 apples.*the unit is missing/s);
    },
  },
  {
    name: "verdicts appear on their nodes, as text and with a sign",
    async run(test) {
      await test.graph(five);
      await test.run(runOf(five, "done"));
      const classes = await test.node("plan").getAttribute("class");
      match(classes ?? "", /accepted/);
      match((await test.node("plan").textContent()) ?? "", /14 → 17/);
      await test.node("solve").click();
      await test.settled();
      match((await test.page.locator(".panel").textContent()) ?? "", /Its change is rejected, 14 → 13 of 20 right/);
      await test.page.getByText("Review change").click();
      deepEqual(test.last("review"), { type: "review", node: "solve" });
    },
  },
  {
    name: "a verdict on a text that has changed since is grey and says so",
    async run(test) {
      await test.graph(five);
      const run = runOf(five, "done");
      const nodes = five.nodes.map((node) => (node.id === "plan" ? { ...node, text: "Guess." } : node));
      await test.say({ type: "run", run: runView(run, () => "", undefined, { ...five, nodes }) });
      match((await test.node("plan").getAttribute("class")) ?? "", /outdated/);
      match((await test.node("plan").textContent()) ?? "", /text changed since/);
      await test.node("plan").click();
      await test.settled();
      match((await test.page.locator(".panel").textContent()) ?? "", /14 → 17 of 20 right, text changed since/);
    },
  },
  {
    name: "a long name keeps its room: of its verdict the sign is left",
    async run(test) {
      const named = (id: string) => (id === "plan" ? "category_task_expected_output" : id);
      const renamed = {
        ...five,
        nodes: five.nodes.map((node) => ({ ...node, id: named(node.id), inputs: node.inputs.map(named) })),
      };
      await test.graph(renamed);
      await test.run(runOf(renamed, "done"));
      const text = (await test.node("category_task_expected_output").locator("text.name").textContent()) ?? "";
      match(text, /^category_task_/);
    },
  },
  {
    name: "shows what a run waits for and until when, until it continues",
    async run(test) {
      await test.graph(five);
      const run = runOf(five, "backward");
      const waiting = {
        identity: "openai http://127.0.0.1:9",
        reason: "no answer",
        until: 0,
        detail: "refused",
      } as const;
      await test.run({ ...run, waiting });
      match(
        (await test.page.locator(".run .waiting").last().textContent()) ?? "",
        /^Waiting for 127\.0\.0\.1:9 until .*refused/,
      );
      match((await test.page.locator(".run [role=status]").textContent()) ?? "", /Waiting for/);
      await test.run(run);
      equal(await test.page.locator(".run .waiting").count(), 0);
    },
  },
  {
    name: "plots the score of each iteration with its interval",
    async run(test) {
      await test.graph(five);
      await test.run(runOf(five, "done"));
      equal(await test.page.locator(".plot circle").count(), 4);
      const label = await test.page.locator(".plot").getAttribute("aria-label");
      match(label ?? "", /score 0\.35.*interval 0\.18 to 0\.57.*Iteration 3: 1 accepted, score 0\.85/);
    },
  },
  {
    name: "a run without iterations takes no space for a plot, and the next one has its plot again",
    async run(test) {
      await test.graph(five);
      await test.run(runOf(five, "done", { curve: [], iterations: 0 }));
      equal(await test.page.locator(".plot").isVisible(), false);
      await test.run(runOf(five, "done"));
      await test.settled();
      equal(await test.page.locator(".plot").isVisible(), true);
      equal(await test.page.locator(".plot circle").count(), 4);
    },
  },
  {
    name: "a score known only as a range is shown as approximate, and an unknown one is not drawn",
    async run(test) {
      await test.graph(five);
      const unknown = { iteration: 1, low: 0, high: 1, accepted: 0 };
      const ranged = { iteration: 0, low: 0.2, high: 0.4, accepted: 0 };
      await test.run(runOf(five, "backward", { curve: [ranged, unknown] }));
      equal(await test.page.locator(".plot circle").count(), 1);
      equal(await test.page.locator(".plot .last").textContent(), "≈ 0.30");
      match((await test.page.locator(".run [role=status]").textContent()) ?? "", /score between 0\.20 and 0\.40/);
      await test.run(runOf(five, "backward", { curve: [unknown] }));
      equal(await test.page.locator(".plot circle").count(), 0);
      equal(await test.page.locator(".plot").getAttribute("aria-label"), "Validation score: none yet.");
    },
  },
  {
    name: "a sample shows its value on every node, its prompt, its gradient and expected against actual",
    async run(test) {
      await test.graph(five);
      await test.run(runOf(five, "done"));
      await test.sample("row-22");
      await test.settled();
      match((await test.node("plan").textContent()) ?? "", /Step 1: write down what plan knows\s*about row 22/);
      match((await test.node("question").textContent()) ?? "", /Ann has/);
      match((await test.node("answer").textContent()) ?? "", /The answer is 67/);
      await test.node("answer").click();
      await test.settled();
      const panel = (await test.page.locator(".panel").textContent()) ?? "";
      match(panel, /Expected.*The answer is 69.*Actual.*The answer is 67.*Wrong/s);
      match(panel, /Prompt sent.*<solve>\s*Step 1: write down what solve knows/s);
      match(panel, /Gradient for this sample.*the unit is missing/s);
      deepEqual(await test.page.locator(".compare del, .compare ins").allTextContents(), ["69", "67"]);
      await test.page.getByRole("button", { name: "Copy the prompt" }).click();
      deepEqual(test.last("copy"), { type: "copy", node: "answer", sample: "row-22", at: "latest", part: "prompt" });
    },
  },
  {
    name: "asks for no other texts of an evaluation, which has none",
    async run(test) {
      await test.graph(five);
      await test.run(runOf(five, "done", { curve: [], iterations: 0 }));
      await test.sample("row-04");
      await test.settled();
      equal(await test.page.getByRole("button", { name: "Next sample" }).count(), 1);
      equal(await test.page.getByLabel("Texts to use").count(), 0);
    },
  },
  {
    name: "goes from sample to sample, and shows the texts of the start too",
    async run(test) {
      await test.graph(five);
      await test.run(runOf(five, "done"));
      await test.sample("row-04");
      await test.settled();
      match((await test.node("answer").textContent()) ?? "", /The answer is 15/);
      await test.page.getByLabel("Texts to use").click();
      await test.page.getByText("Starting texts").click();
      await test.settled();
      match((await test.node("answer").textContent()) ?? "", /The answer is 13/);
      await test.page.click('vscode-button[aria-label="Next sample"]');
      await test.settled();
      equal(await test.page.locator(".sample-bar strong").getAttribute("title"), "row-05");
      await test.page.click('vscode-button[aria-label="Clear the sample"]');
      await test.settled();
      match((await test.node("answer").textContent()) ?? "", /List the quantities/);
    },
  },
];
