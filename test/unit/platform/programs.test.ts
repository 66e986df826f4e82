import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Code, CodeFault, CodeLimit, ProgramRefused, type Sandbox } from "../../../src/deps.ts";
import { testsLoss } from "../../../src/loss/tests.ts";
import { type ProgramCommands, readCommandFile, readCommands } from "../../../src/platform/programs/commands.ts";
import { describeIsolation, type Isolation, isolationHere, weakest } from "../../../src/platform/programs/isolation.ts";
import { programSandbox, runnable } from "../../../src/platform/programs/program-sandbox.ts";
import { noSandbox } from "../sandboxes.ts";

const hasPython = existsFor("python3");
const isLinux = process.platform === "linux";

/** Node stands for any other language. */
const COMMANDS = readCommands({
  njs: { command: process.execPath, memory: 8192 },
  py: { command: "python3" },
  sh: { command: "/bin/sh" },
});

let strict: Isolation;
beforeAll(async () => {
  strict = await isolationHere();
});

function open(
  code: readonly Code[],
  { time = 20_000, isolation }: { time?: number; isolation?: Isolation } = {},
): Sandbox {
  const confirmed = new Set(code.map((one) => runnable(one, COMMANDS).digest));
  const commands = (): ProgramCommands => COMMANDS;
  const isConfirmed = (digest: string) => confirmed.has(digest);
  return programSandbox(noSandbox, { commands, isConfirmed, time, ...(isolation && { isolation }) });
}

function njs(text: string): Code {
  return { file: "steps/step.njs", text };
}

const call = (code: Code, argument: unknown = null, options?: Parameters<typeof open>[1]) =>
  open([code], options).call(code, argument);

describe("a file in another language", () => {
  it("gets its inputs as JSON and gives what it prints", async () => {
    const read = 'const { items } = JSON.parse(require("fs").readFileSync(0, "utf8"));';
    expect(await call(njs(`${read} console.log(items.length + " items")`), { items: ["ä", "𝄞"] })).toBe("2 items");
    expect(await call(njs(`${read} console.log(JSON.stringify(items))`), { items: [1] })).toEqual([1]);
    expect(await call(njs("console.log(0.25)"))).toBe(0.25);
  });

  it("fails with its line and the last thing it says", async () => {
    const failing = call(njs("\nthrow new Error('no total')"));
    await expect(failing).rejects.toMatchObject({
      name: "CodeFault",
      file: "steps/step.njs",
      line: 2,
      problem: "Error: no total",
    });
    if (hasPython) {
      const python = { file: "steps/total.py", text: "import json, sys\njson.load(sys.stdin)['total']" };
      await expect(call(python, {})).rejects.toMatchObject({ line: 2, problem: "KeyError: 'total'" });
    }
  });

  it("need not read its input, and may print more than a pipe holds", async () => {
    expect(await call(njs("console.log('x'.repeat(300000))"), "y".repeat(2_000_000))).toBe("x".repeat(300_000));
  });
});

describe("is not run", () => {
  const one = njs("console.log(1)");

  it("before the user has confirmed this content with this command", async () => {
    const other = { ...one, text: `${one.text} ` };
    await expect(open([one]).call(other, null)).rejects.toBeInstanceOf(ProgramRefused);
    await expect(open([one]).call({ ...one, modules: [other] }, null)).rejects.toBeInstanceOf(ProgramRefused);
    const moved = readCommands({ njs: { command: "/tmp/evil/node" } });
    expect(runnable(one, moved).digest).not.toBe(runnable(one, COMMANDS).digest);
    expect(await open([one]).call(one, null)).toBe(1);
  });

  it("without a command of the user", async () => {
    expect(() => runnable({ file: "a.rb", text: "" }, COMMANDS)).toThrow(
      "a.rb was not run: there is no command for .rb files.",
    );
    expect(() => runnable({ file: "a.constructor", text: "" }, COMMANDS)).toThrow("no command");
    expect(() => readCommands({ py: "python3" })).toThrow('"command"');
    expect(() => readCommandFile("{}")).toThrow('it needs "commands"');
  });

  it("in the sandbox's own languages", async () => {
    await expect(open([]).call({ file: "a.js", text: "" }, null)).rejects.toThrow("there is no code here");
  });
});

/** @returns a file in a folder of its own, which is removed at the end of the test */
function heartbeat(): string {
  const folder = mkdtempSync(join(tmpdir(), "agentgraph-left-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "alive");
}

describe("a program can't", () => {
  it("run longer than its time, whatever it catches", async () => {
    const stubborn = njs("process.on('SIGTERM', () => {}); process.on('SIGINT', () => {}); for (;;);");
    await expect(call(stubborn, null, { time: 500 })).rejects.toMatchObject({ limit: "time", amount: 500 });
    await expect(call(njs("setInterval(() => {}, 1000)"), null, { time: 500 })).rejects.toBeInstanceOf(CodeLimit);
  });

  it.skipIf(process.platform === "win32")(
    "leave a child behind that goes on, nor one that holds its pipes",
    async () => {
      const file = heartbeat();
      const beat = `while :; do date +%s%N > ${file}; sleep 0.05; done`;
      // The end of the program comes at once; the child keeps its output open.
      expect(await call({ file: "a.sh", text: `(${beat}) & sleep 0.3; echo done` })).toBe("done");
      await expect(call({ file: "a.sh", text: `(${beat}) & sleep 60` }, null, { time: 500 })).rejects.toBeInstanceOf(
        CodeLimit,
      );
      await expectStill(file);
    },
  );

  it("leave its process group to go on, where the system has namespaces", async ({ skip }) => {
    if (!strict.whole || !hasPython) skip();
    const file = heartbeat();
    const text = [
      "import os, time",
      "if os.fork() == 0:",
      "    os.setsid()",
      "    if os.fork() == 0:",
      "        os.setsid()",
      "        while True:",
      `            open(${JSON.stringify(file)}, 'w').write(str(time.time()))`,
      "            time.sleep(0.05)",
      "    os._exit(0)",
      "time.sleep(0.3)",
      "print('done')",
    ].join("\n");
    expect(await call({ file: "a.py", text })).toBe("done");
    await expectStill(file);
  });

  it.skipIf(!isLinux || !hasPython)("take more memory than its command says", async () => {
    const hungry = { file: "a.py", text: "x = bytearray(4 * 2**30)\nprint(len(x))" };
    await expect(call(hungry)).rejects.toMatchObject({ limit: "memory", amount: 512 * 2 ** 20 });
  });

  it("print without end", async () => {
    const flood = njs("for (;;) require('fs').writeSync(1, 'x'.repeat(65536))");
    await expect(call(flood)).rejects.toThrow("the result has more than 1000000 characters");
    const errors = njs("for (let i = 0; i < 500; i++) console.error('x'.repeat(1e5)); console.log('ok')");
    expect(await call(errors)).toBe("ok");
  });

  it.skipIf(process.platform === "win32")("fill the disk", async () => {
    const text =
      "const fs = require('fs'); const f = fs.openSync('big', 'w'); const b = Buffer.alloc(1 << 24); for (let i = 0; i < 20; i++) fs.writeSync(f, b);";
    await expect(call(njs(text))).rejects.toBeInstanceOf(CodeFault);
  });

  it("see the environment, and with it a key", async () => {
    process.env.OPENAI_API_KEY = "sk-canary";
    process.env.NODE_OPTIONS_OF_USER = "x";
    try {
      const seen = (await call(njs("console.log(JSON.stringify(process.env))"))) as Record<string, string>;
      expect(JSON.stringify(seen)).not.toContain("sk-canary");
      expect(Object.keys(seen)).not.toContain("NODE_OPTIONS_OF_USER");
      expect(seen.HOME).not.toBe(process.env.HOME);
    } finally {
      delete process.env.OPENAI_API_KEY;
      delete process.env.NODE_OPTIONS_OF_USER;
    }
  });

  it("read the environment of this process, where the system has namespaces", async ({ skip }) => {
    if (!strict.network) skip();
    const found = `const fs = require("fs");
let found = "";
for (const pid of fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name))) {
  try { found += fs.readFileSync("/proc/" + pid + "/environ", "utf8"); } catch {}
}
console.log(found.includes("${"VITEST_"}WORKER_ID=") ? "found" : "nothing");`;
    expect(readFileSync("/proc/self/environ", "utf8").length).toBeGreaterThan(0);
    expect(await call(njs(found))).toBe("nothing");
  });

  it("reach a server, where the system can deny it", async ({ skip }) => {
    if (!strict.network) skip();
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      response.end("ok");
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const ask = njs(
      `require("http").get("http://127.0.0.1:${port}", () => console.log("reached")).on("error", () => console.log("refused"))`,
    );
    expect(await call(ask)).toBe("refused");
    expect(asked).toBe(0);
    expect(await call(ask, null, { isolation: weakest(process.platform) }), "the server can be reached at all").toBe(
      "reached",
    );
    server.close();
  });

  it("leave files for the next", async () => {
    const write = njs("require('fs').writeFileSync('left', 'x'); console.log(process.cwd())");
    const folder = String(await call(write));
    expect(existsSync(folder)).toBe(false);
    expect(await call(njs("console.log(require('fs').readdirSync('.').join())"))).toBe("step.njs");
  });
});

it("says what a system can't do", async () => {
  const t = (text: string) => text;
  expect(describeIsolation(weakest("darwin"), t)).toBe(
    "This system can't deny it network access. Processes that it starts are ended with it, unless they leave its process group. This system doesn't limit its memory. It can read and write the files that you can.",
  );
  expect((await isolationHere("darwin")).network).toBe(false);
});

describe.skipIf(!hasPython)("tests in Python", () => {
  const visible: Code = {
    file: "tests/visible.py",
    text: [
      "import unittest",
      "from solution import slug",
      "def test_joins():",
      "    assert slug('a b') == 'a-b'",
      "def test_row(solution, inputs):",
      "    assert solution.slug(inputs['task']) == 'x-y', 'the row is wrong'",
      "class Case(unittest.TestCase):",
      "    def test_alone(self):",
      "        self.assertEqual(slug('a'), 'a')",
    ].join("\n"),
  };
  const hidden: Code = {
    file: "tests/hidden.py",
    text: "def tests(solution, inputs):\n    return {'ends': lambda: solution.slug(' a ') == 'a'}\n",
  };
  const sample = { id: "1", inputs: { task: "x y" }, targets: [], feedback: null };
  const RIGHT = "def slug(text):\n    return '-'.join(text.split())\n";

  async function score(
    answer: string,
    tests: { visible: Code; hidden: Code | null } = { visible, hidden },
    time = 20_000,
  ) {
    const sandbox = open([tests.visible, ...(tests.hidden ? [tests.hidden] : [])], { time });
    const { program } = sandbox;
    if (!program) throw new Error("no programs");
    return testsLoss(tests).score(sample, answer, undefined, { call: sandbox.call, program, values: async () => ({}) });
  }

  it("of three kinds count, visible and hidden", async () => {
    expect(await score(`Here:\n\`\`\`python\n${RIGHT}\`\`\``)).toMatchObject({ loss: 0, criticism: "" });
    const wrong = await score("def slug(text):\n    print('noise')\n    return text.replace(' ', '_')\n");
    expect(wrong.loss).toBe(0.75);
    expect(wrong.criticism).toBe(
      "2 of 3 tests fail:\n- test_joins: assert slug('a b') == 'a-b'\n- test_row: the row is wrong",
    );
  });

  it("name no hidden test in the feedback", async () => {
    const almost = await score("def slug(text):\n    return text.replace(' ', '-')\n");
    expect(almost.loss).toBe(0.25);
    expect(almost.criticism).not.toContain("ends");
  });

  it.each([
    ["can't be loaded", "def slug(:", /can't be loaded: SyntaxError/],
    ["ends the program as it is loaded", "import os\nos._exit(0)", /ended the program \(exit code 0\)/],
    ["ends the program in a test", "import os\ndef slug(text):\n    os._exit(7)", /ended the program \(exit code 7\)/],
    ["says goodbye", "import sys\nsys.exit(0)", /can't be loaded: SystemExit/],
    ["does not end", "while True:\n    pass", /not finished after 2 s/],
    ["takes all memory", "x = [0] * (2**33)\ndef slug(t): return t", /MemoryError|needs more than/],
  ])("find code wrong that %s", async (_, answer, criticism) => {
    const time = answer.startsWith("while True") ? 2_000 : 20_000;
    const { loss, criticism: said } = await score(answer, { visible, hidden: null }, time);
    expect(loss).toBe(1);
    expect(said).toMatch(criticism);
  });

  it("that are wrong themselves score nothing", async () => {
    const bad = { file: "tests/bad.py", text: "import solution\nraise ValueError('no data')" };
    await expect(score(RIGHT, { visible: bad, hidden: null })).rejects.toMatchObject({
      line: 2,
      problem: "ValueError: no data",
    });
    const none = { file: "tests/none.py", text: "x = 1" };
    await expect(score(RIGHT, { visible: none, hidden: null })).rejects.toThrow("it has no tests");
    const other = { file: "tests/other.py", text: "def test_a(page):\n    pass" };
    await expect(score(RIGHT, { visible: other, hidden: null })).rejects.toThrow("test_a takes page");
  });
});

describe("tests in other languages", () => {
  const tests: Code = {
    file: "t/visible.njs",
    text: `const { slug } = require("./solution.njs");
console.log("1..3");
console.log((slug("a b") === "a-b" ? "" : "not ") + "ok 1 - joins");
console.log("# got " + slug("a b"));
console.log((slug("a") === "a" ? "" : "not ") + "ok 2 - one");
console.log("not ok 3 - later # TODO");
process.exit(1);`,
  };

  async function score(answer: string, text = tests.text) {
    const visible = { ...tests, text };
    const sandbox = open([visible]);
    const { program } = sandbox;
    if (!program) throw new Error("no programs");
    const sample = { id: "1", inputs: {}, targets: [], feedback: null };
    return testsLoss({ visible, hidden: null }).score(sample, answer, undefined, {
      call: sandbox.call,
      program,
      values: async () => ({}),
    });
  }

  it("count by the Test Anything Protocol", async () => {
    expect((await score("exports.slug = (t) => t.replace(' ', '-')")).loss).toBe(0);
    const wrong = await score("exports.slug = (t) => t");
    expect(wrong.loss).toBeCloseTo(1 / 3);
    expect(wrong.criticism).toBe("1 of 3 tests fail:\n- joins: got a b");
  });

  it("that end early have failed, and without the protocol the exit code counts", async () => {
    expect((await score("exports.slug = () => process.exit(0)")).loss).toBe(1);
    expect((await score("exports.x = 1", "process.exit(require('./solution.njs').x - 1)")).loss).toBe(0);
    expect((await score("exports.x = 3", "process.exit(require('./solution.njs').x - 1)")).loss).toBe(1);
  });
});

/** A file that a process still writes changes. */
async function expectStill(file: string): Promise<void> {
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  await sleep(400);
  expect(existsSync(file) ? readFileSync(file, "utf8") : "").toBe(before);
  writeFileSync(file, "");
}

function existsFor(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
}
