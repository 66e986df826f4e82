import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Model } from "../../src/models/model.ts";
import { open } from "./cli.ts";

const hasPython = (() => {
  try {
    execFileSync("python3", ["--version"], { stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
})();

const WRONG = "```python\ndef double(n):\n    return n + 2\n```";
const RIGHT = "```python\ndef double(n):\n    return n * 2\n```";

/** Writes a wrong function, and the right one where it sees a criticism. */
const coder: Model = {
  identity: "coder",
  async complete({ messages }) {
    const prompt = messages.map(({ content }) => content).join("\n");
    const code = prompt.includes("test_three") ? RIGHT : WRONG;
    const text = prompt.includes("<improved_answer>") ? `<improved_answer>\n${code}\n</improved_answer>` : code;
    const usage = { prompt: 10, completion: 10, estimated: false };
    return { text, usage, model: "coder", finish: "stop", key: "", source: "provider", requests: 1, milliseconds: 1 };
  },
};

const VISIBLE =
  "def test_two(solution):\n    assert solution.double(2) == 4\ndef test_three(solution):\n    assert solution.double(3) == 6\n";
const HIDDEN = "def test_text(solution):\n    assert solution.double('a') == 'aa'\n";

async function bench(graph: object = {}) {
  const opened = await open({ model: coder });
  const { folder } = opened;
  await mkdir(join(folder, "tests"), { recursive: true });
  await writeFile(join(folder, "tests/visible.py"), VISIBLE);
  await writeFile(join(folder, "tests/hidden.py"), HIDDEN);
  const file = {
    version: 1,
    inputs: { task: "what the function does" },
    nodes: { write: { inputs: ["task"], instruction: "Write a Python function: {{task}}" } },
    output: "write",
    models: { forward: "coder" },
    data: { test: [{ task: "double(n) doubles n" }, { task: "double(n): n twice" }] },
    loss: { kind: "tests", visible: "tests/visible.py", hidden: "tests/hidden.py" },
    ...graph,
  };
  await writeFile(join(folder, "code.agentgraph.json"), JSON.stringify(file));
  const commands = join(folder, "..", "code.json");
  await writeFile(commands, JSON.stringify({ commands: { py: { command: "python3" } } }));
  const online = (command: string, ...options: string[]) =>
    opened.online(command, "code.agentgraph.json", "--model", "coder", ...options);
  return { ...opened, commands, online };
}

const hashIn = (text: string) => /--trust-code ([0-9a-f]{32})/.exec(text)?.[1] ?? "";

describe.skipIf(!hasPython)("code in other languages", () => {
  it("runs only with a command of the user, and after its hash was confirmed", async () => {
    const { online, commands, server, folder } = await bench();
    const none = await online("evaluate", "--split", "test", "--json");
    expect(none.code).toBe(2);
    expect(none.stderr).toContain("Name a file with your commands for it with --code-commands");
    // A file of the repository is no configuration of the user.
    await writeFile(join(folder, "code.json"), await readFile(commands, "utf8"));
    expect((await online("evaluate", "--split", "test", "--json")).code).toBe(2);
    const asked = await online("evaluate", "--split", "test", "--json", "--code-commands", commands);
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain("tests/visible.py with python3");
    expect(asked.stderr).toContain("It also runs code that models write during the run.");
    expect(server.log).toEqual([]);

    const hash = hashIn(asked.stderr);
    const trusting = ["--json", "--code-commands", commands, "--trust-code"];
    const { stdout, stderr } = await online("evaluate", "--split", "test", ...trusting, hash);
    expect(stdout === "" ? stderr : JSON.parse(stdout)).toMatchObject({ unscored: 0 });
    // One of three tests passes: 2 + 2 is 4, and "a" + 2 is an error.
    expect(JSON.parse(stdout).score).toBeCloseTo(1 / 3);

    await writeFile(join(folder, "tests/hidden.py"), `${HIDDEN}\nimport os\n`);
    const changed = await online("evaluate", "--split", "test", ...trusting, hash);
    expect(changed.code).toBe(2);
    expect(changed.stderr).toContain("The hash of --trust-code is not that of tests/visible.py, tests/hidden.py");
    await writeFile(join(folder, "tests/hidden.py"), HIDDEN);
    await writeFile(commands, JSON.stringify({ commands: { py: { command: "python3", args: ["-B"] } } }));
    expect((await online("evaluate", "--split", "test", ...trusting, hash)).code).toBe(2);
  });

  it("is improved by solve, with the visible tests alone", async () => {
    const { online, commands, server } = await bench();
    const hash = hashIn((await online("solve", "--json", "--code-commands", commands)).stderr);
    const { stdout, stderr } = await online("solve", "--json", "--code-commands", commands, "--trust-code", hash);
    const report = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
    expect(report).toMatchObject({ targets: { before: expect.closeTo(1 / 3), after: 1 } });
    const sent = server.log.map(({ body }) => JSON.stringify(body)).join("\n");
    expect(sent).toContain("test_three");
    expect(sent).not.toContain("test_text");
  });

  it("can be a step between two calls, and a loss", async () => {
    const { online, commands, folder } = await bench({
      nodes: {
        write: { inputs: ["task"], instruction: "Write a Python function: {{task}}" },
        count: { kind: "function", inputs: ["write"], code: { file: "tests/count.py" } },
      },
      output: "count",
      loss: { kind: "script", file: "tests/metric.py" },
    });
    await writeFile(
      join(folder, "tests/count.py"),
      "import json, sys\nprint(len(json.load(sys.stdin)['write'].split()))\n",
    );
    await writeFile(
      join(folder, "tests/metric.py"),
      "import json, sys\ngiven = json.load(sys.stdin)\nprint(json.dumps({'loss': 0.5, 'criticism': given['answer'] + ' words'}))\n",
    );
    const checked = await online("check");
    expect(checked.stdout + checked.stderr).not.toContain("can't run");
    const hash = hashIn((await online("evaluate", "--split", "test", "--json", "--code-commands", commands)).stderr);
    const { stdout, stderr } = await online(
      "evaluate",
      "--split",
      "test",
      "--json",
      "--code-commands",
      commands,
      "--trust-code",
      hash,
    );
    expect(stdout === "" ? stderr : JSON.parse(stdout)).toMatchObject({ score: 0.5, unscored: 0 });
  });
});
