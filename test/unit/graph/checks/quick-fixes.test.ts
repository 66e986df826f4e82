import { describe, expect, it } from "vitest";
import { chooseTarget, mapFields, splitData } from "../../../../src/graph/checks/quick-fixes.ts";
import { applyEdits, type Fault, type Fix } from "../../../../src/graph/fault.ts";
import { readGraph, readGraphText } from "../../../../src/graph/read.ts";
import { graphFormat } from "../../../../src/methods/registry.ts";
import { nodeFiles } from "../../../../src/platform/files.ts";
import { nodeDeps } from "../../../../src/platform/node.ts";
import { loadTask } from "../../../../src/run/load.ts";
import { invalid } from "../fixtures.ts";

const faultsOf = (text: string) => readGraphText("/g.agentgraph.json", text, graphFormat).faults;

/** A graph that is right but for what `wrong` changes in its text. */
function broken(from: string | RegExp, to: string): string {
  const text = `{
  // kept
  "version": 1,
  "inputs": { "question": "what is asked" },
  "nodes": {
    "plan": { "inputs": ["question"], "instruction": "Plan {{question}}." },
    "solve": {
      "inputs": ["question", "plan"],
      "instruction": ["Follow {{plan}}.", "Answer {{question}}."],
      "maxWords": 20
    }
  },
  "output": "solve",
  "data": { "train": "a.jsonl", "validation": "b.jsonl", "target": "answer" },
  "loss": { "kind": "exact" }
}
`;
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  return changed;
}

const SOUND = broken("// kept", "//  kept").replace("//  kept", "// kept");

/** Titles of what is offered for the fault, and the file's text after each. */
function offered(text: string, code: string) {
  const fault = faultsOf(text).find((it) => it.code === code);
  expect(fault, `${code} of ${faultsOf(text).map((it) => it.code)}`).toBeDefined();
  return (fault?.fixes?.() ?? []).map(({ title, edits }) => ({ title, after: applyEdits(text, edits) }));
}

describe("what is offered for a fault", () => {
  it.each<[code: string, from: string | RegExp, to: string, titles: string[]]>([
    [
      "unknown-name",
      '["question", "plan"]',
      '["question", "plam"]',
      ['Change to "plan"', 'Make "plam" an input of the graph', 'Remove it from the inputs of "solve"'],
    ],
    ["repeated-input", '["question", "plan"]', '["question", "plan", "question"]', ["Remove this one"]],
    ["unknown-output", '"output": "solve"', '"output": "slove"', ['Change to "solve"']],
    ["missing-key", '  "output": "solve",\n', "", ['Add "output": "solve"']],
    ["missing-key", '  "version": 1,\n', "", ['Add "version": 1']],
    ["missing-key", /,\n {2}"loss": .*/, "", ['Add "loss": { "kind": "exact" }']],
    ["missing-key", '"instruction": "Plan', '"instuction": "Plan', ['Change to "instruction"']],
    ["unknown-key", '"maxWords"', '"maxWord"', ['Change to "maxWords"', 'Remove "maxWord"']],
    ["wrong-type", '"maxWords": 20', '"maxWords": "20"', ["Change to 20"]],
    ["wrong-type", '"inputs": ["question"]', '"inputs": "question"', ['Change to ["question"]']],
    ["wrong-value", '"maxWords": 20', '"maxWords": 0', ["Change to 1"]],
    ["unknown-kind", '"exact"', '"exat"', ['Change to "exact"']],
    [
      "cycle",
      '"inputs": ["question"]',
      '"inputs": ["question", "solve"]',
      ['Remove "solve" from the inputs of "plan"'],
    ],
    [
      "unreachable-node",
      '["question", "plan"]',
      '["question"]',
      ['Add "plan" to the inputs of "solve"', 'Remove the node "plan"'],
    ],
    [
      "unused-input",
      '"what is asked"',
      '"what is asked", "hint": ""',
      ['Add "hint" to the inputs of "solve"', 'Remove the input "hint"'],
    ],
    ["unknown-placeholder", "{{plan}}", "{{plam}}", ["Change to {{plan}}", "Write \\{{plam}} to send the braces"]],
    [
      "unknown-placeholder",
      '["question", "plan"]',
      '["question"]',
      ['Add "plan" to the inputs of "solve"', "Change to {{…}}"],
    ],
    ["kept-text-absent", '"maxWords": 20', '"keep": ["Answer {{question}}.", "odd"]', ['Remove it from "keep"']],
    ["duplicate-key", '"maxWords": 20', '"maxWords": 20, "maxWords": 30', ["Remove the first, which is not used"]],
    ["bad-name", '"inputs": { "question"', '"inputs": { "size=2": "", "question"', ['Change to "size_2"']],
    [
      "no-trainable-text",
      /"plan": \{ (.*)\n( {4}"solve": \{)/,
      '"plan": { "trainable": false, $1\n$2 "trainable": false,',
      ['Allow the text of "plan" to change', 'Allow the text of "solve" to change'],
    ],
  ])("%s: %s → %s", (code, from, to, titles) => {
    const found = offered(broken(from, to), code);
    const shown = found.map(({ title }) => title);
    if (titles.at(-1) === "Change to {{…}}") expect(shown[0]).toBe(titles[0]);
    else expect(shown).toEqual(titles);
    for (const { title, after } of found) {
      const left = faultsOf(after).map((fault) => fault.code);
      expect(left, `${title}:\n${after}`).not.toContain("syntax");
      expect(after).toContain("// kept");
      if (code !== "unused-input" || title.startsWith("Remove"))
        expect(left, `${title}:\n${after}`).not.toContain(code);
    }
  });

  it("brings back the very text, if the slip was one of spelling", () => {
    for (const [from, to, code] of [
      ['["question", "plan"]', '["question", "plam"]', "unknown-name"],
      ['["question", "plan"]', '["question", "plan", "question"]', "repeated-input"],
      ["{{plan}}", "{{plam}}", "unknown-placeholder"],
      ['"maxWords"', '"maxWord"', "unknown-key"],
    ] as const) {
      expect(offered(broken(from, to), code)[0]?.after).toBe(SOUND);
    }
  });

  it("an input is not offered if it would close a circle", () => {
    const [first] = offered(broken("Plan {{question}}.", "Plan {{solve}}."), "unknown-placeholder");
    expect(first?.title).not.toMatch(/^Add/);
  });

  it("an empty file becomes a graph of one node", () => {
    const [start] = offered("\n", "syntax");
    expect(faultsOf(start?.after ?? "")).toEqual([]);
  });

  it("one data file is divided, if there was one set, two equal ones or no split", () => {
    for (const data of [
      '{ "train": "all.jsonl", "target": "answer" }',
      '{\n    "target": "answer",\n    "train": "all.jsonl",\n    "validation": { "file": "all.jsonl" }\n  }',
      '{ "file": "all.jsonl", "target": "answer" }',
    ]) {
      const text = broken(/"data": .*?\},/, `"data": ${data},`);
      const { document } = readGraphText("/g.agentgraph.json", text, graphFormat);
      const [fix] = splitData(document);
      const after = applyEdits(text, fix?.edits ?? []);
      expect(JSON.parse(after.replace("// kept", "")).data).toEqual({
        file: "all.jsonl",
        split: { train: 0.4, validation: 0.3, test: 0.3, seed: 1 },
        target: "answer",
      });
      expect(faultsOf(after)).toEqual([]);
    }
  });

  it("two different files stay two", () => {
    const { document } = readGraphText("/g.agentgraph.json", SOUND, graphFormat);
    expect(splitData(document)).toEqual([]);
  });
});

describe("what is offered in view of the data", () => {
  const of = (text: string) => {
    const { document, outline } = readGraphText("/g.agentgraph.json", text, graphFormat);
    return { document, outline };
  };
  const dataAfter = (text: string, fix: Fix | undefined) =>
    JSON.parse(applyEdits(text, fix?.edits ?? []).replace("// kept", "")).data;

  it("the field of the answer, if none is named", () => {
    const text = broken(', "target": "answer"', "");
    const { document, outline } = of(text);
    const fixes = chooseTarget(document, outline, ["question", "label"]);
    expect(fixes.map(({ title }) => title)).toEqual(['Add "target": "label"']);
    expect(dataAfter(text, fixes[0]).target).toBe("label");
  });

  it("another field, if the rows lack the one that is named", () => {
    const { document, outline } = of(SOUND);
    const fixes = mapFields(document, outline, ["query", "anwser"]);
    expect(fixes[0]?.title).toBe('Read the input "question" from the field "query"');
    expect(dataAfter(SOUND, fixes[0]).fields).toEqual({ question: "query" });
    const target = fixes.find(({ title }) => title === 'Take the answer from the field "anwser"');
    expect(dataAfter(SOUND, target).target).toBe("anwser");
    expect(mapFields(document, outline, ["question", "answer"])).toEqual([]);
    expect(mapFields(document, outline, [])).toEqual([]);
  });

  it("in place of a field that is named wrongly", () => {
    const text = broken('"target"', '"fields": { "question": "qestion" }, "target"');
    const { document, outline } = of(text);
    const [fix] = mapFields(document, outline, ["query", "answer"]);
    expect(dataAfter(text, fix).fields).toEqual({ question: "query" });
  });
});

describe("every remedy of every invalid fixture", () => {
  it.each(invalid.map((fixture) => [fixture.name, fixture] as const))("%s", async (_, { path, text }) => {
    const { faults } = await loadTask(path, nodeDeps());
    const worse = (after: readonly Fault[]) => after.filter(({ code }) => code === "syntax").length;
    for (const fault of faults) {
      for (const { title, edits } of fault.fixes?.() ?? []) {
        const after = applyEdits(text, edits);
        expect(after, title).not.toBe(text);
        const reading = await readGraph(path, after, nodeFiles(), graphFormat);
        expect(worse(reading.faults), `${title}\n${after}`).toBeLessThanOrEqual(worse(faults));
      }
    }
  });
});
