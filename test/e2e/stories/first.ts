import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import type { Locator, Page } from "playwright-core";
import { git } from "../../vscode/workspace.ts";
import { helpdesk } from "../models.ts";
import type { Workbench } from "../workbench.ts";
import type { Story, World } from "../world.ts";
import { chooseServer, inTheme } from "./steps.ts";

const EXAMPLE = "agentgraph-chain";

const AGENTS = `reader:
  role: >
    Support Ticket Reader
  goal: Find out what a customer wants
  backstory: You read tickets of an online shop.
clerk:
  role: 'Help Desk Clerk'
  goal: "Choose the right category"
  backstory: |
    You work fast.
    You never guess.
`;

const TASKS = `# Tasks run top to bottom.
extract_task:
  description: >
    Write in one sentence what the customer wants.
    Ticket: {ticket}
  expected_output: One sentence
  agent: reader
category_task:
  description: |
    Choose the category of a support ticket: billing, delivery, account or product.
    Ticket: {ticket}
  expected_output: 'The category'
  agent: clerk
  context: [extract_task]  # kept
`;

/** The first minutes of somebody who has read nothing, by mouse alone; each says how long it took and how many clicks. */
export const firstStories: readonly Story[] = [
  {
    name: "first minutes: the walkthrough, step by step",
    shares: true,
    isFirst: true,
    leavesNoTrace: true,
    example: "",
    async play(world) {
      const { workbench } = world;
      // Beside a side bar there is no room for the pictures.
      await workbench.command("View: Toggle Primary Side Bar Visibility");
      for (const theme of ["Light Modern", "Dark Modern", "Default High Contrast"]) {
        await inTheme(world, theme);
        const steps = await openWalkthrough(workbench);
        for (let step = 0; step < (await steps.count()); step++) {
          await steps.nth(step).click();
          await workbench.page.waitForTimeout(700);
          await workbench.picture(`78-walkthrough-${theme.toLowerCase().replaceAll(" ", "-")}-${step + 1}`);
        }
        assert.equal(await steps.count(), 4);
        assert.equal(await ticked(workbench.page), 0, "looking at a step does not complete it");
        await workbench.closeEditors();
      }
    },
  },
  {
    name: "first minutes: from nothing to a commit with the simulated model",
    shares: true,
    isFirst: true,
    example: "",
    async play(world) {
      await firstMinutes(world, async () => {
        await world.workbench.quickTitle("Which model provider should be used?").waitFor();
        await world.workbench.picture("73-provider");
        await world.workbench.pick("Which model provider should be used?", "Simulated model");
        await world.workbench.dialog("Optimize “").waitFor();
        await world.workbench.picture("74-estimate");
        assert.match(await world.workbench.decide("Optimize “", "Start"), /no data leaves this machine/);
      });
      checkFirstCommit(world, "", `${EXAMPLE}/prompts`);
      await openWalkthrough(world.workbench);
      await world.until(async () => (await ticked(world.workbench.page)) === 4);
    },
  },
  {
    name: "first minutes: from nothing to a commit with a local server that needs no key",
    shares: true,
    isFirst: true,
    example: "",
    async play(world) {
      await openWalkthrough(world.workbench);
      await firstMinutes(world, async () => {
        await chooseServer(world);
        await world.workbench.decide("Optimize “", "Start");
      });
      checkFirstCommit(world, "", `${EXAMPLE}/prompts`);
      assert.equal(world.models.requests(), world.summary().calls);
      await openWalkthrough(world.workbench);
      await world.until(async () => (await ticked(world.workbench.page)) === 4);
    },
  },
  {
    name: "first minutes: in a window without a folder, in a place with spaces and umlauts, without git",
    example: "",
    plain: true,
    opens: "nothing",
    settings: { "agentgraph.provider": "simulated" },
    async play(world) {
      const { workbench, folder } = world;
      const place = path.join(folder, "Übungen für später");
      mkdirSync(place);
      await workbench.openSideBar();
      await workbench.page.getByRole("button", { name: "Create example graph" }).first().click();
      await workbench.pick("Which example?", "Word problems");
      await workbench.quickTitle("Where should the example be created?").waitFor();
      await workbench.picture("79-which-folder");
      await workbench.answerPath(`${place}/`, "Create it here");
      await workbench.tab("chain.agentgraph.json").waitFor();
      await workbench.pressOnToast("Example created in", "Optimize graph");
      await workbench.decide("Optimize “", "Start");
      await toCommit(world, async () => {
        const said = await workbench.decide("is not in a git repository", "Initialize repository");
        assert.ok(said.includes(path.join(place, EXAMPLE)), said);
      });
      checkFirstCommit(world, path.relative(folder, path.join(place, EXAMPLE)), "prompts");
      assert.ok(await workbench.row("Runs", "Word problems").isVisible(), "the run is still there");
    },
  },
  {
    name: "own pipeline: from three prompts and a table to a reviewed commit",
    shares: true,
    example: "test/fixtures/support",
    server: { model: helpdesk },
    size: { width: 1440, height: 900 },
    async play(world) {
      const { workbench, git } = world;
      const started = Date.now();
      await workbench.menuOn(workbench.file("prompts"), "New graph from my prompts");
      await workbench.quickTitle("New graph from these prompts").waitFor();
      await workbench.picture("80-guesses");
      await workbench.page.keyboard.press("Enter");
      await workbench.tab(".agentgraph.json").waitFor();
      await workbench.pressOnToast("was created", "Optimize graph");
      await chooseServer(world);
      assert.match(await workbench.decide("Optimize “", "Start"), /60 samples are sent/);
      await workbench.toast("Optimized").waitFor();
      await workbench.picture("81-optimized");
      await workbench.pressOnToast("Optimized", "Review proposals");
      await workbench.lens("Accepted by the gate").waitFor();
      const applyAll = () => workbench.titleAction("Proposals", "Apply all accepted");
      await workbench.pressUntil(applyAll, workbench.toast("Applied"));
      await workbench.pressOnToast("Applied", "Commit accepted prompts");
      await workbench.decide("Commit ", "Commit");
      await workbench.toast("Committed as").waitFor();
      const seconds = (Date.now() - started) / 1000;
      console.log(`    ${seconds.toFixed(0)} s with the pictures taken`);
      assert.match(git("show", "--format=%B", "HEAD"), /\+Answer with the category alone, in one word\./);
      assert.deepEqual(await workbench.errors(), []);
    },
  },
  {
    name: "own pipeline: a crew of CrewAI is imported, tuned in its own YAML, and committed with prompt lines alone",
    shares: true,
    example: "test/fixtures/support",
    files: { "config/agents.yaml": AGENTS, "config/tasks.yaml": TASKS },
    server: { model: helpdesk },
    size: { width: 1440, height: 900 },
    async play(world) {
      const { workbench, git } = world;
      await workbench.menuOn(workbench.file("config"), "Import graph");
      await workbench.tab(".agentgraph.json").waitFor();
      await workbench.toast("was created").waitFor();
      await workbench.picture("82-imported");
      const graph = `config/${readdirSync(path.join(world.folder, "config")).find((name) => name.endsWith(".json"))}`;
      const data = { file: "../tickets.csv", split: { train: 0.4, validation: 0.3, test: 0.3 }, target: "category" };
      world.write(graph, JSON.stringify({ ...JSON.parse(world.read(graph)), data }, null, 2));
      await workbench.clearToasts();
      await workbench.command("AgentGraph: Optimize graph");
      await chooseServer(world);
      await workbench.decide("Optimize “", "Start");
      await workbench.toast("Optimized").waitFor();
      await workbench.openByName("tasks.yaml");
      // Two tasks with a description and an expected output each.
      await world.until(async () => (await workbench.page.locator(".codelens-decoration").count()) === 4);
      await workbench.picture("83-yaml-lenses");
      await workbench.command("AgentGraph: Apply all accepted");
      await workbench.pressOnToast("Applied", "Commit accepted prompts");
      await workbench.decide("Commit ", "Commit");
      await workbench.toast("Committed as").waitFor();
      assert.equal(git("show", "--name-only", "--format=", "HEAD").trim(), "config/tasks.yaml");
      const changed: string[] = git("show", "--format=", "-U0", "HEAD").match(/^[-+](?![-+]).*$/gm) ?? [];
      assert.ok(changed.includes("+    Answer with the category alone, in one word."), changed.join("\n"));
      assert.deepEqual(
        changed.filter((line) => line.startsWith("-")),
        ["-  expected_output: 'The category'"],
      );
      assert.match(world.read("config/tasks.yaml"), /^# Tasks run top to bottom\.$[\s\S]*# kept$/m);
      await workbench.clearToasts();

      // A text that changes after its verdict.
      world.write("config/tasks.yaml", world.read("config/tasks.yaml").replace("in one word.", "in one word, please."));
      await workbench.lens("Committed, text changed since").waitFor();
      await workbench.openSideBar();
      await workbench.row("Proposals", "text changed since").waitFor();
      await workbench.row("Graphs", "text changed since").waitFor();
      await workbench.openByName(path.basename(graph));
      await workbench.command("AgentGraph: Show graph");
      await workbench.graphText("text changed since").waitFor({ state: "attached" });
      await workbench.picture("84-text-changed");
      assert.deepEqual(await workbench.errors(), []);
    },
  },
];

/** Opens the walkthrough; returns its steps. */
async function openWalkthrough(workbench: Workbench): Promise<Locator> {
  await workbench.command("Welcome: Open Walkthrough...");
  await workbench.fillQuickInput("Tune your first graph");
  await workbench.page.keyboard.press("Enter");
  const steps = workbench.page.locator(".getting-started-step");
  await steps.first().waitFor();
  return steps;
}

/** Steps of the walkthrough that are shown as done. */
function ticked(page: Page): Promise<number> {
  return page.locator('.getting-started-step [role="checkbox"][aria-checked="true"]').count();
}

/** From the empty views of the side bar to a commit, in under five minutes on a busy machine. */
async function firstMinutes(world: World, choose: () => Promise<void>): Promise<void> {
  const { workbench } = world;
  const clicks = await countClicks(workbench.page);
  const started = Date.now();
  await workbench.openSideBar();
  await workbench.page.getByRole("button", { name: "Create example graph" }).first().waitFor();
  await workbench.picture("70-empty");
  await workbench.page.getByRole("button", { name: "Create example graph" }).first().click();
  await workbench.quickTitle("Which example?").waitFor();
  await workbench.picture("71-which-example");
  await workbench.pick("Which example?", "Word problems");
  await workbench.tab("chain.agentgraph.json").waitFor();
  await workbench.toast("Example created in").waitFor();
  await workbench.picture("72-created");
  await workbench.pressOnToast("Example created in", "Optimize graph");
  await choose();
  await toCommit(world);
  const seconds = (Date.now() - started) / 1000;
  console.log(`    ${await clicks()} clicks, ${seconds.toFixed(0)} s with the pictures taken`);
  assert.ok(seconds < 300, `${seconds} s`);
}

async function toCommit({ workbench }: World, repository = async () => {}): Promise<void> {
  await workbench.toast("Optimized").waitFor();
  await workbench.picture("75-optimized");
  await workbench.pressOnToast("Optimized", "Review proposals");
  await workbench.lens("Accepted by the gate").waitFor();
  await workbench.picture("76-review");
  const applyAll = () => workbench.titleAction("Proposals", "Apply all accepted");
  await workbench.pressUntil(applyAll, workbench.toast("Applied"));
  await workbench.pressOnToast("Applied", "Commit accepted prompts");
  await repository();
  await workbench.dialog("Commit ").waitFor();
  await workbench.picture("77-commit");
  assert.match(await workbench.decide("Commit ", "Commit"), /Not yet in git/);
  await workbench.toast("Committed as").waitFor();
  assert.deepEqual(await workbench.errors(), []);
}

function checkFirstCommit(world: World, repository: string, prompts: string): void {
  const folder = path.join(world.folder, repository);
  const files = git(folder, "-c", "core.quotePath=off", "show", "--name-only", "--format=", "HEAD");
  const accepted = world.accepted(repository);
  assert.ok(accepted.length > 0);
  assert.deepEqual(files.trim().split("\n"), accepted.map((node) => `${prompts}/${node}.md`).sort());
}

async function countClicks(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    let clicks = 0;
    window.addEventListener("pointerdown", () => document.body.setAttribute("data-clicks", String(++clicks)), true);
  });
  return async () => Number(await page.locator("body").getAttribute("data-clicks"));
}
