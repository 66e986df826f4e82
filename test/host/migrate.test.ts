import assert from "node:assert/strict";
import { ConfigurationTarget, commands, TabInputWebview, window, workspace } from "vscode";
import type { Model } from "../../src/models/model.ts";
import { createSimulated } from "../../src/models/simulated/simulated.ts";
import { type Server, startServer } from "../server/server.ts";
import { Answers } from "./answers.ts";
import { at, closeAll, GRAPH, newestLog, read, removeRuns, until, write } from "./helpers.ts";

/** `oracle` knows the answers of the data; every other model is the simulated one. */
async function twoModels(): Promise<Model> {
  const rows = (await Promise.all(["train", "validation", "test"].map((set) => read(`data/${set}.jsonl`)))).flatMap(
    (text) =>
      text
        .trim()
        .split("\n")
        .map((line): { question: string; answer: string } => JSON.parse(line)),
  );
  const simulated = createSimulated();
  return {
    identity: "two models",
    async complete(request, signal) {
      const reply = await simulated.complete(request, signal);
      const asked = request.messages.map(({ content }) => content).join("\n");
      const row = rows.find(({ question }) => asked.includes(question));
      return request.model === "oracle" && !request.schema && row ? { ...reply, text: row.answer } : reply;
    },
  };
}

describe("moving a graph to another model", () => {
  const answers = new Answers();
  const servers: Server[] = [];
  const set = (name: string, value: unknown) =>
    workspace.getConfiguration("agentgraph").update(name, value, ConfigurationTarget.Global);
  const titles = () =>
    window.tabGroups.all
      .flatMap(({ tabs }) => tabs)
      .flatMap(({ label, input }) => (input instanceof TabInputWebview ? [label] : []));
  let before = "";

  beforeEach(async () => {
    before = await read(GRAPH);
    const server = await startServer({
      model: await twoModels(),
      models: ["oracle", "student", "gpt-6-luna", "gpt-6.1-terra"],
    });
    servers.push(server);
    await set("provider", "compatible");
    await set("baseUrl", server.url);
  });
  afterEach(async () => {
    answers.end();
    for (const name of ["provider", "baseUrl"]) await set(name, undefined);
    for (const server of servers.splice(0)) await server.close();
    await closeAll();
    await write(GRAPH, before);
    await removeRuns();
  });

  it("scores both, tunes the texts if the new one is worse, and ends with a page", async () => {
    await write(GRAPH, before.replace('"model": "gpt-6-luna"', '"model": "oracle"'));
    answers.give(/^Send to /, /^student$/, /^Score both$/, /^Tune the texts/, /^Start$/, /^Use student$/);
    await commands.executeCommand("agentgraph.migrate", at(GRAPH));
    assert.match(answers.find(/^Move “/)?.detail ?? "", /Both models answer 30 test samples/);
    assert.match(answers.find(/^Move “/)?.detail ?? "", /sent to models oracle, student at/);
    assert.match(answers.find(/student scores lower than oracle/)?.detail ?? "", /broken/);
    assert.deepEqual(answers.find(/^Optimize “/)?.buttons, ["Start", "Change budget…"]);
    assert.match(await newestLog(), /"type":"finished".*"status":"done"/);
    assert.ok(answers.find(/student keeps the score of oracle|student scores lower than oracle: /));
    await until(() => titles().some((title) => title.startsWith("Move: ")));
  });

  it("names a model in the graph file that keeps the score", async () => {
    answers.give(/^Send to /, /^student$/, /^Score both$/, /^Use student$/);
    await commands.executeCommand("agentgraph.migrate", at(GRAPH));
    assert.ok(answers.find(/student keeps the score of gpt-6-luna/));
    await until(async () => (await read(GRAPH)).includes('"forward": { "model": "student", "temperature": 0'));
    assert.equal(await read(GRAPH), before.replace('"model": "gpt-6-luna"', '"model": "student"'));
  });
});
