import { execFile, execFileSync } from "node:child_process";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { type Bench, isWindows, open } from "./cli.ts";

/** What a person or a script may do to the command line. */

describe("invalid arguments", () => {
  it("exits with 2 and says what to do", async () => {
    const bench = await open();
    const cases: [string[], RegExp][] = [
      [["optimize"], /^Error: Missing required argument 'file'\.$/m],
      [["optimise", bench.graph], /^Error: Unknown command 'optimise'\n\(Did you mean optimize\?\)$/m],
      [["optimize", bench.graph, "--modle", "m"], /^Error: Unknown option '--modle'/m],
      [["optimize", bench.graph, "--model", ""], /'--model <name>' argument '' is invalid\. The value is empty\./],
      [["evaluate", bench.graph, "--split", "dev"], /Allowed choices are train, validation, test\./],
      [
        ["evaluate", bench.graph, "--model", "simulated", "--set", "optimise.seed=2"],
        /"optimise\.seed" can't be set because it is not a known key\./,
      ],
      [
        ["evaluate", bench.graph, "--model", "simulated", "--set", 'optimize.objectives={"token": 0.1}'],
        /"optimize\.objectives\.token" can't be set because it is not a known key\./,
      ],
      [
        ["evaluate", bench.graph, "--model", "simulated", "--set", "optimize.objectives.loss=0"],
        /All weights are 0, so the gate could accept nothing\.\n {4}Give at least one objective a weight above 0\./,
      ],
      [
        ["evaluate", ".", "--model", "simulated"],
        /This is a folder\.\n {4}Name a graph file in it, such as chain\.agentgraph\.json\./,
      ],
      [["recheck", "prompts", "--model", "simulated"], /prompts is not a run folder\. Specify a run or a graph file\./],
      [["runs", "nowhere"], /nowhere does not exist\./],
      [["optimize", bench.graph, "--budget-calls", "many"], /whole number/],
      [["optimize", bench.graph, "--set", "batch"], /path=value/],
      [["optimize", bench.graph], /There is no key/],
      [["optimize", "nowhere.agentgraph.json", "--model", "simulated"], /does not exist/],
      [["optimize", bench.graph, "--model", "m", "--base-url", "http://example.com/v1"], /https/],
      [["optimize", bench.graph, "--model", "new", "--budget-usd", "1"], /The price of new is unknown.+--price/],
      [["resume", "20260101-000000-000-abcdef", "--model", "simulated"], /does not exist in/],
    ];
    for (const [args, words] of cases) {
      const { code, stdout, stderr } = await bench.run(...args);
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: "" });
      expect(stderr).toMatch(words);
    }
    expect(bench.server.requests()).toBe(0);
  });

  it("is one JSON object with --json, too", async () => {
    const bench = await open();
    for (const args of [["optimize", bench.graph], ["optimize", "nowhere.json"], ["optimize"], ["resume", "nothing"]]) {
      const { code, stdout } = await bench.run(...args, "--json");
      expect(code).toBe(2);
      const failure = JSON.parse(stdout);
      expect(failure).toMatchObject({ version: 1, run: null, status: "failed", proposals: [], calls: { total: 0 } });
      expect(failure.error.message).not.toBe("");
    }
    const evaluated = await bench.run("evaluate", bench.graph, "--json", "--split", "test");
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ split: "test", score: null, samples: [] });
  });

  it("names no internal class in JSON for errors outside a run", async () => {
    const bench = await open();
    const { code, stdout } = await bench.run("optimise", "--json");
    expect([code, JSON.parse(stdout)]).toMatchObject([2, { version: 1, error: { code: "UsageError" } }]);
  });

  it("shows help and version with 0", async () => {
    const bench = await open();
    expect(await bench.run("--help")).toMatchObject({ code: 0, stdout: expect.stringContaining("optimize") });
    expect(await bench.run("--version")).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    for (const command of ["optimize", "evaluate", "recheck", "check", "resume", "report", "runs"]) {
      const help = await bench.run(command, "--help");
      expect(help).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/^Usage: agentgraph /) });
    }
  });
});

describe("what can't be written", () => {
  it("is reported with a remedy", async () => {
    const bench = await open();
    await bench.run("evaluate", bench.graph, "--model", "simulated");
    const [{ id }] = JSON.parse((await bench.run("runs", "--json")).stdout).runs;
    const nowhere = await bench.run("report", id, "--output", "no/such/r.html");
    expect(nowhere).toMatchObject({ code: 2, stdout: "" });
    expect(nowhere.stderr).toBe(
      "Error: The report couldn't be written to no/such/r.html: its folder does not exist.\n",
    );
    const folder = await bench.run("report", id, "--output", "data");
    expect(folder.stderr).toBe("Error: The report couldn't be written to data: it is a folder.\n");
  });
});

describe.skipIf(isWindows)("a closed pipe", () => {
  it("after one line of output is no failure", async () => {
    const bench = await open();
    await bench.run("evaluate", bench.graph, "--model", "simulated");
    expect(piped(bench, `runs | head -1; echo \${PIPESTATUS[0]}`)).toMatch(/evaluate {2}validation.+\n0\n$/);
  });

  it("stops a run without a reader, and keeps its replies", async () => {
    const bench = await open();
    const status = piped(bench, `optimize ${bench.graph} --model simulated 2>&1 | head -1; echo \${PIPESTATUS[0]}`);
    expect(status).toMatch(/^About .+\n130\n$/);
    const { runs } = JSON.parse((await bench.run("runs", "--json")).stdout);
    for (const run of runs) expect(run.status).toBe("cancelled");
  });

  function piped({ folder }: Bench, line: string): string {
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      NO_COLOR: "1",
      ENTRY: join(import.meta.dirname, "../../dist/cli.js"),
    };
    return execFileSync("bash", ["-c", `node "$ENTRY" ${line}`], { cwd: folder, env, encoding: "utf8" });
  }
});

describe.skipIf(isWindows)("names in other scripts, with spaces", () => {
  it("are read, listed, and quoted if a command is shown", async () => {
    const bench = await open();
    const home = join(bench.folder, "mein Ordner 日本");
    await mkdir(home);
    for (const part of ["data", "prompts", bench.graph]) await rename(join(bench.folder, part), join(home, part));
    const file = "mein Ordner 日本/グラフ 1.agentgraph.json";
    await rename(join(home, bench.graph), join(bench.folder, file));
    const { code, stdout } = await bench.run("optimize", file, "--model", "simulated", "--budget-calls", "30");
    expect(code).toBe(3);
    const shown = /agentgraph resume ('[^']+')/.exec(stdout)?.[1] ?? "";
    const line = `node "$ENTRY" resume ${shown} --budget-calls 2000 --json`;
    const env = {
      PATH: process.env.PATH,
      HOME: join(bench.folder, ".."),
      XDG_CONFIG_HOME: join(bench.folder, "../config"),
      ENTRY: join(import.meta.dirname, "../../dist/cli.js"),
    };
    const resumed = await promisify(execFile)("bash", ["-c", line], { cwd: bench.folder, env });
    expect(JSON.parse(resumed.stdout)).toMatchObject({ status: "done" });
    expect((await bench.run("runs", file)).stdout).toContain("グラフ 1.agentgraph.json");
  });
});

it("checks the graphs in folders, and those that a pattern fits, in whichever shell", async () => {
  const bench = await open();
  await mkdir(join(bench.folder, "deep/er"), { recursive: true });
  await writeFile(join(bench.folder, "deep/er/broken.agentgraph.json"), "{");
  for (const [what, files] of [
    [".", 2],
    ["**/*.agentgraph.json", 2],
    ["*.agentgraph.json", 1],
    ["deep", 1],
  ] as const) {
    const { code, stdout } = await bench.run("check", what);
    expect(stdout).toMatch(new RegExp(`^${files} files?: `, "m"));
    expect(stdout.includes("broken.agentgraph.json:1:")).toBe(code === 2);
    expect(code).toBe(what === "*.agentgraph.json" ? 0 : 2);
  }
  expect((await bench.run("check", "none/*.agentgraph.json")).stdout).toContain("The file does not exist");
});
