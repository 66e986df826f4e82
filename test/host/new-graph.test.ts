import assert from "node:assert/strict";
import {
  type CompletionList,
  commands,
  DiagnosticSeverity,
  languages,
  type QuickPickItem,
  Uri,
  window,
  workspace,
} from "vscode";
import { Answers } from "./answers.ts";
import { until } from "./helpers.ts";

/** From files that are there to a graph that is open and has no error. */
describe("a new graph", () => {
  const answers = new Answers();
  const root = workspace.workspaceFolders?.[0]?.uri ?? Uri.file("/");
  const folder = Uri.joinPath(root, "mine");
  const write = (name: string, text: string) =>
    workspace.fs.writeFile(Uri.joinPath(folder, name), new TextEncoder().encode(text));
  const read = async (name: string) =>
    JSON.parse(new TextDecoder().decode(await workspace.fs.readFile(Uri.joinPath(folder, name))));

  afterEach(async () => {
    answers.end();
    await commands.executeCommand("workbench.action.closeAllEditors");
    await workspace.fs.delete(folder, { recursive: true });
  });

  it("is created from prompt files and a table selected in the explorer", async () => {
    await write("plan.md", "Plan {{question}}\n");
    await write("solve.md", "Solve {{question}} by {{plan}}\n");
    const rows = Array.from({ length: 40 }, (_, at) => `q ${at},${at}`).join("\n");
    await write("rows.csv", `question,answer\n${rows}\n`);
    answers.give(/Create graph/);
    await commands.executeCommand("agentgraph.newGraph", folder, [folder]);
    assert.ok(answers.find(/New graph from these prompts/));
    const graph = await read("mine.agentgraph.json");
    assert.deepEqual(graph.nodes.solve.inputs, ["question", "plan"]);
    assert.deepEqual(graph.loss, { kind: "number" });
    const opened = window.visibleTextEditors.map(({ document }) => document.uri.path);
    assert.ok(
      opened.some((path) => path.endsWith("/mine/mine.agentgraph.json")),
      opened.join(),
    );
    const errors = languages
      .getDiagnostics(Uri.joinPath(folder, "mine.agentgraph.json"))
      .filter(({ severity }) => severity === 0);
    assert.deepEqual(errors, []);
  });

  it("leaves a file alone that took its name while the list was open", async () => {
    await write("plan.md", "Plan {{question}}\n");
    await write("rows.csv", "question,answer\na,b\n");
    answers.give(/Create graph/);
    answers.meanwhile(() => (answers.asked.length === 1 ? write("mine.agentgraph.json", '{"of": "another"}') : null));
    await commands.executeCommand("agentgraph.newGraph", folder, [folder]);
    assert.deepEqual(await read("mine.agentgraph.json"), { of: "another" });
    assert.ok((await read("mine-2.agentgraph.json")).nodes.plan);
    assert.equal(answers.asked.filter(({ message }) => /New graph from these prompts/.test(message)).length, 2);
  });

  it("is created from CrewAI files, which do not change", async () => {
    const agents = "clerk:\n  role: Clerk\n  goal: Count\n  backstory: Counts.\n";
    await write("config/agents.yaml", agents);
    await write(
      "config/tasks.yaml",
      "count:\n  description: Count {things}.\n  expected_output: A number\n  agent: clerk\n",
    );
    answers.give();
    await commands.executeCommand("agentgraph.importGraph", Uri.joinPath(folder, "config"));
    // Without rows it can't be optimized yet.
    assert.ok(answers.find(/crew.agentgraph.json was created/));
    assert.deepEqual(
      answers.asked.map(({ buttons }) => buttons.includes("Optimize graph")),
      [false],
    );
    const graph = await read("config/crew.agentgraph.json");
    assert.deepEqual(graph.nodes.count.instruction, { file: "tasks.yaml", key: "count.description" });
    const kept = await workspace.fs.readFile(Uri.joinPath(folder, "config/agents.yaml"));
    assert.equal(new TextDecoder().decode(kept), agents);
  });

  it("is offered from files by their folders in the workspace, and from the top one by no path", async () => {
    const prompty = "---\nname: Basic\n---\nsystem:\nAnswer {{q}}.\n";
    const top = Uri.joinPath(root, "top.prompty");
    await write("below.prompty", prompty);
    await workspace.fs.writeFile(top, new TextEncoder().encode(prompty));
    const offered = new Map<string, string | undefined>();
    answers.give();
    const showQuickPick = async (items: readonly QuickPickItem[]) => {
      for (const { label, description } of items) offered.set(label, description);
    };
    Object.assign(window, { showQuickPick });
    await commands.executeCommand("agentgraph.importGraph", root);
    await workspace.fs.delete(top);
    assert.equal(offered.get("top.prompty"), "Prompty");
    assert.equal(offered.get("below.prompty"), "Prompty · mine");
  });

  it("starts with an invitation, not with an error", async () => {
    await write("blank.agentgraph.json", "");
    const uri = Uri.joinPath(folder, "blank.agentgraph.json");
    await window.showTextDocument(await workspace.openTextDocument(uri));
    const [said, ...others] = await until(() => {
      const found = languages.getDiagnostics(uri);
      return found.length > 0 ? found : null;
    });
    assert.equal(said?.severity, DiagnosticSeverity.Information);
    assert.match(said?.message ?? "", /The file is empty.*to choose a whole graph/s);
    assert.deepEqual(others, []);
  });

  it("is offered as a whole in an empty file", async () => {
    await write("new.agentgraph.json", "{");
    const uri = Uri.joinPath(folder, "new.agentgraph.json");
    const document = await workspace.openTextDocument(uri);
    await window.showTextDocument(document);
    const found = await commands.executeCommand<CompletionList>(
      "vscode.executeCompletionItemProvider",
      uri,
      document.positionAt(1),
    );
    const whole = found.items.filter(({ label }) => typeof label !== "string" && label.description === "whole graph");
    assert.equal(whole.length, 4);
  });
});
