import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { testsLoss } from "../../src/loss/tests.ts";
import type { Message, Model, ModelReply } from "../../src/models/model.ts";
import { builtSandbox } from "../unit/sandboxes.ts";
import { open } from "./cli.ts";
import { PROGRAMS } from "./programs.ts";

const folder = join(import.meta.dirname, "../../examples/code");
const read = (name: string) => readFile(join(folder, name), "utf8");

describe("the twelve tasks of the example", () => {
  it("distinguish a careful program from a hasty one", async () => {
    const sandbox = builtSandbox().within({ time: 20_000 });
    const program = () => Promise.reject(new Error("there are no programs"));
    const runner = { call: sandbox.call, program, values: async () => ({}) };
    const [visible, hidden] = await Promise.all(["tests/visible.js", "tests/hidden.js"].map(read));
    const of = (file: string, text = "") => ({ file, text });
    const loss = testsLoss({ visible: of("v.js", visible), hidden: of("h.js", hidden) });
    const rows = (await read("data/tasks.jsonl")).trim().split("\n");
    expect(rows.map((row) => JSON.parse(row).name).sort()).toEqual(Object.keys(PROGRAMS).sort());
    for (const [name, [hasty, careful]] of Object.entries(PROGRAMS)) {
      const sample = { id: name, inputs: { name }, targets: [], feedback: null };
      const [wrong, right] = await Promise.all(
        [hasty, careful].map((code) => loss.score(sample, code, undefined, runner)),
      );
      expect([name, right]).toEqual([name, { loss: 0, lenient: 0, criticism: "" }]);
      expect(wrong?.loss, name).toBeGreaterThan(0);
    }
  });

  it.each(["textgrad", "reflexion"])(
    "are improved at test time by %s, which sees the visible tests alone",
    async (method) => {
      const bench = await open({ model: coder, rows: "all" }, "code");
      expect((await bench.run("check", bench.graph)).code).toBe(0);
      const zero = await bench.online("evaluate", bench.graph, "--split", "train", "--json", "--model", "coder");
      const solved = await bench.online(
        ...[
          "solve",
          bench.graph,
          "--split",
          "train",
          "--method",
          method,
          "--output",
          "answers.jsonl",
          "--model",
          "coder",
        ],
      );
      expect(solved.code, solved.stderr).toBe(0);
      const answers = (await readFile(join(bench.folder, "answers.jsonl"), "utf8")).trim().split("\n");
      expect(answers).toHaveLength(4);
      // What the visible tests do not show stays wrong, and the hidden ones say so.
      const changes = [...solved.stdout.matchAll(/against the target ([\d.]+) → ([\d.]+)/g)];
      expect(changes.filter(([, before, after]) => Number(after) > Number(before)).length).toBeGreaterThan(0);
      expect(changes.filter(([, before, after]) => Number(after) < Number(before))).toEqual([]);
      expect(JSON.parse(zero.stdout).score).toBeLessThan(0.7);
      const sent = JSON.stringify(bench.server.log.map(({ body }) => body.messages));
      expect(sent).toContain("tests fail");
      for (const name of ["not by text", "list or object", "1900"]) expect(sent).not.toContain(name);
    },
  );
});

/** Writes hasty programs, and careful ones once it has seen which tests fail. */
const coder: Model = {
  identity: "coder",
  async complete({ messages }: { readonly messages: readonly Message[] }): Promise<ModelReply> {
    const prompt = messages.map(({ content }) => content).join("\n\n");
    const names = Object.keys(PROGRAMS);
    const name = names.find((one) => new RegExp(`\\b${one}\\(`).test(prompt)) ?? "";
    const [hasty = "", careful = ""] = PROGRAMS[name] ?? [];
    const fenced = (code: string) => `\`\`\`js\n${code}\n\`\`\``;
    const text = /<improved_answer>/.test(prompt)
      ? `<improved_answer>\n${fenced(/tests fail/.test(prompt) ? careful : hasty)}\n</improved_answer>`
      : /<reflection>/.test(prompt)
        ? `<reflection>${/tests fail/.test(prompt) ? "Some tests fail; mind them." : "No idea."}</reflection>`
        : fenced(/mind them/.test(prompt) ? careful : hasty);
    const usage = { prompt: prompt.length >> 2, completion: text.length >> 2, estimated: false };
    return { text, usage, model: "coder", finish: "stop", key: "", source: "provider", requests: 1, milliseconds: 0 };
  },
};
