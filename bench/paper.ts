import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXAMPLES } from "../src/cli/examples/catalog.ts";
import { comparableWith } from "../src/cli/examples/example.ts";
import type { ComparisonReport } from "../src/run/comparison/result.ts";

/**
 * The papers' tables with any model, through the built command line:
 * `npm run bench -- paper [--graphs bbh,gsm8k,liar] --data DIR [--folder DIR] --methods semantic,gepa --model NAME …`.
 * `--data` names the folder with your copies of the data sets. `--graphs` takes names, beginnings of names, or `all`.
 * Everything else goes to `agentgraph compare`. With `--folder` graphs and runs are kept there, and the same command goes on
 * where it ended. Each graph is checked and estimated first; the tasks of BIG-Bench Hard are summed up at the end as in the
 * paper, weighted by their test rows.
 */
const CLI = join("dist", "cli.js");

/** The other tasks are the language tasks (table 3 of arXiv 2210.09261). */
const ALGORITHMIC =
  /boolean|dyck|geometric|logical-deduction|multistep|navigate|object-counting|temporal|tracking|web-of-lies|word-sorting/;

function main(args: readonly string[]): number {
  const given = new Map<string, string>();
  const rest: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const name = args[index] ?? "";
    if (["--graphs", "--data", "--folder"].includes(name)) given.set(name, args[++index] ?? "");
    else rest.push(name);
  }
  const wanted = (given.get("--graphs") ?? "bbh,gsm8k,liar").split(",");
  const isWanted = (name: string) => wanted.some((one) => one === "all" || name === one || name.startsWith(`${one}-`));
  const examples = EXAMPLES.filter(({ name }) => isWanted(name));
  if (examples.length === 0) return fail(`No graph is named ${wanted.join(", ")}.`);
  const data = given.get("--data");
  if (data === undefined) {
    console.log(
      "Left out: it needs the folder with your copies of the data sets, `npm run bench -- paper --data DIR`.",
    );
    return 0;
  }
  if (!existsSync(data)) return fail(`There is no folder ${data}.`);
  const kept = given.get("--folder");
  const folder = kept ?? mkdtempSync(join(tmpdir(), "paper-"));
  const shown: Shown[] = [];
  let status = 0;
  for (const example of examples) {
    const own = join(folder, example.name);
    const file = join(own, `${example.name}.agentgraph.json`);
    const written = existsSync(file)
      ? ""
      : ran(["example", example.name, "--data", data, "--output", own], "the graph").problem;
    const checked = written || ran(["check", file], "the check").problem;
    const { report, estimate, problem } = checked
      ? { report: null, estimate: "", problem: checked }
      : compared(file, rest);
    if (report) {
      show(example.name, comparableWith(example, report.samples), estimate, report);
      shown.push({ name: example.name, report });
    } else {
      status = 1;
      console.log(`${example.name}: ${problem}`);
    }
  }
  sumUp(shown.filter(({ name }) => name.startsWith("bbh-")));
  console.log(`\n${shown.length} of ${examples.length} graphs were run to the end.`);
  if (kept === undefined) rmSync(folder, { recursive: true, force: true });
  return status;
}

interface Shown {
  readonly name: string;
  readonly report: ComparisonReport;
}

function compared(file: string, rest: readonly string[]) {
  const { out, said, problem } = ran(["compare", file, "--json", ...rest], "the comparison");
  const report: ComparisonReport | null = problem ? null : JSON.parse(out);
  return { report, estimate: said.find((line) => /^\d+ variants?, /.test(line)) ?? "", problem };
}

/** Scores of whole groups of tasks. A task counts by its test rows, as in the paper. */
function sumUp(tasks: readonly Shown[]): void {
  if (tasks.length < 2) return;
  const isAlgorithmic = ({ name }: Shown) => ALGORITHMIC.test(name);
  const groups: [string, readonly Shown[]][] = [
    ["language", tasks.filter((one) => !isAlgorithmic(one))],
    ["algorithmic", tasks.filter(isAlgorithmic)],
    ["all", tasks],
  ];
  for (const [group, members] of groups) {
    if (members.length === 0) continue;
    const rows = members.reduce((sum, { report }) => sum + report.samples.test, 0);
    console.log(`\nBIG-Bench Hard, ${group}: ${members.length} files, ${rows} test rows, weighted by them`);
    const scores = new Map<string, number[]>();
    for (const { report } of members) {
      for (const [name, score] of scoresOf(report)) {
        const weighted = score === null ? [] : [(score * report.samples.test) / rows];
        scores.set(name, [...(scores.get(name) ?? []), ...weighted]);
      }
    }
    for (const [name, all] of scores) {
      const sum = all.reduce((total, one) => total + one, 0);
      console.log(`  ${name.padEnd(20)} ${all.length === members.length ? sum.toFixed(3) : "– (not all were scored)"}`);
    }
  }
}

function scoresOf({ baselines, variants }: ComparisonReport): [string, number | null][] {
  return [
    ...baselines.map(({ name, score }): [string, number | null] => [name, score]),
    ...variants.map(({ name, heldOut }): [string, number | null] => [name, heldOut.score]),
  ];
}

function ran(args: readonly string[], what: string): { out: string; said: readonly string[]; problem: string } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [CLI, ...args], { encoding: "utf8", maxBuffer: 1e9 });
  const said = stderr.trim().split("\n");
  return { out: stdout, said, problem: status === 0 ? "" : `${what} failed: ${said.at(-1) || stdout.trim()}` };
}

function show(
  name: string,
  comparable: string,
  estimate: string,
  { variants, baselines, samples, seeds, models }: ComparisonReport,
): void {
  const { train, validation, test } = samples;
  console.log(`\n${name} (${models.forward}; ${train}/${validation}/${test} rows; seeds ${seeds.join(", ")})`);
  if (estimate) console.log(`  Estimate: ${estimate}`);
  const rows = [
    ...baselines.map(({ name: one, score, interval }) => [one, score, interval, "", ""] as const),
    ...variants.map(({ name: one, heldOut, cost }) => {
      return [one, heldOut.score, heldOut.interval, cost.calls.toFixed(0), cost.tokens.toFixed(0)] as const;
    }),
  ];
  for (const [one, score, [low, high], calls, tokens] of rows) {
    const costs = calls === "" ? "" : ` ${calls.padStart(7)} calls ${tokens.padStart(10)} tokens`;
    const held = score === null ? "–" : `${score.toFixed(3)} (${low.toFixed(2)} … ${high.toFixed(2)})`;
    console.log(`  ${one.padEnd(20)} ${held.padEnd(22)}${costs}`);
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
