import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import { planRename, RenameRefused, type RenameSource } from "../../../../src/graph/edits/rename.ts";
import { applyEdits } from "../../../../src/graph/fault.ts";
import { readGraphText } from "../../../../src/graph/read.ts";
import { JsonDocument } from "../../../../src/graph/syntax/document.ts";
import { outlineOf } from "../../../../src/graph/syntax/outline.ts";
import { graphFormat } from "../../../../src/methods/registry.ts";

const GRAPH = `{
  "version": 1, // the first
  "inputs": { "question": "what is asked" },
  "nodes": {
    "plan": { "inputs": ["question"], "instruction": "Plan \\u007b{question}}.\\tQuote \\\\{{plan}} and {{ question }}." },
    "style": { "kind": "text", "text": "Say {{plan}} as it is." },
    "solve": {
      "inputs": ["question", "plan", "style"],
      "instruction": { "file": "prompts/solve.md" },
      "keep": ["{{plan}}", "plan"],
    },
  },
  "output": "solve",
  "data": { "train": [{ "question": "plan", "answer": "plan" }], "validation": "b.jsonl", "target": "answer" },
  "loss": { "kind": "exact" }
}
`;
const PROMPT = "---\nplan: {{plan}}\n---\nFollow {{plan}} for {{question}}.\n\\{{plan}} stays.\n";

/** Files in memory, every node of every graph known as a reader of its prompts. */
function world(files: Record<string, string>): RenameSource {
  const parsed = (path: string) => {
    const document = new JsonDocument(path, files[path] ?? "");
    return { document, outline: outlineOf(document) };
  };
  return {
    graph: async (path) => parsed(path),
    promptOf: async (graph, reference) => {
      const path = posix.join(posix.dirname(graph), reference);
      return path in files ? path : null;
    },
    prompt: async (path) => files[path] ?? "",
    runnersOf: async () => Object.keys(files).filter((path) => path.endsWith(".json")),
    usersOf: async (prompt) =>
      Object.keys(files)
        .filter((path) => path.endsWith(".json"))
        .flatMap((graph) =>
          parsed(graph)
            .outline.nodes.filter(
              ({ text }) => text?.reference && posix.join(posix.dirname(graph), text.reference) === prompt,
            )
            .map(({ id }) => ({ graph, node: id })),
        ),
  };
}

async function renamed(files: Record<string, string>, start: string, from: string, to: string) {
  const edits = await planRename([start], from, to, world(files));
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, applyEdits(text, edits.get(path) ?? [])]),
  );
}

const FILES = { "/w/g.agentgraph.json": GRAPH, "/w/prompts/solve.md": PROMPT };

describe("renaming a node", () => {
  it("reaches every use, and nothing that only looks like one", async () => {
    const after = await renamed(FILES, "/w/g.agentgraph.json", "plan", "outline");
    expect(after["/w/g.agentgraph.json"]).toBe(
      GRAPH.replace('"plan": {', '"outline": {')
        .replace('"question", "plan"', '"question", "outline"')
        .replace('["{{plan}}", "plan"]', '["{{outline}}", "plan"]'),
    );
    expect(after["/w/prompts/solve.md"]).toBe(PROMPT.replace("Follow {{plan}}", "Follow {{outline}}"));
  });

  it("keeps carriage returns, and goes back to the very same bytes", async () => {
    const crlf = Object.fromEntries(Object.entries(FILES).map(([path, text]) => [path, text.replaceAll("\n", "\r\n")]));
    const there = await renamed(crlf, "/w/g.agentgraph.json", "plan", "outline");
    expect(there["/w/prompts/solve.md"]).toContain("Follow {{outline}} for {{question}}.\r\n");
    expect(await renamed(there, "/w/g.agentgraph.json", "outline", "plan")).toEqual(crlf);
  });

  it("with targets and a loss of its own keeps both", async () => {
    const graph = GRAPH.replace('"target": "answer"', '"targets": { "plan": "plan" }').replace(
      '"loss"',
      '"losses": { "plan": { "kind": "f1" } }, "loss"',
    );
    const after = await renamed({ ...FILES, "/w/g.agentgraph.json": graph }, "/w/g.agentgraph.json", "plan", "outline");
    expect(after["/w/g.agentgraph.json"]).toContain('"targets": { "outline": "plan" }');
    expect(after["/w/g.agentgraph.json"]).toContain('"losses": { "outline": { "kind": "f1" } }');
  });

  it("gives an input the name of a column, and a node never", async () => {
    const graph = `{ "version": 1, "inputs": { "ticket": "x" }, "nodes": {
      "a": { "inputs": ["ticket"], "instruction": "{{ticket}} {{text}}", "variables": { "text": "ticket" } },
      "b": { "inputs": ["ticket", "a"], "instruction": { "file": "b.md" } } }, "output": "b", "data": { "train": "rows.csv" } }`;
    const files = { "/w/g.agentgraph.json": graph, "/w/b.md": "{{a}} {{ ticket }}" };
    const there = await renamed(files, "/w/g.agentgraph.json", "ticket", "Ticket Text");
    expect(there["/w/b.md"]).toBe("{{a}} {{ Ticket Text }}");
    expect(there["/w/g.agentgraph.json"]).toContain(
      '"{{Ticket Text}} {{text}}", "variables": { "text": "Ticket Text" }',
    );
    const back = await renamed(there, "/w/g.agentgraph.json", "Ticket Text", "ticket");
    expect(back["/w/b.md"]).toBe(files["/w/b.md"]);
    expect(back["/w/g.agentgraph.json"]).toContain(
      '"instruction": "{{ticket}} {{text}}", "variables": { "text": "ticket" }',
    );
    await expect(renamed(files, "/w/g.agentgraph.json", "a", "Step A")).rejects.toThrow("not a name");
    await expect(renamed(files, "/w/g.agentgraph.json", "ticket", "a=b")).rejects.toThrow("not a name");
  });

  it("reaches the list and the nodes of a map over several", async () => {
    const graph = `{ "version": 1, "inputs": { "list": "x" }, "nodes": {
      "a": { "inputs": ["list"], "instruction": "{{list}}" },
      "b": { "inputs": ["a"], "instruction": "{{a}}" },
      "all": { "kind": "map", "over": "list", "nodes": ["a", "b"] } }, "output": "all" }`;
    const renamed = async (name: string, to: string) => {
      const edits = await planRename(["/g.json"], name, to, world({ "/g.json": graph }));
      return applyEdits(graph, edits.get("/g.json") ?? []);
    };
    expect(await renamed("list", "parts")).toBe(graph.replaceAll('"list"', '"parts"').replace("{{list}}", "{{parts}}"));
    expect(await renamed("a", "first")).toBe(graph.replaceAll('"a"', '"first"').replace("{{a}}", "{{first}}"));
    expect(await renamed("b", "last")).toBe(graph.replaceAll('"b"', '"last"'));
  });

  it("reaches the arguments of a tool, in lists and objects too, and the query of a retriever", async () => {
    const graph = `{ "version": 1, "inputs": { "q": "" }, "nodes": {
      "clean": { "inputs": ["q"], "instruction": "x" },
      "hits": { "kind": "tool", "inputs": ["clean"], "tool": "clean",
        "arguments": { "clean": "{{clean}}", "list": ["{{ clean }}", { "deep": "a {{clean}} b" }] } },
      "find": { "kind": "retriever", "inputs": ["clean"], "corpus": "docs/*.md", "query": "about {{clean}}" } }, "output": "hits" }`;
    const files = await renamed({ "/w/g.agentgraph.json": graph }, "/w/g.agentgraph.json", "clean", "tidy");
    const { nodes } = JSON.parse(files["/w/g.agentgraph.json"] ?? "");
    expect(nodes.hits).toEqual({
      kind: "tool",
      inputs: ["tidy"],
      tool: "clean",
      arguments: { clean: "{{tidy}}", list: ["{{ tidy }}", { deep: "a {{tidy}} b" }] },
    });
    expect(nodes.find).toMatchObject({ inputs: ["tidy"], query: "about {{tidy}}" });
  });

  it("keeps the names by which code and tools read a value", async () => {
    const graph = `{ "version": 1, "inputs": { "q": "" }, "nodes": {
      "plan": { "inputs": ["q"], "instruction": "x" },
      "total": { "kind": "function", "inputs": ["plan", "q"], "code": "export default ({ plan, q }) => plan + q" },
      "hits": { "kind": "tool", "inputs": ["plan"], "tool": "search" },
      "solve": { "inputs": ["total", "hits"], "instruction": "x" } }, "output": "solve" }`;
    const path = "/w/g.agentgraph.json";
    const once = await renamed({ [path]: graph }, path, "plan", "outline");
    const { nodes } = JSON.parse(once[path] ?? "");
    expect(nodes.total).toMatchObject({ inputs: ["outline", "q"], variables: { plan: "outline" } });
    expect(nodes.hits).toMatchObject({ inputs: ["outline"], variables: { plan: "outline" } });
    const twice = await renamed(await renamed(once, path, "outline", "draft"), path, "q", "question");
    expect(JSON.parse(twice[path] ?? "").nodes.total).toMatchObject({
      inputs: ["draft", "question"],
      variables: { plan: "draft", q: "question" },
    });
  });

  it("keeps the names by which the graph of a map knows its inputs", async () => {
    const path = "/w/g.agentgraph.json";
    const graph = `{ "version": 1, "inputs": { "list": "", "q": "" }, "nodes": {
      "all": { "kind": "map", "over": "list", "inputs": ["list", "q"], "variables": { "part": "list" }, "graph": { "file": "p.agentgraph.json" } } },
      "output": "all" }`;
    const once = await renamed({ [path]: graph }, path, "q", "question");
    const twice = JSON.parse((await renamed(once, path, "list", "parts"))[path] ?? "");
    expect(twice.nodes.all).toMatchObject({
      over: "parts",
      inputs: ["parts", "question"],
      variables: { part: "parts", q: "question" },
    });
  });

  it("reaches the inputs that variables stand for", async () => {
    const graph = `{ "version": 1, "inputs": { "q": "" }, "nodes": {
      "plan": { "inputs": ["q"], "variables": { "chat": "q" }, "instruction": "{{chat}}" } }, "output": "plan" }`;
    const path = "/w/g.agentgraph.json";
    const after = JSON.parse((await renamed({ [path]: graph }, path, "q", "question"))[path] ?? "");
    expect(after.nodes.plan).toMatchObject({
      inputs: ["question"],
      variables: { chat: "question" },
      instruction: "{{chat}}",
    });
  });

  it("reaches what scripts that score read as members, in their file and in the graph", async () => {
    const path = "/w/g.agentgraph.json";
    const graph = `{ "version": 1, "inputs": { "q": "" }, "nodes": {
      "plan": { "inputs": ["q"], "instruction": "x" }, "solve": { "inputs": ["plan"], "instruction": "x" } },
      "output": "solve", "loss": { "kind": "script", "file": "m.js" },
      "losses": { "plan": { "kind": "script", "code": ["export default ({ values, inputs }) =>", "  values.plan === inputs.plan ? 0 : 'values.plan'"] } } }`;
    const script =
      "export default ({ values }) => values.plan?.length + values['plan'] + values.planned; // values.plan\n";
    const after = await renamed({ [path]: graph, "/w/m.js": script }, path, "plan", "a-b");
    expect(after["/w/m.js"]).toBe(
      `export default ({ values }) => values["a-b"]?.length + values['a-b'] + values.planned; // values.plan\n`,
    );
    expect(JSON.parse(after[path] ?? "").losses["a-b"].code[1]).toBe(
      `  values["a-b"] === inputs.plan ? 0 : 'values.plan'`,
    );
  });

  it.each([
    ["({ values: { plan } }) => plan", `({ values: { "a-b": plan } }) => plan`],
    ["({ values: { plan: p, 'plan': q, other } }) => p", `({ values: { "a-b": p, 'a-b': q, other } }) => p`],
    [
      "({ values: { plan = '' }, answer }) => plan + answer",
      `({ values: { "a-b": plan = '' }, answer }) => plan + answer`,
    ],
    ["({ values: v }) => v.plan + values.plan", `({ values: v }) => v["a-b"] + values.plan`],
    ["(all) => all.values.plan + all.plan", `(all) => all.values["a-b"] + all.plan`],
    [
      "({ values }) => { const { plan, ...rest } = values; return plan; }",
      `({ values }) => { const { "a-b": plan, ...rest } = values; return plan; }`,
    ],
    [
      "({ values }) => { const { plan } = values; return plan; }",
      `({ values }) => { const { "a-b": plan } = values; return plan; }`,
    ],
    ["({ values }) => { const { plan } = values.solve; return plan; }", null],
  ])("reaches what a script destructures: %s", async (code, expected) => {
    const path = "/w/g.agentgraph.json";
    const graph = `{ "version": 1, "inputs": { "q": "" }, "nodes": { "plan": { "inputs": ["q"], "instruction": "x" },
      "solve": { "inputs": ["plan"], "instruction": "x" } }, "output": "solve", "loss": { "kind": "script", "file": "m.js" } }`;
    const script = `export default ${code};\n`;
    const after = await renamed({ [path]: graph, "/w/m.js": script }, path, "plan", "a-b");
    expect(after["/w/m.js"]).toBe(expected === null ? script : `export default ${expected};\n`);
  });

  it("in a script that two graphs share renames in both, once", async () => {
    const graph = (input: string) => `{ "version": 1, "inputs": { "${input}": "" }, "nodes": {
      "plan": { "inputs": ["${input}"], "instruction": "x" }, "solve": { "inputs": ["plan"], "instruction": "x" } },
      "output": "solve", "loss": { "kind": "script", "file": "m.js" } }`;
    const script = "export default ({ values, inputs }) => values.plan + inputs.plan;\n";
    const [one, two, three] = ["/w/1.agentgraph.json", "/w/2.agentgraph.json", "/w/3.agentgraph.json"];
    const other = graph("q").replaceAll("plan", "draft");
    const files = { [one]: graph("q"), [two]: graph("r"), [three]: other, "/w/m.js": script };
    const after = await renamed(files, one, "plan", "outline");
    expect(after["/w/m.js"]).toBe("export default ({ values, inputs }) => values.outline + inputs.plan;\n");
    expect(after[two]).toContain('"outline": {');
    expect(after[three]).toBe(other);
  });

  it("of an input and a node with one name in two graphs loses no edit of a shared script", async () => {
    const graph = (inputs: string, node: string) => `{ "version": 1, "inputs": { "${inputs}": "" }, "nodes": {
      "${node}": { "inputs": ["${inputs}"], "instruction": "x" } }, "output": "${node}", "loss": { "kind": "script", "file": "m.js" } }`;
    const script = "export default ({ values, inputs }) => values.plan + inputs.plan;\n";
    const files = {
      "/w/1.agentgraph.json": graph("q", "plan"),
      "/w/2.agentgraph.json": graph("plan", "solve"),
      "/w/m.js": script,
    };
    const edits = await planRename(["/w/1.agentgraph.json", "/w/2.agentgraph.json"], "plan", "draft", world(files));
    expect(applyEdits(script, edits.get("/w/m.js") ?? [])).toBe(
      "export default ({ values, inputs }) => values.draft + inputs.draft;\n",
    );
  });

  it("keeps quotes in the code of a script that reads an input whose new name has one", async () => {
    const path = "/w/g.agentgraph.json";
    const graph = `{ "version": 1, "inputs": { "q": "" }, "nodes": { "solve": { "inputs": ["q"], "instruction": "x" } },
      "output": "solve", "loss": { "kind": "script", "file": "m.js" } }`;
    const script = `export default ({ inputs }) => inputs['q'] + inputs["q"] + inputs.q;\n`;
    const after = await renamed({ [path]: graph, "/w/m.js": script }, path, "q", "customer's");
    expect(after["/w/m.js"]).toBe(
      `export default ({ inputs }) => inputs['customer\\'s'] + inputs["customer's"] + inputs["customer's"];\n`,
    );
  });

  it("of the answer changes the output", async () => {
    const after = await renamed(FILES, "/w/g.agentgraph.json", "solve", "answer");
    expect(after["/w/g.agentgraph.json"]).toContain('"output": "answer"');
  });

  it("leaves the graph without a new fault", async () => {
    const faults = (text = "") =>
      readGraphText("/w/g.agentgraph.json", text, graphFormat).faults.map(({ code }) => code);
    for (const [from, to] of [
      ["plan", "p-2"],
      ["style", "S_"],
      ["question", "q"],
    ] as const) {
      const after = await renamed(FILES, "/w/g.agentgraph.json", from, to);
      expect(faults(after["/w/g.agentgraph.json"])).toEqual(faults(GRAPH));
    }
  });
});

describe("renaming a graph input", () => {
  it("reaches escaped and spaced placeholders, and keeps the field that it is read from", async () => {
    const after = (await renamed(FILES, "/w/g.agentgraph.json", "question", "query"))["/w/g.agentgraph.json"];
    expect(after).toContain('"Plan \\u007b{query}}.\\tQuote \\\\{{plan}} and {{ query }}."');
    expect(after).toContain('"inputs": { "query": "what is asked" }');
    expect(after).toContain('[{ "question": "plan", "answer": "plan" }]');
    expect(after).toContain('"fields": { "query": "question" }');
    expect(after).toContain("// the first");
  });

  it("renames the key of a field that is named already", async () => {
    const graph = GRAPH.replace('"target"', '"fields": { "question": "q" }, "target"');
    const after = await renamed({ "/w/g.agentgraph.json": graph }, "/w/g.agentgraph.json", "question", "query");
    expect(after["/w/g.agentgraph.json"]).toContain('"fields": { "query": "q" }');
  });
});

describe("a prompt file that several graphs read", () => {
  const other = (inputs: string) =>
    GRAPH.replace('"inputs": ["question", "plan", "style"]', `"inputs": [${inputs}]`).replace(
      "// the first",
      "// another",
    );

  it("ties the names that both read there", async () => {
    const files = {
      ...FILES,
      "/w/other.agentgraph.json": other('"plan"'),
      "/w/alone.agentgraph.json": GRAPH.replace("prompts/solve.md", "other.md"),
    };
    const after = await renamed(files, "/w/g.agentgraph.json", "plan", "outline");
    expect(after["/w/other.agentgraph.json"]).toContain('"outline": {');
    expect(after["/w/alone.agentgraph.json"]).toBe(files["/w/alone.agentgraph.json"]);
  });

  it("is refused if the other graph has the new name already", async () => {
    const taken = other('"plan"').replace('"style"', '"outline"').replace('"style": {', '"outline": {');
    const files = { ...FILES, "/w/other.agentgraph.json": taken.replaceAll('"style"', '"outline"') };
    await expect(renamed(files, "/w/g.agentgraph.json", "plan", "outline")).rejects.toMatchObject({
      reason: "taken",
      of: "outline",
      graph: "/w/other.agentgraph.json",
    });
  });
});

describe("what is refused", () => {
  const refusal = (graph: string, from: string, to: string) =>
    renamed({ "/w/g.agentgraph.json": graph }, "/w/g.agentgraph.json", from, to).then(
      () => null,
      (error: unknown) => (error instanceof RenameRefused ? error.reason : error),
    );

  it.each<[string, string, string, string]>([
    ["not a name", GRAPH, "plan", "2nd"],
    ["not a name", GRAPH, "plan", ""],
    ["not a name", GRAPH, "plan", "a b"],
    ["taken", GRAPH, "plan", "question"],
    ["taken", GRAPH, "question", "solve"],
    ["unknown", GRAPH, "nothing", "something"],
    ["made twice", GRAPH.replace('"style": {', '"question": {'), "question", "q"],
    ["cannot be read", `${GRAPH.slice(0, GRAPH.indexOf('"keep"'))} "{{plan}}" `, "plan", "outline"],
  ])("%s", async (reason, graph, from, to) => {
    expect(await refusal(graph, from, to)).toBe(reason);
  });

  it("not what is broken elsewhere", async () => {
    const broken = GRAPH.replace('"output": "solve",', '"output": "sol');
    const after = await renamed({ "/w/g.agentgraph.json": broken }, "/w/g.agentgraph.json", "style", "voice");
    expect(after["/w/g.agentgraph.json"]).toBe(broken.replaceAll('"style"', '"voice"'));
  });
});
