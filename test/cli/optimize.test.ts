import { execFileSync } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunReport } from "../../src/cli/output/json.ts";
import { randomFaults } from "../server/faults.ts";
import { altered, KEY, open } from "./cli.ts";

function report(stdout: string): RunReport {
  return JSON.parse(stdout);
}

/** What must not depend on faults, interruptions or the order of replies. */
function outcome({ status, proposals, final, validation, test, formatErrors }: RunReport) {
  return { status, proposals, final, validation, test, formatErrors };
}

describe("optimize", () => {
  it("improves the example over real HTTP and reports it as one JSON object", async () => {
    const bench = await open({ rows: "all" });
    const { code, stdout } = await bench.online("optimize", bench.graph, "--json");
    const result = report(stdout);
    expect(code).toBe(0);
    expect(Object.keys(result).sort()).toEqual([
      "baselines",
      "calls",
      "error",
      "final",
      "formatErrors",
      "front",
      "method",
      "proposals",
      "run",
      "seconds",
      "status",
      "test",
      "tokens",
      "usd",
      "validation",
      "version",
      "warnings",
    ]);
    expect(result.calls.total).toBe(bench.server.requests());
    const { forward, backward, optimizer, judge, total } = result.calls;
    expect(forward + backward + optimizer + judge).toBe(total);
    expect(result.validation.after!).toBeGreaterThan(result.validation.before! + 0.3);
    expect(result.test!.after!).toBeGreaterThan(result.test!.before! + 0.3);
    expect(result.proposals.length).toBeGreaterThan(0);
    for (const { node, verdict, text } of result.proposals) {
      if (verdict === "accepted") expect(result.final[node]).toBe(text);
    }
    const usage = bench.server.log.length;
    expect(result.tokens.prompt + result.tokens.completion).toBeGreaterThan(usage);
  });

  it("prints each proposal as a diff below its verdict, and progress on stderr", async () => {
    const bench = await open({ rows: "all" });
    const { code, stdout, stderr } = await bench.online("optimize", bench.graph);
    expect(code).toBe(0);
    expect(stdout).toMatch(/✓ solve · Accepted by the gate · together \d+ → \d+ of 20 right · .*fixed \d+, broke \d+/);
    expect(stdout).toMatch(/\{\+.+\+\}/);
    expect(stdout).toMatch(/validation score \d\.\d\d → \d\.\d\d \(n = 20\)/);
    expect(stdout).not.toContain("Iteration");
    expect(stderr).toContain("Iteration 1/");
  });

  it("writes accepted texts with --apply, and nothing but those lines", async () => {
    const bench = await open();
    const git = (...args: string[]) => execFileSync("git", args, { cwd: bench.folder, encoding: "utf8" });
    git("init", "-q");
    git("add", "-A");
    git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "start");
    const { stdout, stderr, code } = await bench.online("optimize", bench.graph, "--json", "--apply");
    expect(code).toBe(0);
    const accepted = report(stdout).proposals.filter(({ verdict }) => verdict === "accepted");
    expect(accepted.length).toBeGreaterThan(0);
    for (const { node } of accepted) expect(stderr).toContain(`Wrote ${node} to `);
    const changed = git("status", "--porcelain").trim().split("\n");
    expect(changed).toHaveLength(accepted.length);
    expect(changed.every((line) => /^M prompts\/\w+\.md$/.test(line.trim()))).toBe(true);
    const [, log = ""] = [...(await bench.files())].find(([file]) => file.endsWith("events.jsonl")) ?? [];
    const applied = JSON.parse(log.trim().split("\n").at(-1) ?? "");
    expect(applied).toMatchObject({ type: "applied", proposals: { length: accepted.length } });
    const again = await bench.run("check", bench.graph);
    expect(again.code).toBe(0);
    const scored = await bench.online("evaluate", bench.graph, "--json");
    expect(JSON.parse(scored.stdout).score).toBeCloseTo(report(stdout).validation.after!);
  });

  it("does not overwrite a text that was changed during the run", async () => {
    const bench = await open({ latency: 5 });
    const started = bench.start("optimize", bench.graph, "--json", "--apply");
    while (bench.server.requests() < 5) await new Promise((next) => setTimeout(next, 2));
    await writeFile(join(bench.folder, "prompts/solve.md"), "Mine now.\n");
    const { code, stdout, stderr } = await started.ended;
    expect([code, report(stdout).status]).toEqual([4, "done"]);
    expect(stderr).toContain("solve was not written: its text has changed since the run started.");
    expect(await readFile(join(bench.folder, "prompts/solve.md"), "utf8")).toBe("Mine now.\n");
  });

  it("does not write a file without write permission", async () => {
    const bench = await open();
    const file = join(bench.folder, "prompts/solve.md");
    const before = await readFile(file, "utf8");
    await chmod(file, 0o444);
    const { code, stderr } = await bench.online("optimize", bench.graph, "--apply");
    expect(code).toBe(4);
    expect(stderr).toContain("solve was not written: prompts/solve.md is read-only. Make it writable");
    expect(await readFile(file, "utf8")).toBe(before);
  });

  it("gives the same run for the same seed, and takes values from --set and --seed", async () => {
    const [first, second] = [await open({ latency: [0, 4], seed: 1 }), await open({ latency: [0, 4], seed: 2 })];
    const args = ["--json", "--set", "optimize.iterations=2", "--seed", "7", "--set", "optimize.batch=4"];
    const a = report((await first.online("optimize", first.graph, ...args)).stdout);
    const b = report((await second.online("optimize", second.graph, ...args, "--concurrency", "3")).stdout);
    expect(outcome(b)).toEqual(outcome(a));
    expect(Math.max(...a.proposals.flatMap(({ attempts }) => attempts.map(({ iteration }) => iteration)))).toBeLessThan(
      3,
    );
  });

  it("gives the same proposals and verdicts when a fifth of all requests fails", async () => {
    const [calm, rough] = [await open(), await open({ faults: randomFaults(0.2, 3) })];
    const args = ["--json", "--set", "optimize.iterations=2", "--concurrency", "32"];
    const clean = report((await calm.online("optimize", calm.graph, ...args)).stdout);
    const { stdout, code } = await rough.online("optimize", rough.graph, ...args);
    const faulty = report(stdout);
    expect(code).toBe(0);
    expect(outcome(faulty)).toEqual(outcome(clean));
    expect(faulty.calls.retried).toBeGreaterThan(0);
    expect(faulty.calls.total).toBe(rough.server.requests());
    expect(faulty.calls.total - faulty.calls.retried).toBe(clean.calls.total);
  });

  it("never sends a request beyond --budget-calls, and exits with 3", async () => {
    const bench = await open({ faults: randomFaults(0.2, 5) });
    const { code, stdout } = await bench.online("optimize", bench.graph, "--json", "--budget-calls", "50");
    expect(code).toBe(3);
    expect(bench.server.requests()).toBeLessThanOrEqual(50);
    expect(report(stdout)).toMatchObject({ status: "budget", calls: { total: bench.server.requests() } });
  });

  it("never writes a key to a file or a stream", async () => {
    const bench = await open();
    const { stdout, stderr } = await bench.online("optimize", bench.graph, "--json");
    for (const text of [stdout, stderr, ...(await bench.files()).values()]) expect(text).not.toContain(KEY);
  });

  it("keeps escape sequences of replies and rows off the terminal", async () => {
    // A text with ESC or BEL is no proposal; C1 controls and marks of direction are characters of some scripts' files.
    const hostile = "\u009b31mred\u009b5n\u202e";
    const bench = await open({
      model: altered((text) => text.replace(/"text":"/, `"text":${JSON.stringify(hostile).slice(0, -1)}`)),
    });
    const { stdout, stderr } = await bench.online("optimize", bench.graph);
    expect(stdout).toContain("red");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  it("keeps runs in --runs-dir, and lists them", async () => {
    const bench = await open();
    const { stdout } = await bench.online("optimize", bench.graph, "--json", "--runs-dir", "elsewhere");
    const listed = await bench.run("runs", "--json", "--runs-dir", "elsewhere");
    expect(JSON.parse(listed.stdout).runs).toMatchObject([{ id: report(stdout).run, status: "done", trusted: true }]);
    expect((await bench.run("runs")).stdout).toContain("There are no runs in");
  });
});
