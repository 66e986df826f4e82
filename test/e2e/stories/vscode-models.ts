import assert from "node:assert/strict";
import type { Story, World } from "../world.ts";

/** VS Code's own switch for models, which the other stories leave off. */
const AI = { "chat.disableAIFeatures": false };

/** Models that another extension provides to VS Code. */
export const vscodeModelStories: readonly Story[] = [
  {
    name: "a model that VS Code already has optimizes a graph, without a key; its tokens are marked as estimated",
    shares: true,
    rows: 10,
    modelExtension: true,
    settings: AI,
    async play(world) {
      const { workbench, models } = world;
      await chooseVscodeModels(world);
      const said = await workbench.decide("Optimize “", "Start");
      assert.match(said, /are sent to model test-models\/simulated through VS Code/);
      assert.match(said, /cost is an estimate/);
      await workbench.toast("Optimized").waitFor();
      assert.ok(world.accepted().length > 0, "the run accepted a proposal");
      assert.equal(models.requests(), world.summary().calls, "the server counts the calls that the run shows");
      assert.ok(models.inFlight().most <= 4, `${models.inFlight().most} at once`);
      const roles = new Set(models.log.flatMap(({ body }) => body.messages.map(({ role }) => role)));
      assert.ok(!roles.has("system"), "no system message is sent");
      assert.ok(models.log.every(({ headers }) => headers.authorization === undefined));
      await workbench.picture("70-vscode-models");
      assert.deepEqual(await workbench.errors(), []);
    },
  },
  refusedByVscode(),
  {
    name: "without a model in VS Code, choosing them says what to install",
    settings: AI,
    async play({ workbench }) {
      await workbench.command("AgentGraph: Choose models");
      await workbench.pick("Which model provider should be used?", "Models available in VS Code");
      await workbench.toast("VS Code has no models available").waitFor();
      await workbench.picture("72-no-models");
    },
  },
];

async function chooseVscodeModels({ workbench }: World): Promise<void> {
  await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
  await workbench.quickTitle("Which model provider should be used?").waitFor();
  await workbench.pick("Which model provider should be used?", "Models available in VS Code");
  await workbench.quickTitle("Which model should be used?").waitFor();
  await workbench.picture("69-choose-vscode-models");
  await workbench.pick("Which model should be used?", "test-models/simulated");
}

/** Consent that is taken back in the middle of a run. */
function refusedByVscode(): Story {
  let refused = true;
  return {
    name: "VS Code withdraws its models: the run stops at once, says so, and is resumed once it is allowed again",
    shares: true,
    modelExtension: true,
    settings: AI,
    server: { faults: ({ count }) => (refused && count > 60 ? "401" : null) },
    async play(world) {
      const { workbench, models } = world;
      refused = true;
      await chooseVscodeModels(world);
      await workbench.decide("Optimize “", "Start");
      await workbench.toast("to use its models").waitFor();
      await workbench.picture("71-vscode-models-refused");
      assert.ok(models.requests() <= 60 + 4, `${models.requests()} requests`);
      assert.equal(world.summary().status, "failed");
      refused = false;
      await workbench.pressOnToast("to use its models", "Resume");
      await workbench.toast("Optimized").waitFor();
      assert.equal(world.summary().status, "done");
    },
  };
}
