import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXAMPLES } from "../src/cli/examples/catalog.ts";
import type { ComparisonReport } from "../src/run/comparison/result.ts";

/**
 * The papers' tables with any model, through the built command line:
 * `npm run bench -- paper [--graphs bbh,gsm8k,liar] [--data DIR] [--folder DIR] --methods semantic,gepa --model NAME …`.
 * `--graphs` takes names or beginnings of names. Everything else goes to `agentgraph compare`. With `--folder` graphs and
 * runs are kept there, and the same command goes on where it ended.
 */
const CLI = join("dist", "cli.js");

function main(args: readonly string[]): number {
  const given = new Map<string, string>();
  const rest: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const name = args[index] ?? "";
    if (["--graphs", "--data", "--folder"].includes(name)) given.set(name, args[++index] ?? "");
    else rest.push(name);
  }
  const wanted = (given.get("--graphs") ?? "bbh,gsm8k,liar").split(",");
  const examples = EXAMPLES.filter(({ name }) => wanted.some((one) => name === one || name.startsWith(`${one}-`)));
  const data = given.get("--data") ?? join("..", "shared", "data");
  if (examples.length === 0) return fail(`No graph is named ${wanted.join(", ")}.`);
  const kept = given.get("--folder");
  const folder = kept ?? mkdtempSync(join(tmpdir(), "paper-"));
  let status = 0;
  for (const example of examples) {
    const own = join(folder, example.name);
    const file = join(own, `${example.name}.agentgraph.json`);
    const written = existsSync(file)
      ? ""
      : ran(["example", example.name, "--data", data, "--output", own], "the graph").problem;
    const { report, problem } = written ? { report: null, problem: written } : compared(file, rest);
    if (report) show(example.name, example.comparable, report);
    else {
      status = 1;
      console.log(`${example.name}: ${problem}`);
    }
  }
  if (kept === undefined) rmSync(folder, { recursive: true, force: true });
  return status;
}

function compared(file: string, rest: readonly string[]): { report: ComparisonReport | null; problem: string } {
  const { out, problem } = ran(["compare", file, "--json", ...rest], "the comparison");
  return problem ? { report: null, problem } : { report: JSON.parse(out), problem: "" };
}

function ran(args: readonly string[], what: string): { out: string; problem: string } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [CLI, ...args], { encoding: "utf8", maxBuffer: 1e9 });
  const last = stderr.trim().split("\n").at(-1) ?? "";
  return { out: stdout, problem: status === 0 ? "" : `${what} failed: ${last}` };
}

function show(
  name: string,
  comparable: string,
  { variants, baselines, samples, seeds, models }: ComparisonReport,
): void {
  const { train, validation, test } = samples;
  console.log(`\n${name} (${models.forward}; ${train}/${validation}/${test} rows; seeds ${seeds.join(", ")})`);
  const rows = [
    ...baselines.map(({ name: one, score, interval }) => [one, score, interval, "", ""] as const),
    ...variants.map(({ name: one, heldOut, cost }) => {
      return [one, heldOut.score, heldOut.interval, cost.calls.toFixed(0), cost.tokens.toFixed(0)] as const;
    }),
  ];
  for (const [one, score, [low, high], calls, tokens] of rows) {
    const held = score === null ? "–" : `${score.toFixed(3)} (${low.toFixed(2)} … ${high.toFixed(2)})`;
    console.log(`  ${one.padEnd(20)} ${held.padEnd(22)} ${calls.padStart(7)} calls ${tokens.padStart(10)} tokens`);
  }
  console.log(`  Compare with: ${comparable}`);
  const figures = {
    variants: variants.map(({ name: one, heldOut, cost }) => ({ name: one, ...heldOut, cost })),
    baselines,
  };
  console.log(JSON.stringify({ bench: "paper", graph: name, samples, seeds, models, ...figures }));
}

function fail(problem: string): number {
  console.log(problem);
  return 2;
}

process.exitCode = main(process.argv.slice(2));
