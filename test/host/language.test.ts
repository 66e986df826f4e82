import assert from "node:assert/strict";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import {
  type CodeAction,
  type CodeLens,
  type CompletionList,
  commands,
  DiagnosticSeverity,
  type DocumentHighlight,
  type DocumentSymbol,
  type FoldingRange,
  type Hover,
  type Location,
  type LocationLink,
  languages,
  type Position,
  Range,
  type TextDocument,
  WorkspaceEdit,
  window,
  workspace,
} from "vscode";
import { at, closeAll, GRAPH, put, read, settles, show, until, write } from "./helpers.ts";

describe("the graph file as a language", () => {
  let original = "";
  before(async () => {
    original = await read(GRAPH);
  });
  afterEach(() => restore({ [GRAPH]: original }));

  const labels = async (document: TextDocument, offset: number) => {
    const { items } = await commands.executeCommand<CompletionList>(
      "vscode.executeCompletionItemProvider",
      document.uri,
      document.positionAt(offset),
    );
    return items.map(({ label }) => (typeof label === "string" ? label : label.label));
  };

  const faults = (document: TextDocument) =>
    languages.getDiagnostics(document.uri).filter(({ source }) => source === "AgentGraph");

  it("shows no fault in a good file", async () => {
    const document = await show(GRAPH);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.deepEqual(faults(document), []);
  });

  it("completes models whose prices are known, for a role and for a node", async () => {
    const ofNode = original.replace('"role": "lists', '"model": "gpt-6-luna", "role": "lists');
    await write(GRAPH, ofNode);
    const document = await show(GRAPH);
    await until(() => document.getText() === ofNode);
    const places = [...ofNode.matchAll(/"gpt-6-luna"/g)].map(({ index }) => index + 2);
    assert.ok(places.length >= 2, ofNode);
    for (const place of places) assert.ok((await labels(document, place)).includes('"gpt-6.1-terra"'));
  });

  it("reports no error for a missing set if another one can be evaluated", async () => {
    await write(GRAPH, original.replace(/"train": "[^"]*",\s*"validation": "[^"]*",\s*/, ""));
    const document = await show(GRAPH);
    const missing = () => faults(document).filter(({ code }) => code === "missing-set");
    await until(() => missing().length === 2);
    for (const { severity, message } of missing()) {
      assert.equal(severity, DiagnosticSeverity.Information);
      assert.match(message, /can be evaluated but not optimized/);
    }
  });

  it("marks an unknown name at its position while typing, and offers the closest name as a fix", async () => {
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

  it("reports each fault once, beside VS Code's own JSON support", async () => {
    const document = await show(GRAPH);
    const all = () => languages.getDiagnostics(document.uri);
    const texts = () => all().map(({ message }) => message);
    const settled = async () => {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return all();
    };
    const put = (text: string) =>
      replace(document, new Range(document.positionAt(0), document.positionAt(document.getText().length)), text);

    await put(original.replace('"version": 1', '"version": "one"'));
    await until(() => all().length > 0);
    assert.deepEqual(
      (await settled()).map(({ source }) => source),
      ["AgentGraph"],
      texts().join(" | "),
    );
    await put(original.replace('"version": 1,', '"version": 1'));
    await until(() => all().length > 0);
    assert.equal((await settled()).length, 1, texts().join(" | "));
    await put(original.replace('"version": 1,', '"version": 1, "version": 1,'));
    await until(() => texts().some((text) => /duplicate/i.test(text)));
    assert.ok(
      (await settled()).every(({ source }) => source !== "AgentGraph"),
      texts().join(" | "),
    );
  });

  it("finds faults in the data once the file is saved", async () => {
    await write(GRAPH, original.replace("data/train.jsonl", "data/validation.jsonl"));
    const document = await show(GRAPH);
    await until(() => faults(document).some(({ code }) => code === "overlap"));
  });

  it("goes to the definition of an input and of a file reference", async () => {
    const document = await show(GRAPH);
    const toNode = await definition(document, document.getText().indexOf('"plan", "style"') + 2);
    assert.equal(toNode?.targetUri.fsPath, at(GRAPH).fsPath);
    assert.equal(document.getText(toNode?.targetSelectionRange), '"plan"');
    const toFile = await definition(document, document.getText().indexOf("prompts/solve.md") + 2);
    assert.equal(toFile?.targetUri.fsPath, at("prompts/solve.md").fsPath);
  });

  it("opens nothing outside the workspace", async () => {
    await write(GRAPH, original.replace("prompts/solve.md", "../../../etc/passwd"));
    const document = await show(GRAPH);
    assert.equal(await definition(document, document.getText().indexOf("../../../etc") + 2), undefined);
  });

  it("completes inputs with known names, except the node itself and names already used", async () => {
    const document = await show(GRAPH);
    const offset = document.getText().indexOf('"plan", "style"') + 2;
    const found = await labels(document, offset);
    assert.ok(!found.includes('"solve"'), "not itself");
    assert.ok(!found.includes('"style"'), "not what it reads already");
  });

  it("completes inputs while typing, once each, without names that would create a cycle", async () => {
    const document = await showText(GRAPH, original.replace('"inputs": ["question"],', '"inputs": ["question", "],'));
    const found = await labels(document, document.getText().indexOf('"question", "') + 13);
    assert.deepEqual(
      found.filter((label) => label === '"style"'),
      ['"style"'],
    );
    assert.ok(!found.includes('"solve"'), "plan flows into solve");
  });

  it("completes the output node and the fields of the data", async () => {
    const document = await show(GRAPH);
    const text = document.getText();
    const nodes = (await labels(document, text.indexOf('"solve",\n  "data"') + 1)).filter((label) =>
      /plan|style|solve/.test(label),
    );
    assert.deepEqual(nodes.toSorted(), ['"plan"', '"solve"', '"style"']);
    assert.ok((await labels(document, text.indexOf('"answer"') + 1)).includes('"answer"'));
    assert.ok((await labels(document, text.indexOf('"question" },') + 1)).includes('"question"'));
  });

  it("completes the files that a graph names, by the key, and the methods", async () => {
    const text = `{
      "version": 1, "inputs": { "q": "" },
      "nodes": {
        "total": { "kind": "function", "inputs": ["q"], "code": { "file": "" } },
        "find": { "kind": "retriever", "inputs": ["q"], "corpus": [""], "query": "{{q}}" },
        "solve": { "inputs": ["total", "find"], "instruction": { "file": "" } }
      },
      "output": "solve", "data": { "train": "", "target": "a" }, "optimize": { "method": "" }
    }`;
    await mkdir(at("steps").fsPath, { recursive: true });
    await write("steps/total.js", "export default ({ q }) => q;\n");
    const document = await showText(GRAPH, text);
    const here = async (before: string) => labels(document, text.indexOf(before) + before.length);
    const code = await here('"code": { "file": "');
    assert.deepEqual(
      code.filter((label) => /^".*\.(js|md)"$/.test(label)),
      ['"steps/total.js"'],
    );
    assert.ok((await here('"corpus": ["')).includes('"prompts/**/*.md"'));
    assert.ok((await here('"instruction": { "file": "')).includes('"prompts/solve.md"'));
    assert.ok((await here('"train": "')).some((label) => /^"data\/.*"$/.test(label)));
    const methods = await here('"method": "');
    for (const name of ["semantic", "textgrad", "gepa"]) assert.ok(methods.includes(`"${name}"`), name);
    await rm(at("steps").fsPath, { recursive: true });
  });

  it("completes the names that a tool's arguments read", async () => {
    const text = `{
      "version": 1, "inputs": { "question": "" },
      "nodes": {
        "find": { "kind": "tool", "inputs": ["question"], "tool": "search", "arguments": { "query": "{{" } },
        "solve": { "inputs": ["question", "find"], "instruction": "Answer {{question}} with {{find}}." }
      },
      "output": "solve"
    }`;
    const document = await showText(GRAPH, text);
    const offset = text.indexOf('"query": "{{') + '"query": "{{'.length;
    assert.ok((await labels(document, offset)).includes("{{question}}"));
    // Which arguments an unknown tool takes is not known.
    assert.ok(!(await labels(document, text.indexOf('"query"') + 1)).includes('"question"'));
  });

  it("outlines the nodes, and shows the graph's lenses once above all and a node's own above it", async () => {
    const document = await show(GRAPH);
    const symbols = await commands.executeCommand<DocumentSymbol[]>(
      "vscode.executeDocumentSymbolProvider",
      document.uri,
    );
    const names = symbols.map(({ name }) => name);
    assert.equal(symbols.find(({ name }) => name === "plan")?.detail, "lists what is to be counted");
    for (const node of ["plan", "style", "solve"]) assert.ok(names.includes(node), names.join(", "));
    // Asked for while the file's text is still being restored, VS Code gives none.
    await settles(async () => {
      const lenses = await commands.executeCommand<CodeLens[]>("vscode.executeCodeLensProvider", document.uri, 10);
      return lenses.map(({ command, range }) => [command?.title, document.lineAt(range.start).text.trim()]);
    }, [
      ["Optimize graph", "{"],
      ["Show graph", "{"],
      ["Optimize only this", '"plan": {'],
      ["Optimize only this", '"style": {'],
      ["Optimize only this", '"solve": {'],
    ]);
  });
});

describe("code that a graph runs", () => {
  const GRAPH_OF_CODE = "code.agentgraph.json";
  const faults = (document: TextDocument) =>
    languages.getDiagnostics(document.uri).filter(({ source }) => source === "AgentGraph");

  afterEach(async () => {
    await closeAll();
    for (const file of [GRAPH_OF_CODE, "total.js", "other.js", "metric.ts"]) await rm(at(file).fsPath, { force: true });
  });

  it("is checked while it is typed, and nothing of it runs", async () => {
    const graph = {
      version: 1,
      inputs: { question: "x" },
      nodes: { total: { kind: "function", inputs: ["question"], code: { file: "total.js" } } },
      output: "total",
      loss: { kind: "script", file: "metric.ts" },
    };
    const LOOP = "for (;;);\nexport default () => 1;\n";
    await put(GRAPH_OF_CODE, JSON.stringify(graph));
    for (const file of ["total.js", "other.js", "metric.ts"]) await put(file, LOOP);
    await show(GRAPH_OF_CODE);
    const document = await show("total.js");
    const type = async (text: string, on = document) => {
      const edit = new WorkspaceEdit();
      edit.replace(on.uri, new Range(0, 0, on.lineCount, 0), text);
      await workspace.applyEdit(edit);
    };
    await type("export default ({ question }) => {\n  return question +;\n};\n// {{none}}\n");
    const [fault, ...more] = await until(() => some(faults(document)));
    assert.deepEqual(more, []);
    assert.equal(document.getText(fault?.range), "return question +;");
    assert.match(fault?.message ?? "", /^AgentGraph can't run this code: SyntaxError/);
    await type("const total = 1;\n");
    await until(() => faults(document).some(({ message }) => message.includes("it has no default export")));
    await type(LOOP);
    await until(() => faults(document).length === 0);

    const metric = await show("metric.ts");
    await type("export default (x: string => 1;\n", metric);
    await until(() => faults(metric).length === 1);
    const other = await show("other.js");
    await type("let let = 1;\n", other);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.deepEqual(faults(other), []);
    for (const one of [document, metric, other]) await one.save();
  });
});

describe("prompt files as a language", () => {
  const PROMPT = "prompts/solve.md";
  let graph = "";
  let prompt = "";
  before(async () => {
    graph = await read(GRAPH);
    prompt = await read(PROMPT);
  });
  afterEach(async () => {
    await rm(at("second.agentgraph.json").fsPath, { force: true });
    await restore({ [GRAPH]: graph, [PROMPT]: prompt });
  });

  const FRONT = "---\r\nauthor: {{plan}}\r\n---\r\n";
  const TEXT = `${FRONT}Use {{plan}} for {{question}}.\r\nThen {{plam}}, not \\{{plam}}.\r\n`;
  const faults = (document: TextDocument) =>
    languages.getDiagnostics(document.uri).filter(({ source }) => source === "AgentGraph");
  const offsetOf = (document: TextDocument, words: string, more = 0) =>
    document.positionAt(document.getText().indexOf(words) + more);

  async function showPrompt(text: string): Promise<TextDocument> {
    await show(GRAPH);
    return showText(PROMPT, text);
  }

  it("marks a name that is not an input, names the graph, and offers a fix", async () => {
    const document = await showPrompt(TEXT);
    const [fault, ...more] = await until(() => some(faults(document)));
    assert.deepEqual(more, []);
    assert.equal(document.getText(fault?.range), "{{plam}}");
    assert.match(
      fault?.message ?? "",
      /^chain\.agentgraph\.json: "solve" has no input "plam".*Did you mean \{\{plan\}\}/,
    );
    // A prompt file becomes one of ours as soon as its graph is read: its fixes may come a moment after the fault.
    const fixes = await until(async () => some(await actions(document, fault?.range)));
    assert.deepEqual(
      fixes.map(({ title }) => title),
      ["Change to {{plan}}", "Write \\{{plam}} to send the braces"],
    );
    await apply(fixes[0]);
    assert.equal(document.getText(), TEXT.replace("Then {{plam}}", "Then {{plan}}"));
    await until(() => faults(document).length === 0);
  });

  it("adds a known name to the node's inputs, in the graph's file", async () => {
    const inputs = '"inputs": ["question", "plan", "style"]';
    await write(GRAPH, graph.replace(inputs, '"inputs": ["question", "style"]'));
    const document = await showPrompt("Use {{plan}}.\n");
    const [fault] = await until(() => some(faults(document)));
    const [add] = await until(async () => some(await actions(document, fault?.range)));
    assert.equal(add?.title, "Add “plan” to the inputs of “solve” in chain.agentgraph.json");
    await apply(add);
    const text = (await workspace.openTextDocument(at(GRAPH))).getText();
    assert.equal(text, graph.replace(inputs, '"inputs": ["question", "style", "plan"]'));
    await until(() => faults(document).length === 0);
  });

  it("supports definition, hover, completion, references and highlights of its names", async () => {
    const document = await showPrompt(TEXT);
    await until(() => faults(document).length > 0);
    const position = offsetOf(document, "Use {{plan}}", 8);
    const [link] = await commands.executeCommand<LocationLink[]>(
      "vscode.executeDefinitionProvider",
      document.uri,
      position,
    );
    assert.equal(link?.targetUri.fsPath, at(GRAPH).fsPath);
    const hovers = await commands.executeCommand<Hover[]>("vscode.executeHoverProvider", document.uri, position);
    assert.match(
      hoverText(hovers),
      /\*\*plan\*\*.*node[\s\S]*lists what is to be counted[\s\S]*reads question · read by solve/,
    );
    const found = await commands.executeCommand<CompletionList>(
      "vscode.executeCompletionItemProvider",
      document.uri,
      offsetOf(document, "{{question}}", 4),
      "{",
    );
    const offered = found.items.map(({ label }) => (typeof label === "string" ? label : label.label));
    for (const name of ["{{question}}", "{{plan}}", "{{style}}"]) assert.ok(offered.includes(name), offered.join(" "));
    const references = await commands.executeCommand<Location[]>(
      "vscode.executeReferenceProvider",
      document.uri,
      position,
    );
    const files = references.map(({ uri }) => path.basename(uri.path)).sort();
    assert.deepEqual(files, ["chain.agentgraph.json", "chain.agentgraph.json", "solve.md"]);
    const marks = await commands.executeCommand<DocumentHighlight[]>(
      "vscode.executeDocumentHighlights",
      document.uri,
      position,
    );
    assert.equal(marks.length, 1);
  });

  it("renames in every file as one edit, and keeps front matter and line ends", async () => {
    const document = await showPrompt(TEXT);
    await until(() => faults(document).length > 0);
    const edit = await rename(document, offsetOf(document, "Use {{plan}}", 8), "outline");
    await workspace.applyEdit(edit);
    assert.equal(document.getText(), TEXT.replace("Use {{plan}}", "Use {{outline}}"));
    const text = (await workspace.openTextDocument(at(GRAPH))).getText();
    assert.equal(
      text,
      graph.replace('"plan": {', '"outline": {').replace('"question", "plan"', '"question", "outline"'),
    );
  });

  it("rejects a name that is used or not valid, with the reason", async () => {
    const document = await showPrompt(TEXT);
    await until(() => faults(document).length > 0);
    const position = offsetOf(document, "Use {{plan}}", 8);
    await assert.rejects(rename(document, position, "style"), /“style” is already used in chain\.agentgraph\.json/);
    await assert.rejects(rename(document, position, "2nd"), /is not a valid name/);
    await assert.rejects(
      rename(document, offsetOf(document, "Then {{plam}}", 8), "x"),
      /neither a node nor a graph input/,
    );
  });

  it("of two graphs is renamed in both, or in neither", async () => {
    await write("second.agentgraph.json", graph);
    const document = await showPrompt(TEXT);
    await until(() => faults(document)[0]?.message.includes("second.agentgraph.json"));
    const edit = await rename(document, offsetOf(document, "Use {{plan}}", 8), "outline");
    const files = edit.entries().map(([uri]) => path.basename(uri.path));
    assert.deepEqual(files.sort(), ["chain.agentgraph.json", "second.agentgraph.json", "solve.md"]);
    await write("second.agentgraph.json", graph.replaceAll('"style"', '"outline"'));
    const position = offsetOf(document, "Use {{plan}}", 8);
    await until(() =>
      rename(document, position, "outline").then(
        () => false,
        (error) => /already used in second/.test(String(error)),
      ),
    );
  });

  it("checks a referenced file again when it changes outside the editor", async () => {
    const document = await show(GRAPH);
    const codes = () => languages.getDiagnostics(document.uri).map(({ code }) => code);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.deepEqual(codes(), []);
    await write(PROMPT, "Say {{nothing}}.\n");
    await until(() => codes().includes("unknown-placeholder"));
    await write(PROMPT, prompt);
    await until(() => codes().length === 0);
    const data = await read("data/train.jsonl");
    try {
      await write("data/train.jsonl", '{"question": "no answer"}\n');
      await until(() => codes().includes("missing-field"));
    } finally {
      await write("data/train.jsonl", data);
    }
    await until(() => codes().length === 0);
  });

  it("folds nodes, lists of lines and front matter", async () => {
    await write(GRAPH, graph.replace('{ "file": "prompts/plan.md" }', '[\n        "a",\n        "b"\n      ]'));
    const document = await show(GRAPH);
    await until(async () => {
      const found = await commands.executeCommand<FoldingRange[]>("vscode.executeFoldingRangeProvider", document.uri);
      const starts = found.map(({ start }) => document.lineAt(start).text.trim());
      return ['"plan": {', '"instruction": [', '"nodes": {'].every((line) => starts.includes(line));
    });
  });

  it("a file of 2,000 nodes: every request answers", async function () {
    const nodes = Object.fromEntries(
      Array.from({ length: 2000 }, (_, n) => [
        `n${n}`,
        {
          inputs: n > 0 ? ["question", `n${n - 1}`] : ["question"],
          instruction: [`Step {{question}}. ${"x".repeat(400)}`],
        },
      ]),
    );
    const text = JSON.stringify({ ...JSON.parse(graph), nodes, output: "n1999" }, null, 2);
    assert.ok(text.length > 1_000_000, `${text.length}`);
    const document = await showText(GRAPH, text);
    const position = offsetOf(document, '"n999": {', 2);
    const timed: string[] = [];
    for (const command of ["Hover", "Definition", "Reference", "DocumentSymbol", "CompletionItem"]) {
      await replace(document, new Range(0, 1, 0, 1), " ");
      const started = performance.now();
      const found = await commands.executeCommand<unknown[]>(
        `vscode.execute${command}Provider`,
        document.uri,
        position,
      );
      timed.push(`${command} ${(performance.now() - started).toFixed(0)} ms`);
      assert.ok(found);
    }
    const edit = await rename(document, position, "middle");
    assert.equal(edit.get(document.uri).length, 2);
    if (this.test) this.test.title += ` (${timed.join(", ")})`;
  });
});

async function replace(document: TextDocument, range: Range, text: string): Promise<void> {
  const edit = new WorkspaceEdit();
  edit.replace(document.uri, range, text);
  await workspace.applyEdit(edit);
}

/** Everything as it was, also in what the editor still remembers. */
async function restore(files: Readonly<Record<string, string>>): Promise<void> {
  for (const document of workspace.textDocuments.filter(({ isDirty }) => isDirty)) {
    await window.showTextDocument(document);
    await commands.executeCommand("workbench.action.files.revert");
  }
  await closeAll();
  for (const [file, text] of Object.entries(files)) await put(file, text);
  await closeAll();
}

async function showText(file: string, text: string): Promise<TextDocument> {
  return window.showTextDocument(await put(file, text)).then(({ document }) => document);
}

/** null for an empty list, so that it can be waited for. */
function some<T>(list: readonly T[]): readonly T[] | null {
  return list.length > 0 ? list : null;
}

async function actions(document: TextDocument, range: Range | undefined): Promise<CodeAction[]> {
  const found = await commands.executeCommand<CodeAction[]>(
    "vscode.executeCodeActionProvider",
    document.uri,
    range,
    "quickfix",
  );
  return found.filter(({ title }) => !title.includes("Markdown"));
}

async function apply(action: CodeAction | undefined): Promise<void> {
  assert.ok(action?.edit);
  await workspace.applyEdit(action.edit);
}

function rename(document: TextDocument, position: Position, name: string): Promise<WorkspaceEdit> {
  return Promise.resolve(
    commands.executeCommand<WorkspaceEdit>("vscode.executeDocumentRenameProvider", document.uri, position, name),
  );
}

function hoverText(hovers: readonly Hover[]): string {
  return hovers
    .flatMap(({ contents }) => contents.map((part) => (typeof part === "string" ? part : part.value)))
    .join("\n");
}

async function definition(document: TextDocument, offset: number): Promise<LocationLink | undefined> {
  const links = await commands.executeCommand<LocationLink[]>(
    "vscode.executeDefinitionProvider",
    document.uri,
    document.positionAt(offset),
  );
  return links[0];
}
