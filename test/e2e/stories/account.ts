import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { createSimulated } from "../../../src/models/simulated/simulated.ts";
import { startServer } from "../../server/server.ts";
import type { Story, World } from "../world.ts";
import { chooseServer, optimize, start } from "./steps.ts";

const CANARY = "sk-canary-7f3a91";

export const accountStories: readonly Story[] = [
  {
    name: "a server that needs a key gets it, and no file contains it",
    storesKeys: true,
    shares: true,
    rows: 10,
    server: { key: CANARY },
    async play(world) {
      const { workbench, models } = world;
      await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
      await workbench.pick("Which model provider should be used?", "Any OpenAI-compatible server");
      await workbench.answer("Address of the model server", models.url);
      await workbench.quickTitle("API key for 127.0.0.1").waitFor();
      assert.equal(await workbench.quickInput().getAttribute("type"), "password");
      await workbench.picture("60-key");
      await workbench.answer("API key for 127.0.0.1", CANARY);
      await workbench.pick("Which model should be used?", "simulated");
      await workbench.decide("Optimize “", "Start");
      await workbench.toast("Optimized").waitFor();
      assert.ok(models.log.every(({ headers }) => headers.authorization === `Bearer ${CANARY}`));
      for (const file of filesUnder(world.folder)) assert.ok(!readFileSync(file, "utf8").includes(CANARY), file);
      assert.ok(!world.vscode.log().includes(CANARY), "the server's log");
    },
  },
  refusedKey(),
  {
    name: "a model is chosen for each role; it overrides the file in this workspace, and the run shows which model ran",
    shares: true,
    rows: 10,
    isLast: true,
    server: { models: ["simulated", "second"] },
    async play(world) {
      const { workbench, models } = world;
      await workbench.command("AgentGraph: Choose models");
      await workbench.pick("Which model provider should be used?", "Any OpenAI-compatible server");
      await workbench.answer("Address of the model server", models.url);
      await workbench.pick("Which model should be used in this workspace?", "A model for each role");
      for (const [role, model] of [
        ["Runs the nodes", "simulated"],
        ["Writes feedback on answers", "simulated"],
        ["Rewrites instructions", "second"],
      ] as const) {
        await workbench.pick("A model for each role", role);
        await workbench.pick(role, model);
      }
      await workbench.quickTitle("A model for each role").waitFor();
      await workbench.picture("65-role");
      await workbench.pick("A model for each role", "Use these models");
      await workbench.toast("uses simulated, second").waitFor();
      await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
      assert.match(await workbench.decide("Optimize “", "Start"), /models simulated, second/);
      await workbench.toast("Optimized").waitFor();
      const rewrites = models.log.filter(({ body }) =>
        JSON.stringify(body.response_format ?? "").includes("hypothesis"),
      );
      assert.ok(rewrites.length > 0);
      for (const request of models.log) {
        assert.equal(request.body.model, rewrites.includes(request) ? "second" : "simulated");
      }
      const { id } = world.summary();
      const start = JSON.parse(world.read(`.agentgraph/runs/${id}/start.json`));
      assert.equal(start.models.optimizer.model, "second");

      // The provider is known, so it is not asked for again.
      await workbench.command("AgentGraph: Choose models");
      await workbench.pick("Which model should be used in this workspace?", "A model for each role");
      await workbench.pick("A model for each role", "Rewrites instructions");
      await workbench.quickTitle("Rewrites instructions").waitFor();
      await workbench.picture("66-role-again");
      await workbench.page.locator(".quick-input-list .monaco-list-row", { hasText: "used now" }).waitFor();
      await workbench.page.keyboard.press("Escape");
    },
  },
  {
    name: "models with a known price: the question, the status bar and the list show the cost that the server counts",
    shares: true,
    rows: 10,
    server: { models: ["gpt-6-luna", "gpt-6.1-terra"], latency: 120 },
    async play(world) {
      const { workbench } = world;
      await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
      await chooseServer(world, "The models named in the graph file");
      await workbench.dialog("Optimize “").waitFor();
      await workbench.picture("68-price");
      const said = await workbench.decide("Optimize “", "Start");
      assert.match(said, /≈ [\d,]+ calls · .* · at most 2,000 calls, ≈ \$0\.\d+/);
      assert.match(said, /models gpt-6-luna, gpt-6\.1-terra/);
      await workbench.statusBar("$0.0").waitFor();
      await workbench.picture("69-price-running");
      await workbench.toast("Optimized").waitFor();
      const { id, usd } = world.summary();
      // Dollars per million tokens: gpt-6-luna answers for the nodes, gpt-6.1-terra says what should change and rewrites.
      const price = (purpose: string) => (purpose === "forward" ? [0.1, 0.5] : [1, 5]);
      const calls = world
        .read(`.agentgraph/runs/${id}/events.jsonl`)
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
        .filter(({ type, source }) => type === "call" && source === "provider");
      const counted = calls.reduce((sum, { purpose, usage }) => {
        const [prompt = 0, completion = 0] = price(purpose);
        return sum + (usage.prompt * prompt + usage.completion * completion) / 1e6;
      }, 0);
      assert.ok(usd !== null && usd > 0 && Math.abs(usd - counted) < 1e-9, `${usd}, not ${counted}`);
      await workbench.row("Runs", `$${usd >= 0.01 ? usd.toFixed(2) : usd.toPrecision(1)}`).waitFor();
      assert.deepEqual(await workbench.errors(), []);
    },
  },
  {
    name: "no model is named anywhere: a message says so and offers the choice, and nothing is sent",
    shares: true,
    rows: 10,
    async play(world) {
      const { workbench, models } = world;
      const file = "chain.agentgraph.json";
      world.write(file, world.read(file).replace(/ {2}"models": \{.*?\n {2}\},\n/s, ""));
      await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
      await chooseServer(world, "The models named in the graph file");
      await workbench.pressOnToast("No model is selected, and chain.agentgraph.json doesn't name one", "Choose models");
      await workbench.quickTitle("Which model should be used in this workspace?").waitFor();
      assert.equal(models.requests(), 0);
    },
  },
  {
    name: "Azure OpenAI: its own endpoint, its own header, a deployment as the model",
    storesKeys: true,
    shares: true,
    rows: 10,
    server: { key: CANARY },
    async play(world) {
      const { workbench, models } = world;
      await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
      await workbench.pick("Which model provider should be used?", "Azure OpenAI");
      const target = "/openai/deployments/simulated/chat/completions?api-version=2025-01-01-preview";
      await workbench.answer("Address of the model server", `${new URL(models.url).origin}${target}`);
      await workbench.answer("API key for 127.0.0.1", CANARY);
      await workbench.pick("Which deployment should be used?", "simulated");
      await workbench.decide("Optimize “", "Start");
      await workbench.toast("Optimized").waitFor();
      for (const { path: asked, headers } of models.log) {
        assert.equal(asked, "/openai/deployments/simulated/chat/completions");
        assert.equal(headers["api-key"], CANARY);
        assert.equal(headers.authorization, undefined);
      }
      assert.deepEqual(await workbench.errors(), []);
    },
  },
  {
    name: "keys are removed one by one or all at once, and their servers need permission again",
    shares: true,
    needsNoKeys: true,
    server: { key: CANARY },
    async play(world) {
      const { workbench, models } = world;
      await workbench.command("AgentGraph: Remove API key");
      await workbench.toast("No API key is stored").waitFor();
      const others = await Promise.all([1, 2].map(() => startServer({ model: createSimulated(), key: CANARY })));
      try {
        const servers = [...others, models];
        for (const { url } of servers) {
          const page = "Which model should be used in this workspace?";
          await workbench.command("AgentGraph: Choose models");
          if (url !== servers[0]?.url) await workbench.pick(page, "Another provider");
          await workbench.pick("Which model provider should be used?", "Any OpenAI-compatible server");
          await workbench.answer("Address of the model server", url);
          await workbench.answer("API key for 127.0.0.1", CANARY);
          await workbench.pick(page, "The models named in the graph file");
          await workbench.toast("uses the models named in graph files").waitFor();
          await workbench.clearToasts();
        }
        const origins = servers.map(({ url }) => new URL(url).origin);
        await workbench.command("AgentGraph: Remove API key");
        await workbench.quickTitle("Which API key should be removed?").waitFor();
        await workbench.picture("67-forget");
        await workbench.pick("Which API key should be removed?", origins[0] ?? "");
        await workbench.toast(`Removed the API key for ${origins[0]}`).waitFor();
        await workbench.command("AgentGraph: Remove API key");
        await workbench.pick("Which API key should be removed?", "All 2 keys");
        await workbench.toast("Removed 2 API keys").waitFor();
        await workbench.command("AgentGraph: Remove API key");
        await workbench.toast("No API key is stored").waitFor();
        await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
        assert.match(await workbench.decide("AgentGraph will send", "Cancel"), new RegExp(new URL(models.url).host));
        assert.equal(models.requests(), 0);
      } finally {
        for (const server of others) await server.close();
      }
    },
  },
  {
    name: "an address in the settings is asked about once, by name, before anything is sent",
    shares: true,
    rows: 10,
    settings: { "agentgraph.provider": "compatible" },
    async play(world) {
      const { workbench, models } = world;
      await world.set({
        "agentgraph.baseUrl": models.url,
        "agentgraph.models": { forward: "simulated", backward: "simulated", optimizer: "simulated" },
      });
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
    shares: true,
    workspaceTrust: true,
    settings: { "security.workspace.trust.startupPrompt": "never", "agentgraph.provider": "simulated" },
    async play(world) {
      const { workbench } = world;
      await workbench.openFile("chain.agentgraph.json");
      await workbench.lens("Optimize graph").waitFor();
      await workbench.command("AgentGraph: Optimize graph");
      await workbench.toast("This folder is not trusted").waitFor();
      await workbench.picture("62-not-trusted");
      await workbench.clearToasts();
      await workbench.command("AgentGraph: Evaluate graph");
      await workbench.toast("This folder is not trusted").waitFor();
      await workbench.command("AgentGraph: Show graph");
      await workbench.tab("Graph chain").waitFor();
      assert.deepEqual(readdirSync(world.folder).includes(".agentgraph"), false);
    },
  },
  {
    name: "the wish to optimize survives the question whether the folder is trusted",
    shares: true,
    rows: 10,
    isLast: true,
    workspaceTrust: true,
    settings: { "security.workspace.trust.startupPrompt": "never", "agentgraph.provider": "simulated" },
    async play({ workbench }) {
      await workbench.openFile("chain.agentgraph.json");
      await workbench.lens("Optimize graph").waitFor();
      await workbench.command("AgentGraph: Optimize graph");
      await workbench.pressOnToast("This folder is not trusted", "Manage Workspace Trust");
      await workbench.page.locator(".workspace-trust-editor .monaco-button", { hasText: "Trust" }).first().click();
      await workbench.dialog("Optimize “").waitFor();
      await workbench.picture("62-trusted-and-asked");
      await workbench.decide("Optimize “", "Cancel");
    },
  },
  {
    name: "a run is cancelled from the status bar within a second, and resumed",
    shares: true,
    rows: 10,
    server: { latency: 300 },
    async play(world) {
      const { workbench, models } = world;
      await start(world);
      await workbench.statusBar("iteration").waitFor();
      const actions = workbench.quickTitle("Word problems");
      await workbench.pressUntil(() => workbench.statusBar("iteration").click(), actions);
      await workbench.page.keyboard.press("Escape");
      await workbench.statusBar("iteration").waitFor();
      await workbench.pressUntil(() => workbench.statusBar("iteration").click(), actions);
      await workbench.pick("Word problems", "Cancel run");
      await workbench.toast("was cancelled").waitFor();
      await workbench.statusBar("iteration").waitFor({ state: "hidden" });
      await world.until(() => models.inFlight().now === 0);
      const asked = models.requests();
      await workbench.page.waitForTimeout(1000);
      assert.equal(models.requests(), asked, "nothing is sent any more");
      await workbench.pressOnToast("was cancelled", "Resume");
      await workbench.toast("Optimized").waitFor();
      assert.equal(world.summary().status, "done");
    },
  },
  {
    name: "a small budget ends the run with its results to review, and Resume asks for more",
    shares: true,
    async play(world) {
      const { workbench, models } = world;
      await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
      await chooseServer(world);
      await workbench.decide("Optimize “", "Change budget");
      await workbench.answer("Budget", "230");
      assert.match(await workbench.decide("Optimize “", "Start"), /at most 230 calls/);
      await workbench.toast("reached its budget").waitFor();
      await workbench.picture("63-budget");
      assert.ok(models.requests() <= 230, `${models.requests()} requests`);
      await workbench.pressOnToast("reached its budget", "Resume");
      await workbench.answer("Budget", "2000");
      await workbench.toast("Optimized").waitFor();
      assert.equal(world.summary().status, "done");
      assert.deepEqual(await workbench.errors(), []);
    },
  },
];

/** A server that refuses the key in the middle of the run, as after it was revoked. */
function refusedKey(): Story {
  let refused = true;
  return {
    name: "a rejected key stops the run at once; a new key resumes it",
    storesKeys: true,
    shares: true,
    server: { faults: ({ count }) => (refused && count > 120 ? "401" : null) },
    async play(world) {
      const { workbench } = world;
      refused = true;
      await optimize(world, "rejected the API key");
      await workbench.picture("64-key-refused");
      refused = false;
      await workbench.pressOnToast("rejected the API key", "Set API key and resume");
      await workbench.answer("API key for 127.0.0.1", CANARY);
      await workbench.toast("Optimized").waitFor();
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
