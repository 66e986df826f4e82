import assert from "node:assert/strict";
import {
  type CodeAction,
  type CodeLens,
  type CompletionList,
  commands,
  DiagnosticSeverity,
  type DocumentSymbol,
  type LocationLink,
  languages,
  Range,
  type TextDocument,
  WorkspaceEdit,
  workspace,
} from "vscode";
import { at, closeAll, GRAPH, read, show, until, write } from "./help.ts";

describe("the graph file as a language", () => {
  let original = "";
  before(async () => {
    original = await read(GRAPH);
  });
  afterEach(async () => {
    await closeAll();
    await write(GRAPH, original);
  });

  const faults = (document: TextDocument) =>
    languages.getDiagnostics(document.uri).filter(({ source }) => source === "AgentGraph");

  it("shows no fault in a good file", async () => {
    const document = await show(GRAPH);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.deepEqual(faults(document), []);
  });

  it("marks an unknown name where it stands, as it is typed, and mends it with the nearest", async () => {
    const document = await show(GRAPH);
    const offset = document.getText().indexOf('"plan", "style"') + 1;
    await replace(document, new Range(document.positionAt(offset), document.positionAt(offset + 4)), "plam");
    const fault = await until(() => faults(document).find(({ code }) => code === "unknown-name"));
    assert.equal(fault.severity, DiagnosticSeverity.Error);
    assert.equal(document.getText(fault.range), '"plam"');
    assert.match(fault.message, /plam/);

    const actions = await commands.executeCommand<CodeAction[]>(
      "vscode.executeCodeActionProvider",
      document.uri,
      fault.range,
    );
    const fix = actions.find(({ title }) => /plan/.test(title));
    assert.ok(fix?.edit, actions.map(({ title }) => title).join(", "));
    await workspace.applyEdit(fix.edit);
    assert.equal(document.getText(), original);
    await until(() => faults(document).length === 0);
  });

  it("finds faults in the data once the file is saved", async () => {
    await write(GRAPH, original.replace("data/train.jsonl", "data/validation.jsonl"));
    const document = await show(GRAPH);
    await until(() => faults(document).some(({ code }) => code === "overlap"));
  });

  it("goes from an input to its node, and from a file reference to the file", async () => {
    const document = await show(GRAPH);
    const toNode = await definition(document, document.getText().indexOf('"plan", "style"') + 2);
    assert.equal(toNode?.targetUri.fsPath, at(GRAPH).fsPath);
    assert.equal(document.getText(toNode?.targetSelectionRange), '"plan"');
    const toFile = await definition(document, document.getText().indexOf("prompts/solve.md") + 2);
    assert.equal(toFile?.targetUri.fsPath, at("prompts/solve.md").fsPath);
  });

  it("leads nowhere outside the workspace", async () => {
    await write(GRAPH, original.replace("prompts/solve.md", "../../../etc/passwd"));
    const document = await show(GRAPH);
    assert.equal(await definition(document, document.getText().indexOf("../../../etc") + 2), undefined);
  });

  it("completes inputs by the names there are, without the node itself and those taken", async () => {
    const document = await show(GRAPH);
    const offset = document.getText().indexOf('"plan", "style"') + 2;
    const { items } = await commands.executeCommand<CompletionList>(
      "vscode.executeCompletionItemProvider",
      document.uri,
      document.positionAt(offset),
    );
    const labels = items.map(({ label }) => (typeof label === "string" ? label : label.label));
    assert.ok(!labels.includes('"solve"'), "not itself");
    assert.ok(!labels.includes('"style"'), "not what it reads already");
  });

  it("outlines the nodes and puts a lens over each", async () => {
    const document = await show(GRAPH);
    const symbols = await commands.executeCommand<DocumentSymbol[]>(
      "vscode.executeDocumentSymbolProvider",
      document.uri,
    );
    const names = symbols.map(({ name }) => name);
    for (const node of ["plan", "style", "solve"]) assert.ok(names.includes(node), names.join(", "));
    const lenses = await commands.executeCommand<CodeLens[]>("vscode.executeCodeLensProvider", document.uri, 10);
    const optimize = lenses.filter(({ command }) => command?.command === "agentgraph.optimize");
    assert.equal(optimize.length, 3);
  });
});

async function replace(document: TextDocument, range: Range, text: string): Promise<void> {
  const edit = new WorkspaceEdit();
  edit.replace(document.uri, range, text);
  await workspace.applyEdit(edit);
}

async function definition(document: TextDocument, offset: number): Promise<LocationLink | undefined> {
  const links = await commands.executeCommand<LocationLink[]>(
    "vscode.executeDefinitionProvider",
    document.uri,
    document.positionAt(offset),
  );
  return links[0];
}
