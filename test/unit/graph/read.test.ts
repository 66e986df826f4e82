import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Files } from "../../../src/deps.ts";
import { decodeUtf8 } from "../../../src/graph/containment.ts";
import { applyEdits, type Fault } from "../../../src/graph/fault.ts";
import { readGraph, readGraphText } from "../../../src/graph/read.ts";
import { parseJson } from "../../../src/graph/replies/json.ts";
import { inputAt, nodeAt, referenceAt } from "../../../src/graph/syntax/outline.ts";
import { hashText } from "../../../src/graph/text/text.ts";
import { graphFormat } from "../../../src/methods/registry.ts";
import { nodeFiles } from "../../../src/platform/files.ts";
import { nodeDeps } from "../../../src/platform/node.ts";
import { loadTask } from "../../../src/run/load.ts";
import { invalid, valid } from "./fixtures.ts";

const wordProblems = valid.find(({ name }) => name === "word-problems")!;

const graph = (nodes: object, more: object = {}) =>
  JSON.stringify(
    {
      version: 1,
      inputs: ["question"],
      nodes,
      output: Object.keys(nodes).at(-1),
      data: { train: [], validation: [], target: "a" },
      loss: { kind: "exact" },
      ...more,
    },
    null,
    2,
  );

const faultsOf = (text: string) => readGraphText("/g.agentgraph.json", text, graphFormat).faults;
const codes = (text: string) => faultsOf(text).map(({ code }) => code);

function fixed(text: string, fault: Fault | undefined): string {
  return applyEdits(text, fault?.fixes?.()[0]?.edits ?? []);
}

describe("a text that can be meant otherwise", () => {
  const files = (content: string): Files => ({
    ...nodeFiles(),
    realpath: async (path) => {
      if (path === resolve("/") || path === resolve("/prompts/x.md")) return path;
      throw Object.assign(new Error("none"), { code: "ENOENT" });
    },
    read: async () => new TextEncoder().encode(content),
    stat: async () => ({ kind: "file", bytes: content.length, modified: 0 }),
  });
  const read = (solve: object, content = "Solve.\n") =>
    readGraph("/g.agentgraph.json", graph({ solve: { inputs: ["question"], ...solve } }), files(content), graphFormat);

  it.each([
    [{ instruction: "prompts/x.md" }],
    [{ instruction: " ./prompts/x.md" }],
    [{ instruction: ["prompts/x.md"] }],
  ])("is the name of a file: a warning, and a quick fix takes it from there: %j", async (solve) => {
    const { faults, graph: shown } = await read(solve);
    expect(faults).toMatchObject([{ code: "file-as-text", severity: "warning" }]);
    expect(shown).not.toBeNull();
    expect(faults[0]?.fixes?.()[0]?.title).toBe("Use the content of the file");
    const mended = fixed(graph({ solve: { inputs: ["question"], ...solve } }), faults[0]);
    const { faults: none, graph: good } = await readGraph("/g.agentgraph.json", mended, files("Solve.\n"), graphFormat);
    expect(none).toEqual([]);
    expect(good?.nodes[0]?.text).toBe("Solve.");
  });

  it.each(["prompts/none.md", "Read prompts/x.md", "prompts/x.md\nand more", "Answer.", "/prompts/x.md"])(
    "is none: %j",
    async (instruction) => {
      expect((await read({ instruction })).faults).toEqual([]);
    },
  );

  it("starts with keys that no program is known for: it is reported that they are not sent", async () => {
    const instruction = { file: "prompts/x.md" };
    expect((await read({ instruction }, "---\nname: x\n---\nSolve.\n")).faults).toEqual([]);
    const { faults, graph: shown } = await read({ instruction }, "---\nRemember: be brief\n---\nSolve.\n");
    expect(faults).toMatchObject([{ code: "front-matter", severity: "information" }]);
    expect(faults[0]?.message).toContain("Remember");
    expect(shown?.nodes[0]?.text).toBe("Solve.");
  });

  it("starts like front matter that can't be read: it is reported that it is sent", async () => {
    const content = "---\nname: a: b\n---\nSolve.";
    const { faults, graph: shown } = await read({ instruction: { file: "prompts/x.md" } }, content);
    expect(faults).toMatchObject([{ code: "unclear-front-matter", severity: "warning" }]);
    expect(shown?.nodes[0]?.text).toBe(content);
  });
});

describe("a prompt file of several nodes", () => {
  const files = (content: string): Files => ({
    ...nodeFiles(),
    realpath: async (path) => path,
    read: async () => new TextEncoder().encode(content),
    stat: async () => ({ kind: "file", bytes: content.length, modified: 0 }),
  });
  const read = (nodes: object) => readGraph("/g.agentgraph.json", graph(nodes), files("Do it.\n"), graphFormat);
  const node = (more: object = {}) => ({ inputs: ["question"], instruction: { file: "shared.md" }, ...more });

  it("is a fault at each but the first, and the graph can still be shown", async () => {
    const { faults, graph } = await read({ a: node(), b: node(), c: node({ inputs: ["a", "b"] }) });
    expect(faults.map(({ code, severity }) => [code, severity])).toEqual([
      ["shared-file", "error"],
      ["shared-file", "error"],
    ]);
    expect(faults[0]?.message).toContain('The texts of "b" and "a" are the same file');
    expect(graph?.nodes).toHaveLength(3);
  });

  it.each<[string, object, object, string | null]>([
    ["the same file", { file: "p.md" }, { file: "p.md" }, "are the same file"],
    ["a section of the same file", { file: "p.md" }, { file: "p.md", section: "## B" }, "overlap in their file"],
    ["a section in a section", { file: "p.md", section: "## A" }, { file: "p.md", section: "### In A" }, "overlap"],
    ["another section", { file: "p.md", section: "## A" }, { file: "p.md", section: "## B" }, null],
    ["a text that stays, of one that changes", { file: "p.md" }, { file: "p.md", fixed: true }, "are the same file"],
  ])("in the graph of a map: %s", async (_, outer, { fixed = false, ...inner }: { fixed?: boolean }, said) => {
    const part = graph({ sum: { inputs: ["question"], instruction: inner, ...(fixed && { trainable: false }) } });
    const texts: Record<string, string> = {
      "/part.agentgraph.json": part,
      "/p.md": "## A\n\nAdd.\n\n### In A\n\nNow.\n\n## B\n\nSubtract.\n",
    };
    const world: Files = {
      ...files(""),
      read: async (path) => new TextEncoder().encode(texts[path] ?? ""),
      stat: async (path) => ({ kind: "file", bytes: texts[path]?.length ?? 0, modified: 0 }),
    };
    const whole = graph({
      split: { inputs: ["question"], instruction: outer },
      all: { kind: "map", over: "split", inputs: ["split"], graph: { file: "part.agentgraph.json" } },
    });
    const { faults } = await readGraph("/g.agentgraph.json", whole, world, graphFormat);
    const shared = faults.filter(({ code }) => code === "shared-file").map(({ message }) => message);
    expect(shared).toEqual(said === null ? [] : [expect.stringContaining(said)]);
  });

  it("is none if no text is optimized; the quick fix gives that", async () => {
    const nodes = { a: node(), b: node({ trainable: true }), c: node({ inputs: ["a", "b"], instruction: "x" }) };
    const text = graph(nodes);
    const { faults } = await read(nodes);
    const mended = fixed(text, faults[0]);
    expect(JSON.parse(mended).nodes).toMatchObject({ a: { trainable: false }, b: { trainable: false } });
    expect((await readGraph("/g.agentgraph.json", mended, files("Do it.\n"), graphFormat)).faults).toEqual([]);
  });
});

describe("quick fixes", () => {
  it("offers the nearest name", () => {
    const text = graph({ plan: { inputs: ["qeustion"], instruction: "x" } });
    const fault = first(text, "unknown-name");
    expect(fault).toMatchObject({ code: "unknown-name", remedy: 'Did you mean "question"?' });
    expect(codes(fixed(text, fault))).toEqual([]);
  });

  it("offers nothing if nothing is near", () => {
    const text = graph({ plan: { inputs: ["weather"], instruction: "x" } });
    expect(faultsOf(text).find(({ code }) => code === "unknown-name")?.remedy).not.toMatch(/mean/);
  });

  it("adds an input for a placeholder that names one", () => {
    for (const inputs of [["plan"], [], undefined]) {
      const text = graph({
        plan: { inputs: ["question"], instruction: "x" },
        solve: { instruction: "Use {{plan}} for {{question}}.", inputs },
      });
      let now = text;
      for (let fault = first(now, "unknown-placeholder"); fault; fault = first(now, "unknown-placeholder")) {
        now = fixed(now, fault);
      }
      expect(codes(now)).toEqual([]);
    }
  });

  it("adds the output if only one node can be it", () => {
    const text = graph(
      { a: { inputs: ["question"], instruction: "x" }, b: { inputs: ["a"], instruction: "x" } },
      {
        output: undefined,
      },
    );
    const after = fixed(text, first(text, "missing-key"));
    expect(JSON.parse(after).output).toBe("b");
    expect(after.split("\n").length).toBe(text.split("\n").length + 1);
  });

  it("corrects a kind", () => {
    const text = graph({ a: { inputs: ["question"], instruction: "x" } }, { loss: { kind: "exat" } });
    expect(codes(fixed(text, first(text, "unknown-kind")))).toEqual([]);
  });

  const first = (text: string, code: string) => faultsOf(text).find((fault) => fault.code === code);
});

describe("faults", () => {
  it("name the path of a cycle", () => {
    const text = graph({
      a: { inputs: ["c"], instruction: "x" },
      b: { inputs: ["a"], instruction: "x" },
      c: { inputs: ["b"], instruction: "x" },
    });
    const cycle = faultsOf(text).find(({ code }) => code === "cycle");
    expect(cycle?.message).toMatch(/^These nodes form a cycle: (\w) → \w → \w → \1\.$/);
  });

  it("are the only one for a file of the future", () => {
    expect(faultsOf('{ "version": 9, "nodes": 3, "odd": [] }')).toMatchObject([
      {
        code: "version-newer",
        message: "This file has version 9. This version of AgentGraph reads files up to version 1.",
      },
    ]);
  });

  it("are at the placeholder, also behind escapes and in a later line", () => {
    const text = graph({ a: { inputs: ["question"], instruction: ['ä\t"', "so {{odd}}"] } }).replace("ä", "\\u00e4");
    const [fault] = faultsOf(text);
    expect(text.slice(fault?.range.start, fault?.range.end)).toBe("{{odd}}");
  });

  it("are counted, not listed without end", () => {
    const text = graph({ a: { inputs: Array.from({ length: 2000 }, (_, at) => `none${at}`), instruction: "x" } });
    const faults = faultsOf(text);
    expect(faults.length).toBeLessThan(510);
    expect(faults.some(({ code }) => code === "too-many-faults")).toBe(true);
  });

  it("are found in a large file in little time", () => {
    const nodes: Record<string, object> = {};
    for (let at = 0; at < 20_000; at++) {
      nodes[`n${at}`] = { inputs: ["question", ...(at > 0 ? [`n${at - 1}`] : [])], instruction: "Go on." };
    }
    expect(codes(graph(nodes))).toEqual([]);
  });

  it("of nesting without end are said, not thrown", () => {
    expect(codes("[".repeat(200_000))).toEqual(["nested-too-deep"]);
    const deep = "[".repeat(101);
    for (const before of [
      '"]\\"]]]]",',
      '/* "]]] */',
      '"open ]]]]\n',
      '"open ]]]]\r',
      '"\\\\",',
      "]]]]]",
      "// ]]]\r",
    ]) {
      expect(codes(`[${before}${deep}`), before).toContain("nested-too-deep");
    }
    expect(codes(`{ "a": "${deep}\\"${deep}" }`)).not.toContain("nested-too-deep");
  });
});

describe("the outline", () => {
  const { outline } = readGraphText(wordProblems.path, wordProblems.text, graphFormat);
  const at = (words: string) => wordProblems.text.indexOf(words) + 1;
  const shown = ({ start, end }: { start: number; end: number }) => wordProblems.text.slice(start, end);

  it("finds node, input and file under the cursor", () => {
    expect(nodeAt(outline, at("Then list"))?.id).toBe("plan");
    expect(nodeAt(outline, at('"Word problems"'))).toBeNull();
    expect(inputAt(outline, at('"style"]'))?.name).toBe("style");
    expect(referenceAt(outline, at("prompts/solve.md"))).toMatchObject({
      reference: "prompts/solve.md",
      node: "solve",
    });
    expect(referenceAt(outline, at("data/test.jsonl"))).toMatchObject({ reference: "data/test.jsonl", node: null });
  });

  it("gives exact ranges", () => {
    const plan = outline.nodes[0]!;
    expect(shown(plan.idRange)).toBe('"plan"');
    expect(shown(plan.range)).toMatch(/^"plan": \{[\s\S]*\}$/);
    expect(shown(plan.text!.range)).toBe('["List the quantities in the problem.", "Then list the steps."]');
    expect(plan.inputs.map(({ range }) => shown(range))).toEqual(['"question"']);
    expect(outline.references.map(({ range }) => shown(range))).toContain('"prompts/style.md"');
  });

  it("is there for a broken file, too", () => {
    const cut = wordProblems.text.slice(0, at("Then list"));
    expect(readGraphText("/g", cut, graphFormat).outline.nodes.map(({ id }) => id)).toEqual(["plan"]);
  });
});

describe("readGraph", () => {
  it("reads texts from their files, and says where they are", async () => {
    const { graph: read, sources } = await readGraph(wordProblems.path, wordProblems.text, nodeFiles(), graphFormat);
    expect(read?.nodes[1]).toMatchObject({ id: "style", text: "Write short sentences.", trainable: false });
    expect(read?.nodes[0]?.text).toBe("List the quantities in the problem.\nThen list the steps.");
    expect(sources.plan).toMatchObject({ form: "lines", path: wordProblems.path });
    expect(sources.style).toMatchObject({ form: "file", hash: hashText("Write short sentences.") });
    expect(sources.style?.path).toMatch(/prompts.style\.md$/);
  });

  it("gives the graph although data, loss or options are wrong", async () => {
    const text = graph(
      { a: { inputs: ["question"], instruction: "x" } },
      { loss: { kind: "odd" }, optimize: { batch: 0 } },
    );
    const reading = await readGraph("/none/g.agentgraph.json", text, nodeFiles(), graphFormat);
    expect(reading.graph?.nodes).toHaveLength(1);
    expect(reading.file).toBeNull();
  });

  it("lets given values win, on the same lines", async () => {
    const set = [
      ["optimize.batch", "4"],
      ["name", "Mine"],
      ["optimize.gate.policy", "off"],
    ] as const;
    const { file, faults } = await readGraph(wordProblems.path, wordProblems.text, nodeFiles(), graphFormat, { set });
    expect(file).toMatchObject({
      name: "Mine",
      optimize: { methods: { semantic: { batch: 4 } }, gate: { policy: "off" } },
    });
    expect(faults).toEqual([]);
    const wrong = await readGraph(wordProblems.path, wordProblems.text, nodeFiles(), graphFormat, {
      set: [
        ["output.x.y", "1"],
        ["loss.kind", "odd"],
      ],
    });
    expect(wrong.faults.map(({ code }) => code).sort()).toEqual(["bad-setting", "unknown-kind"]);
  });
});

/** A disk on which every file holds the same bytes. */
function filesOf(bytes: Uint8Array): Files {
  const refuse = () => Promise.reject(new Error("read only"));
  return {
    read: async () => bytes,
    async *parts(_, from) {
      yield bytes.subarray(from);
    },
    stat: async (path) => ({ kind: path.endsWith(".git") ? "other" : "file", bytes: bytes.byteLength, modified: 0 }),
    realpath: async (path) => path,
    list: async () => [],
    write: refuse,
    append: refuse,
    makeFolder: refuse,
    remove: refuse,
  };
}

function expectWellFormed(faults: readonly Fault[], length: number): void {
  for (const { range, line, column, message, remedy } of faults) {
    expect(0 <= range.start && range.start <= range.end && range.end <= length).toBe(true);
    expect(line >= 1 && column >= 1).toBe(true);
    expect(message).toMatch(/[.!?]$/);
    expect(remedy).toMatch(/[.!?]$/);
  }
}

test("no bytes make the reader throw", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const { faults, task } = await loadTask("/w/g.agentgraph.json", { ...nodeDeps(), files: filesOf(bytes) });
      expectWellFormed(faults, bytes.length);
      expect(task).toBeNull();
    }),
  );
});

test("a byte order mark changes nothing but where everything is", () => {
  const told = (text: string, shift: number) => {
    const { file, faults } = readGraphText("/g.agentgraph.json", text, graphFormat);
    // What is said of the whole file stands at its very start.
    const places = faults.map(({ code, message, range }) => [code, message, Math.max(1, range.start + shift)]);
    return { file, places };
  };
  for (const { text } of [...valid, ...invalid]) {
    if (!text.startsWith("\uFEFF")) expect(told(`\uFEFF${text}`, 0)).toEqual(told(text, 1));
  }
});

test("nesting is refused above its limit and nowhere else, whatever is between the brackets", () => {
  const between = fc.constantFrom('"]}"', '"\\""', '"\\\\"', "/* [{ */", "// [{\n", "\n", "\r", "7,", '"unclosed\n');
  fc.assert(
    fc.property(fc.integer({ min: 90, max: 110 }), fc.array(between), fc.boolean(), (depth, parts, isClosed) => {
      const around = parts.join(" ");
      const text = `${around}${"[".repeat(depth)}${around}${isClosed ? "]".repeat(depth) : ""}`;
      expect(codes(text).includes("nested-too-deep")).toBe(depth > 100);
    }),
  );
});

test.each(["0e", "1.", "-", "1e+"])("a number in a row that ends early is a syntax error: %s", async (number) => {
  const [{ text } = { text: "" }] = valid.filter((example) =>
    /"train": \[\s*\{\s*"question": "[^"]*"/.test(example.text),
  );
  const damaged = text.replace(/("train": \[\s*\{\s*"question": )"[^"]*"/, `$1${number}`);
  expect(damaged).toContain(number);
  const { faults } = await loadTask("/w/g.agentgraph.json", { ...nodeDeps(), files: filesOf(Buffer.from(damaged)) });
  expect(faults.some(({ severity }) => severity === "error")).toBe(true);
});

test("no damage to a good file makes the reader throw, nor a quick fix or an outline wrong", async () => {
  const texts = [...valid, ...invalid].map(({ text }) => text);
  const scrap = fc.oneof(
    fc.string(),
    fc.constantFrom('"', "{", "]", ",", "//", "/*", "\\u", ": null", "\uFEFF", "1e999", "0e", "-", '"__proto__":{}'),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...texts), fc.nat(), fc.nat(20), scrap, async (text, where, length, by) => {
      const at = where % (text.length + 1);
      const damaged = text.slice(0, at) + by + text.slice(at + length);
      const bytes = Buffer.from(damaged);
      const decoded = decodeUtf8(bytes) ?? "";
      const { faults, outline } = await loadTask("/w/g.agentgraph.json", { ...nodeDeps(), files: filesOf(bytes) });
      expectWellFormed(faults, decoded.length);
      for (const fault of faults) expect(fixed(decoded, fault)).toBeTypeOf("string");
      for (const { id, idRange } of outline.nodes) {
        const key = parseJson(decoded.slice(idRange.start, idRange.end));
        if (key) expect(key.value).toBe(id);
      }
    }),
    { numRuns: 400 },
  );
});
