import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { ConfigurationTarget, commands, workspace } from "vscode";
import type { RunStore } from "../../src/editor/runs/run-store.ts";
import type { RunSummary } from "../../src/editor/runs/run-summary.ts";
import { RunTree } from "../../src/editor/runs/tree.ts";
import { createSimulated } from "../../src/models/simulated/simulated.ts";
import { readManifest, writeManifest } from "../../src/run/record/run-manifest.ts";
import { startBatchServer } from "../server/batch-server.ts";
import { type Server, startServer } from "../server/server.ts";
import { Answers } from "./answers.ts";
import {
  at,
  closeAll,
  deps,
  folder,
  GRAPH,
  loadGraph,
  makeRun,
  newestLog,
  read,
  removeRuns,
  until,
  write,
} from "./helpers.ts";

describe("starting and resuming runs", () => {
  const answers = new Answers();
  const servers: Pick<Server, "close">[] = [];
  const set = (name: string, value: unknown) =>
    workspace.getConfiguration("agentgraph").update(name, value, ConfigurationTarget.Global);

  afterEach(async () => {
    answers.end();
    for (const name of ["provider", "baseUrl", "budget.pauseUsd", "tier"]) await set(name, undefined);
    for (const server of servers.splice(0)) await server.close();
    await closeAll();
    await removeRuns();
  });

  /** A server with the simulated model, which the settings name. */
  const serve = async (options: Omit<Parameters<typeof startServer>[0], "model">) => {
    const server = await startServer({ model: createSimulated(), ...options });
    servers.push(server);
    await set("provider", "compatible");
    await set("baseUrl", server.url);
    return server;
  };
  const starts = async () => (await newestLog()).split('"type":"resumed"').length - 1;
  const isDone = async () => /"type":"finished".*"status":"done"/.test((await newestLog()).split("\n").at(-2) ?? "");

  it("a run of another engine version is resumed only after a question", async () => {
    const run = await makeRun({ calls: 40 });
    assert.equal(run.state.status, "cancelled");
    const manifest = path.join(folder(), ".agentgraph/runs", run.id, "start.json");
    const { start } = await readManifest(deps, manifest, run.id);
    const { request } = await loadGraph();
    const { id, at: time, provider } = start;
    await writeManifest(deps, manifest, request, { id, at: time, provider, engine: "an earlier one" });
    await set("provider", "simulated");

    answers.give();
    await commands.executeCommand("agentgraph.resumeRun", { entry: { id: run.id } });
    const question = answers.find(/another version of AgentGraph/);
    assert.deepEqual(question?.buttons, ["Resume"]);
    assert.match(question?.detail ?? "", /some calls may be charged again/);
    assert.equal(await starts(), 0);

    answers.give(/^Resume$/);
    await commands.executeCommand("agentgraph.resumeRun", { entry: { id: run.id } });
    await until(isDone);
    assert.equal(await starts(), 1);
  });

  it("Resume continues a cancelled run, without a question if the version is the same", async () => {
    const server = await serve({ latency: 100 });
    answers.give(/^Send to /, /^Start$/);
    await commands.executeCommand("agentgraph.optimize", at(GRAPH));
    await until(() => server.requests() > 20);
    answers.give(/^Resume$/);
    await commands.executeCommand("agentgraph.cancelRun");
    await until(() => answers.find(/was cancelled. All replies so far are saved/));
    await until(isDone);
    assert.equal(answers.find(/another version/), undefined);
    assert.equal(await starts(), 1);
  });

  it("an evaluation at half the price: the question says so, and a cancelled run offers to cancel its batches", async () => {
    const server = await startBatchServer({ answer: () => "42", state: () => "in_progress" });
    servers.push(server);
    await set("provider", "compatible");
    await set("baseUrl", `${server.url}/v1`);
    answers.give(/^Send to /, /^Validation set/, /^Change tier/, /^Batch$/);
    // The tier is changed once: the question that follows shows it, and is closed.
    answers.meanwhile((title) => title.startsWith("Which price tier") && answers.next(/^Batch$/));
    await commands.executeCommand("agentgraph.evaluate", at(GRAPH));
    const [before, after] = answers.asked.filter(({ message }) => message.startsWith("Score “"));
    assert.match(before?.detail ?? "", /Half price with the batch tier: about \$0\.\d+; about 2 batches in sequence/);
    assert.match(after?.detail ?? "", /You chose the batch tier: about \$0\.\d+ instead of \$0\.\d+; about 2 batches/);
    assert.match(after?.detail ?? "", /20 samples are sent to model gpt-6-luna at/);

    answers.give(/^Validation set/, /^Evaluate$/);
    await commands.executeCommand("agentgraph.evaluate", at(GRAPH));
    await until(() => server.log.some((line) => /GET .*batches\/batch_1/.test(line)));
    answers.give(/^Cancel batches$/);
    await commands.executeCommand("agentgraph.cancelRun");
    const question = await until(() => answers.find(/was cancelled/));
    assert.match(question.message, /Batches with 20 calls continue at the server and are charged/);
    await until(() => server.batches[0]?.cancelled);
  });

  it("a run in hand is paused, a node pinned, and the run stopped after its iteration", async () => {
    const server = await serve({ latency: 50 });
    answers.give(/^Send to /, /^Start$/);
    await commands.executeCommand("agentgraph.optimize", at(GRAPH));
    await until(() => server.requests() > 20);
    await commands.executeCommand("agentgraph.pauseRun");
    await until(async () => (await newestLog()).includes('"type":"paused","reason":"user"'));
    await until(() => server.inFlight().now === 0);
    const held = server.requests();
    const [id = ""] = await readdir(at(".agentgraph/runs").fsPath);
    await commands.executeCommand("agentgraph.pinNode", { entry: { id }, node: "plan", pinned: true });
    await commands.executeCommand("agentgraph.stopAfterIteration");
    assert.ok(answers.find(/The run stops after iteration 1/));
    await until(async () => (await newestLog()).includes('"type":"stopping"'));
    assert.equal(server.requests(), held, "nothing is sent while the run is paused");
    await commands.executeCommand("agentgraph.continueRun");
    await until(isDone);
    const log = await newestLog();
    assert.match(log, /"type":"pinned","node":"plan","pinned":true/);
    assert.match(log, /"type":"continued"/);
    assert.doesNotMatch(log, /"type":"iteration","iteration":2/);
  });

  it("a run in hand asks at the limit of the settings before it spends more", async () => {
    await serve({ latency: 20 });
    await set("budget.pauseUsd", 0.001);
    answers.give(/^Send to /, /^Start$/, /^Cancel run$/);
    await commands.executeCommand("agentgraph.optimize", at(GRAPH));
    const question = await until(() =>
      answers.find(/paused after .*, because agentgraph\.budget\.pauseUsd asks for it/),
    );
    assert.deepEqual(question.buttons, ["Continue", "Stop after this iteration", "Cancel run"]);
    await until(async () => /"status":"cancelled"/.test(await newestLog()));
  });

  it("Evaluate again requests only the samples that are missing", async () => {
    const refused = new Set<string>();
    const server = await serve({
      // Three requests are refused, each the first time that it is asked.
      faults: ({ count, nth, content }) => {
        if (refused.size >= 3 || nth > 1 || count % 7 !== 0) return null;
        refused.add(content);
        return "filtered prompt";
      },
    });
    answers.give(/^Send to /, /^Validation set/i, /^Evaluate( again)?$/);
    await commands.executeCommand("agentgraph.evaluate", at(GRAPH));
    const gaps = await until(() => answers.find(/ 3 of 20 samples were not scored because their calls failed/));
    assert.ok(gaps.buttons.includes("Evaluate again"));
    await until(() =>
      answers.asked.some(({ message }) => /scores [\d.]+ on its/.test(message) && !/not scored/.test(message)),
    );
    const repeated = server.requests() - new Set(server.log.map(({ body }) => JSON.stringify(body))).size;
    assert.equal(repeated, 3, "the second evaluation asks again only for what was refused");
  });

  it("the simulated model asks before it runs a graph that it does not know", async () => {
    const file = "prompts/plan.md";
    const original = await read(file);
    try {
      await write(file, "Name the capital of the country in question.\n");
      await set("provider", "simulated");
      answers.give();
      await commands.executeCommand("agentgraph.optimize", at(GRAPH));
      const question = answers.find(/can't answer the graph “Word problems”/);
      assert.deepEqual(question?.buttons, ["Choose models", "Use anyway"]);
      assert.match(question?.detail ?? "", /doesn't know the instructions of plan, so scores would be meaningless/);
      assert.equal(answers.asked.length, 1, "closing the question ends it");

      answers.give(/^Use anyway$/);
      await commands.executeCommand("agentgraph.optimize", at(GRAPH));
      assert.ok(answers.find(/^Optimize “Word problems”/));
      assert.equal(await newestLog(), "", "nothing has run");
    } finally {
      await write(file, original);
    }
  });
});

describe("rows of runs", () => {
  it("tell runs apart by their time where a narrow side bar cuts the name of the model", async () => {
    const entry = {
      ...{
        id: "a",
        graphPath: "/g",
        graphName: "Word problems",
        method: "semantic",
        model: "a-model-with-a-long-name",
      },
      ...{ status: "done", detail: null, startedAt: Date.now(), untrusted: false, before: 0.2, after: 0.9 },
      ...{ elapsed: 1, calls: 3, usd: null, estimated: false, proposals: [], job: null, evaluated: null },
    } as unknown as RunSummary;
    const listed = { list: async () => [entry], live: () => null, onDidChange: () => ({ dispose: () => {} }) };
    const tree = new RunTree(listed as unknown as RunStore);
    const { description } = await tree.getTreeItem({ entry });
    tree.dispose();
    assert.match(String(description), /^\d?\d:\d\d.*a-model-with-a-long-name/);
  });
});
