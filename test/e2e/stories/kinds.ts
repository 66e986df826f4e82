import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { priceGraph, priceModel } from "../../cli/price-model.ts";
import { CLAIMS, claimsModel, ESCAPED, writeClaims } from "../claims.ts";
import type { Story, World } from "../world.ts";
import { chooseServer } from "./steps.ts";

/** Nodes that call no model, losses in code, and edges as parameters. */
export const kindStories: readonly Story[] = [
  {
    name: "security: code, scripts, tests, tools, programs and maps of a clone run only once it is trusted, and inside their limits",
    workspaceTrust: true,
    modelExtension: true,
    settings: {
      "security.workspace.trust.startupPrompt": "never",
      // The user's own, for all workspaces.
      "agentgraph.code.commands": { py: { command: "python3" } },
    },
    server: { model: claimsModel, models: ["claims"] },
    async play(world) {
      const outside = mkdtempSync(path.join(tmpdir(), "agt-"));
      const trap = path.join(outside, "program-ran");
      const toolCalls = path.join(world.vscode.root, "home/test-tool-calls");
      try {
        await cloneOf(world, trap);
        await untrusted(world);
        const didRun = () => [existsSync(trap), existsSync(toolCalls), world.models.requests()];
        assert.deepEqual(didRun(), [false, false, 0]);
        assert.ok(!readdirSync(world.folder).includes(".agentgraph"), "no run was recorded");

        await trust(world);
        await scored(world, "Cancel");
        assert.deepEqual(didRun(), [false, false, 0], "the user refused the program");
        await scored(world, "Run");
        await world.workbench.decide("Score “", "Evaluate");
        await world.workbench.toast("on its test set").waitFor({ timeout: 240_000 });
        assert.equal(readFileSync(trap, "utf8"), "ran");
        assert.match(readFileSync(toolCalls, "utf8"), /damaged parcel X1/);
        const { summary, workbench } = world;
        assert.equal(summary().status, "done");
        // The drawing is another page.
        await workbench.closeEditors();
        await workbench.pressOnToast("on its test set", "Show result");
        await workbench.graphText("The current graph scores").waitFor();
        await workbench.picture("95-kinds-scored");
        const sent = JSON.stringify(world.models.log.map(({ body }) => body));
        assert.ok(sent.includes("damaged parcel X1"), "values of code are in the requests");
        assert.ok(!sent.includes(ESCAPED), "no code found a way out");
      } finally {
        rmSync(outside, { recursive: true, force: true });
      }
    },
  },
  {
    name: "what a node reads is tuned: the change is reviewed in its file and the drawing, applied and committed",
    shares: true,
    server: { model: priceModel, models: ["prices"] },
    async play(world) {
      const { workbench, git, read } = world;
      world.write("chain.agentgraph.json", `${JSON.stringify({ name: "Prices", ...priceGraph }, null, 2)}\n`);
      git("commit", "-qam", "prices");
      await workbench.openFile("chain.agentgraph.json");
      await workbench.openSideBar();
      await workbench.command("AgentGraph: Optimize graph");
      await chooseServer(world, "prices");
      await workbench.decide("Optimize “", "Start");
      await workbench.toast("Optimized").waitFor({ timeout: 240_000 });
      await workbench.clearToasts();
      assert.deepEqual(world.accepted(), ["answer:inputs"]);

      await workbench.openByName("chain.agentgraph.json");
      await workbench.lens("Now reads list, no longer reads gossip").waitFor();
      await workbench.picture("90-edges-lenses");
      await workbench.command("AgentGraph: Show graph");
      await workbench.graphText("Done").waitFor();
      await workbench.picture("91-edges-graph");
      await workbench.row("Proposals", "answer:inputs").click();
      await workbench.insertedLine().waitFor();
      await workbench.lens("Accepted by the gate").waitFor();
      await workbench.expand("Proposals", "answer:inputs");
      await workbench.row("Proposals", "now reads list").waitFor();
      await workbench.picture("92-edges-diff");

      await workbench.pressLens("Apply");
      await world.until(() => JSON.parse(read("chain.agentgraph.json")).nodes.answer.inputs.includes("list"));
      const { answer } = JSON.parse(read("chain.agentgraph.json")).nodes;
      assert.deepEqual(answer.inputs, ["question", "list"]);
      assert.match(answer.instruction.join("\n"), /\{\{list\}\}/);
      assert.doesNotMatch(answer.instruction.join("\n"), /gossip/i);
      await workbench.openByName("chain.agentgraph.json");
      await workbench.lens("Applied").waitFor();
      await workbench.picture("93-edges-applied");
      await workbench.command("AgentGraph: Commit accepted prompts");
      const message = await workbench.decide("Commit ", "Commit");
      await workbench.toast("Committed as").waitFor();
      assert.match(message, /Tune the inputs of answer in Prices/);
      assert.match(git("log", "-1", "--format=%B"), /now reads list, no longer reads gossip/);
      assert.equal(git("status", "--porcelain").trim(), "");
      assert.deepEqual(await workbench.errors(), []);
    },
  },
];

/** The folder becomes a clone of somebody's repository with code. */
async function cloneOf(world: World, trap: string): Promise<void> {
  rmSync(path.join(world.folder, "chain.agentgraph.json"));
  writeClaims(world.folder, trap);
  world.git("add", "-A");
  world.git("commit", "-qm", "claims");
  await world.workbench.page.reload();
  await world.workbench.ready();
}

/** Everything that could run something is tried, and says that the folder is not trusted. */
async function untrusted({ workbench }: World): Promise<void> {
  await workbench.openFile(CLAIMS);
  await workbench.lens("Optimize graph").waitFor();
  await workbench.command("AgentGraph: Show graph");
  await workbench.graphText("retriever").or(workbench.graphText("find")).first().waitFor();
  await workbench.picture("94-kinds-untrusted-graph");
  await workbench.openByName("clean.js");
  await workbench.openByName(CLAIMS);
  const tries = ["Optimize graph", "Improve this answer"];
  for (const title of [...tries, "Evaluate graph"]) {
    await workbench.command(`AgentGraph: ${title}`);
    await workbench.toast("not trusted").waitFor();
    if (title === "Evaluate graph") break;
    await workbench.clearToasts();
    await workbench.quickInput().waitFor({ state: "hidden" });
  }
  await workbench.picture("94-kinds-untrusted");
}

/** Trusts the folder from the message; what was asked for last starts by itself. */
async function trust(world: World): Promise<void> {
  const { workbench } = world;
  await workbench.pressOnToast("not trusted", "Manage Workspace Trust");
  await workbench.page.locator(".workspace-trust-editor .monaco-button", { hasText: "Trust" }).first().click();
  await chooseServer(world, "claims");
}

/** Scores the test set, up to the question whether the program may run; returns what it said. */
async function scored({ workbench }: World, button: string): Promise<string> {
  if (button === "Run") await workbench.command("AgentGraph: Evaluate graph");
  await workbench.pick("On which samples?", "test set");
  await workbench.dialog("Run code of this graph").waitFor();
  await workbench.picture("94-kinds-question");
  const said = await workbench.decide("Run code of this graph", button);
  assert.match(said, /steps\/count\.py with python3/);
  assert.match(said, /It can read and write the files that you can\./);
  return said;
}
