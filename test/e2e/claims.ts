import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Model, ModelReply } from "../../src/models/model.ts";

export const CLAIMS = "claims.agentgraph.json";
/** What code says that found a way out of the sandbox. */
export const ESCAPED = "ESCAPED";

const ESCAPES = [
  'process.mainModule.require("node:fs")',
  'require("node:fs")',
  'globalThis.constructor.constructor("return process")().env',
  'fetch("http://127.0.0.1:1")',
  "new Worker('data:text/javascript,1')",
  '(async () => {}).constructor("return process")().catch(() => {}) && process.env',
];

const tries = `const out = [${ESCAPES.map((one) => `() => ${one}`).join(", ")}].flatMap((one) => {
  try {
    one();
    return ["${ESCAPED}"];
  } catch {
    return [];
  }
});
`;

/**
 * Puts a graph into a folder that has each kind of node and loss that runs or reads something: code, a script, tests, a
 * tool, a corpus, a map, a program in Python, images. All code tries to get out.
 * @param trap the file that the program in Python writes: outside the folder
 */
export function writeClaims(folder: string, trap: string): void {
  const put = (file: string, text: string | Buffer) => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  };
  put("steps/clean.js", `${tries}export default ({ question }) => [question.trim(), ...out].join(" ");\n`);
  put(
    "steps/words.ts",
    `${tries}export default ({ clean }: { clean: string }) => [...clean.match(/\\w+/g)!.slice(0, 2), ...out];\n`,
  );
  put(
    "steps/count.py",
    `import json, sys\nopen(${JSON.stringify(trap)}, "w").write("ran")\nprint(len(json.load(sys.stdin)["clean"].split()))\n`,
  );
  put(
    "metric.js",
    `${tries}export default ({ answer, target }) => ({ loss: answer.includes(target) ? 0 : 1, criticism: ["Say the limit.", ...out].join(" ") });\n`,
  );
  put(
    "tests/visible.js",
    `${tries}export default ({ double }) => ({ "doubles 2": () => double(2) === 4, "stays inside": () => out.length === 0 });\n`,
  );
  put(
    "docs/limits.md",
    "# Limits\n\nA damaged parcel is paid up to 500 euros.\n\n# Weights\n\nA parcel weighs up to 31 kg.\n",
  );
  // A dot is enough: the reader looks at the first bytes.
  put("photos/damage.png", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1]));
  const rows = (name: string) =>
    [1, 2, 3].map((at) => ({
      question: `  What is paid for damaged parcel ${name}${at}? `,
      photo: "photos/damage.png",
      double: "double",
      answer: "500",
    }));
  const graph = {
    version: 1,
    name: "Parcel claims",
    description: "Answers claims about damaged parcels.",
    inputs: { question: "what a customer asks", photo: { description: "the damage", type: "image" } },
    nodes: {
      clean: { kind: "function", inputs: ["question"], code: { file: "steps/clean.js" } },
      search: { inputs: ["clean"], instruction: "Write a search for: {{clean}}" },
      find: { kind: "retriever", inputs: ["search"], corpus: ["docs/**/*.md"], query: "{{search}}", top: 1 },
      weight: { kind: "tool", inputs: ["clean"], tool: "test_weigh", arguments: { parcel: "{{clean}}" } },
      words: { kind: "function", inputs: ["clean"], code: { file: "steps/words.ts" } },
      notes: { kind: "map", inputs: ["words"], over: "words", instruction: "Explain {{words}}.", join: "; " },
      count: { kind: "function", inputs: ["clean"], code: { file: "steps/count.py" } },
      code: { inputs: ["question"], instruction: "Write double(n) in JavaScript." },
      answer: { inputs: ["clean", "find", "weight", "notes", "count", "photo"], instruction: "Answer the claim." },
    },
    output: "answer",
    models: { forward: "claims" },
    data: {
      train: rows("T"),
      validation: rows("V"),
      test: rows("X"),
      target: "answer",
      targets: { code: "double" },
    },
    loss: { kind: "script", file: "metric.js" },
    losses: { code: { kind: "tests", visible: "tests/visible.js" } },
  };
  put(CLAIMS, `${JSON.stringify(graph, null, 2)}\n`);
}

/** Answers a claim with all that its prompt must show: what each kind of node has found out. */
export const claimsModel: Model = {
  identity: "claims",
  async complete({ messages }): Promise<ModelReply> {
    const prompt = messages.map(({ content }) => JSON.stringify(content)).join("\n");
    const all = ["500 euros", "7 kg", "a word; a word", "image/png"].every((part) => prompt.includes(part));
    const text = prompt.includes("Write a search")
      ? "damaged parcel limit"
      : prompt.includes("Explain ")
        ? "a word"
        : prompt.includes("Write double")
          ? "```js\nexport const double = (n) => 2 * n;\n```"
          : all
            ? "Up to 500 euros."
            : "That depends.";
    const usage = { prompt: Math.ceil(prompt.length / 4), completion: 5, estimated: false };
    const rest = { key: "", source: "provider", requests: 1, milliseconds: 0 } as const;
    return { text, usage, model: "claims", finish: "stop", ...rest };
  },
};
