import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Story, World } from "../world.ts";
import { optimize, start } from "./steps.ts";

const CANARY = "sk-canary-7f3a91";

export const accountStories: readonly Story[] = [
  {
    name: "a server that wants a key is given it, and no file ever holds it",
    server: { key: CANARY },
    async play(world) {
      const { workbench, models } = world;
      await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
      await workbench.pick("Who answers the calls?", "Any OpenAI-compatible server");
      await workbench.answer("Address of the model server", models.url);
      await workbench.quickTitle("API key for 127.0.0.1").waitFor();
      assert.equal(await workbench.quickInput().getAttribute("type"), "password");
      await workbench.picture("60-key");
      await workbench.answer("API key for 127.0.0.1", CANARY);
      await workbench.pick("Which model answers?", "simulated");
      await workbench.decide("Optimize “", "Start");
      await workbench.toast("is optimized").waitFor({ timeout: 60_000 });
      assert.ok(models.log.every(({ headers }) => headers.authorization === `Bearer ${CANARY}`));
      for (const file of filesUnder(world.folder)) assert.ok(!readFileSync(file, "utf8").includes(CANARY), file);
      assert.ok(!world.vscode.log().includes(CANARY), "the server's log");
    },
  },
  refusedKey(),
  {
    name: "an address in the settings is asked about once, by name, before anything is sent",
    settings: { "agentgraph.provider": "compatible" },
    async play(world) {
      const { workbench, models, vscode } = world;
      vscode.set({
        "agentgraph.baseUrl": models.url,
        "agentgraph.models": { forward: "simulated", backward: "simulated", optimizer: "simulated" },
      });
      await workbench.page.waitForTimeout(1000);
      await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
      await workbench.dialog("AgentGraph will send").waitFor();
      await workbench.picture("61-new-origin");
      assert.match(await workbench.decide("AgentGraph will send", "Cancel"), /127\.0\.0\.1/);
      await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
      await workbench.decide("AgentGraph will send", "Send to 127.0.0.1");
      await workbench.decide("Optimize “", "Cancel");
      assert.equal(models.requests(), 0);
      await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
      await workbench.decide("Optimize “", "Cancel");
    },
  },
  {
    name: "a folder that is not trusted is read, and nothing is sent",
    workspaceTrust: true,
    settings: { "security.workspace.trust.startupPrompt": "never", "agentgraph.provider": "simulated" },
    async play(world) {
      const { workbench } = world;
      await workbench.openFile("chain.agentgraph.json");
      await workbench.lens("Optimize graph").waitFor();
      await workbench.command("AgentGraph: Optimize graph");
      await workbench.toast("This folder is not trusted").waitFor();
      await workbench.picture("62-not-trusted");
      await workbench.command("AgentGraph: Commit accepted prompts");
      await workbench.command("AgentGraph: Show graph");
      await workbench.tab("Graph chain").waitFor();
      assert.deepEqual(readdirSync(world.folder).includes(".agentgraph"), false);
    },
  },
  {
    name: "cancelled within a second, from the status bar, and resumed",
    server: { latency: 300 },
    async play(world) {
      const { workbench, models } = world;
      await start(world);
      await workbench.statusBar("iteration").waitFor();
      await workbench.statusBar("iteration").click();
      await workbench.toast("was cancelled").waitFor();
      await workbench.statusBar("iteration").waitFor({ state: "hidden" });
      await world.until(() => models.inFlight().now === 0);
      const asked = models.requests();
      await workbench.page.waitForTimeout(1000);
      assert.equal(models.requests(), asked, "nothing is sent any more");
      await workbench.pressOnToast("was cancelled", "Resume");
      await workbench.toast("is optimized").waitFor({ timeout: 120_000 });
      assert.equal(world.summary().status, "done");
    },
  },
  {
    name: "a small budget ends the run with everything so far to review, and Resume asks for more",
    async play(world) {
      const { workbench, models } = world;
      await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
      await workbench.pick("Who answers the calls?", "Any OpenAI-compatible server");
      await workbench.answer("Address of the model server", models.url);
      await workbench.pick("Which model answers?", "simulated");
      await workbench.decide("Optimize “", "Change budget");
      await workbench.answer("Budget", "230");
      assert.match(await workbench.decide("Optimize “", "Start"), /At most: 230 calls/);
      await workbench.toast("reached its budget").waitFor({ timeout: 60_000 });
      await workbench.picture("63-budget");
      assert.ok(models.requests() <= 230, `${models.requests()} requests`);
      await workbench.pressOnToast("reached its budget", "Resume");
      await workbench.answer("Budget", "2000");
      await workbench.toast("is optimized").waitFor({ timeout: 60_000 });
      assert.equal(world.summary().status, "done");
      assert.deepEqual(await workbench.errors(), []);
    },
  },
];

/** A server that refuses the key in the middle of the run, as after it was revoked. */
function refusedKey(): Story {
  let refused = true;
  return {
    name: "a key that is refused stops the run at once; another one takes it up again",
    server: { faults: ({ count }) => (refused && count > 120 ? "401" : null) },
    async play(world) {
      const { workbench } = world;
      await optimize(world, "refused the API key");
      await workbench.picture("64-key-refused");
      refused = false;
      await workbench.pressOnToast("refused the API key", "Set API key and resume");
      await workbench.answer("API key for 127.0.0.1", CANARY);
      await workbench.toast("is optimized").waitFor({ timeout: 60_000 });
      assert.equal(world.models.log.at(-1)?.headers.authorization, `Bearer ${CANARY}`);
      assert.equal(world.summary().status, "done");
    },
  };
}

function filesUnder(folder: World["folder"]): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
