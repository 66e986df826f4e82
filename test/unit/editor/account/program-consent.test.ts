import { describe, expect, it } from "vitest";
import { ProgramConsent, type ProgramQuestion } from "../../../../src/editor/account/program-consent.ts";
import type { Task } from "../../../../src/engine/task.ts";
import { scriptLoss } from "../../../../src/loss/script.ts";
import { testsLoss } from "../../../../src/loss/tests.ts";
import { readCommands } from "../../../../src/platform/programs/commands.ts";

const GRAPH = { name: "", description: "", inputs: [], nodes: [], output: "a" };

function scored(text: string): Pick<Task, "graph" | "loss"> {
  return { graph: GRAPH, loss: scriptLoss({ file: "metric.py", text }) };
}

function open(answer = true) {
  const kept = new Map<string, unknown>();
  const asked: ProgramQuestion[] = [];
  let commands = readCommands({ py: { command: "python3" } });
  const consent = new ProgramConsent({
    everywhere: {
      get: (<T>(key: string, other: T) => (kept.get(key) as T) ?? other) as never,
      update: async (key, value) => void kept.set(key, value),
    },
    commands: () => commands,
    async ask(question) {
      asked.push(question);
      if (!answer) throw new Error("refused");
    },
    refuse(file) {
      throw new Error(`no command for ${file}`);
    },
  });
  return { consent, asked, use: (value: unknown) => (commands = readCommands(value)) };
}

describe("code in other languages", () => {
  it("asks once for each content of a file and its command", async () => {
    const { consent, asked, use } = open();
    await consent.confirm(scored("print(0)"));
    await consent.confirm(scored("print(0)"));
    expect(asked.map(({ files }) => files.map(({ file }) => file))).toEqual([["metric.py"]]);
    await consent.confirm(scored("print(1)"));
    use({ py: { command: "/tmp/python3" } });
    await consent.confirm(scored("print(1)"));
    expect(asked).toHaveLength(3);
    expect(asked.every(({ runsModelCode }) => !runsModelCode)).toBe(true);
  });

  it("asks for each run where models write code that runs", async () => {
    const { consent, asked } = open();
    const visible = { file: "visible.py", text: "def test_a(solution): pass" };
    const task = { graph: GRAPH, loss: testsLoss({ visible, hidden: null }) };
    await consent.confirm(task);
    await consent.confirm(task);
    expect(asked.map(({ runsModelCode, files }) => [runsModelCode, files.length])).toEqual([
      [true, 1],
      [true, 1],
    ]);
  });

  it("confirms nothing that was refused, and nothing without a command", async () => {
    const { consent, asked, use } = open(false);
    await expect(consent.confirm(scored("print(0)"))).rejects.toThrow("refused");
    expect(asked[0]?.files.every(({ digest }) => consent.isConfirmed(digest))).toBe(false);
    use({});
    await expect(consent.confirm(scored("print(0)"))).rejects.toThrow("no command for metric.py");
  });

  it("asks nothing where the sandbox runs all code", async () => {
    const { consent, asked } = open();
    await consent.confirm({ graph: GRAPH, loss: scriptLoss({ file: "metric.js", text: "export default () => 0" }) });
    expect(asked).toEqual([]);
  });
});
