import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { constants, setPriority, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { LATE } from "./late.mjs";
import { ready, root } from "./ready.mjs";

const reports = mkdtempSync(join(tmpdir(), "agentgraph-test-"));

/**
 * Everything that must pass; `node scripts/test.mjs unit cli` runs those alone. A suite either ends with a line
 * `N passed, N failed`, or leaves a report of vitest, or counts as one by its exit code. A suite that hangs ends after its minutes,
 * of which a slow machine may need most: no suite is judged by them.
 */
const SUITES = [
  { name: "style", run: ["biome", "check", "--error-on-warnings"], minutes: 10 },
  { name: "types", run: ["tsc", "--noEmit"], minutes: 10 },
  { name: "unused", run: ["knip"], minutes: 10 },
  { name: "prepare", run: ["node", "scripts/ts.mjs", "test/prepare.ts"], minutes: 10 },
  { name: "build", run: ["node", "scripts/build.mjs"], minutes: 10 },
  { name: "package", run: ["node", "scripts/package.mjs"], minutes: 10 },
  { name: "unit", flags: LATE, run: vitest("unit", "vitest.config.mts"), report: reportOf("unit"), minutes: 70 },
  { name: "host", run: ["node", "scripts/ts.mjs", "test/host/run.ts"], minutes: 70 },
  { name: "e2e", run: ["node", "scripts/ts.mjs", "test/e2e/run.ts"], minutes: 70 },
  { name: "cli", run: vitest("cli", "vitest.cli.config.mts"), report: reportOf("cli"), minutes: 70 },
  { name: "pages", run: ["node", "scripts/ts.mjs", "test/pages/run.ts"], minutes: 40 },
  { name: "chaos", run: ["node", "scripts/chaos.mjs", "--runs", "50"], minutes: 40 },
];

/** Packages of the programs that suites name. */
const PACKAGES = { biome: "@biomejs/biome", tsc: "typescript", knip: "knip", vitest: "vitest" };

/** What runs beside what, one column of names each; the columns of a step start together. */
const STEPS = [
  [["prepare"], ["build", "package"], ["style", "types", "unused"]],
  [["e2e"], ["host", "pages", "chaos"], ["cli"], ["unit"]],
];

/**
 * These give way to the suites in VS Code, which wait much and are the longest: they use what time is left, on as many
 * cores as there are.
 */
const PATIENT = new Set(["cli", "unit", "chaos"]);

function vitest(name, config) {
  return [
    "vitest",
    "run",
    "--config",
    config,
    "--reporter=default",
    "--reporter=json",
    `--outputFile=${reportOf(name)}`,
  ];
}

function reportOf(name) {
  return join(reports, `${name}.json`);
}

ready();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SUITES.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`No suite is called ${unknown.join(", ")}. There are: ${SUITES.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}

const chosen = SUITES.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const totals = { passed: 0, failed: 0 };
/** Whether this call has built the bundles. */
let isBuilt = false;
/** What failed, by suite, which tests passed only when they were repeated, and suites of vitest to repeat. */
const failures = [];
const repeated = [];
const toRepeat = [];
const running = new Set();
process.once("SIGINT", () => leave());
process.once("SIGTERM", () => leave());
for (const columns of STEPS) {
  const asked = columns.map((names) => names.flatMap((name) => chosen.filter((suite) => suite.name === name)));
  const busy = asked.filter((column) => column.length > 0);
  await Promise.all(busy.map((column) => inTurn(column, busy.length === 1)));
}
for (const suite of toRepeat) await repeat(suite);
rmSync(reports, { recursive: true, force: true });
// Once more at the end, since a log that is cut keeps its end.
if (repeated.length > 0) console.log(`\n── passed when repeated\n${repeated.join("\n")}`);
if (failures.length > 0) console.log(`\n── what failed\n${failures.join("\n")}`);
console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed > 0 ? 1 : 0;

/** @param alone whether what a suite prints is shown as it comes, or at its end */
async function inTurn(suites, alone) {
  for (const suite of suites) {
    console.log(alone ? `\n── ${suite.name}` : `── ${suite.name} started`);
    const started = Date.now();
    const { code, output } = await run(suite, alone);
    const { passed, failed, skipped } = count(suite, code, output);
    totals.passed += passed;
    if (suite.name === "build" && failed === 0) isBuilt = true;
    repeated.push(...repeatedOf(output));
    if (suite.report && vitestFailures(suite.report).length > 0) toRepeat.push(suite);
    else if (failed > 0) fail(suite, failed, failuresOf(output));
    if (!alone) console.log(`\n── ${suite.name}\n${output.trimEnd()}`);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    const left = skipped > 0 ? `, ${skipped} skipped` : "";
    console.log(`── ${suite.name}: ${passed} passed, ${failed} failed${left}, ${seconds} s`);
  }
}

/**
 * Runs the files again in which tests of vitest failed: what fails only beside all other suites is a race, of the test or of
 * the product, to be named and mended.
 */
async function repeat(suite) {
  const first = vitestFailures(suite.report);
  console.log(`\n── ${suite.name}, what failed, once more`);
  const { code } = await run({ ...suite, run: [...suite.run, ...new Set(first.map(({ file }) => file))] }, true);
  const second = vitestFailures(suite.report);
  if (code !== 0 && second.length === 0) return fail(suite, first.length, textsOf(first));
  const failed = new Set(second.map(({ title }) => title));
  const mended = first.filter(({ title }) => !failed.has(title));
  totals.passed += mended.length;
  repeated.push(...mended.map(({ title }) => `  … ${title}`));
  if (second.length > 0) fail(suite, second.length, textsOf(second));
}

function fail({ name }, count, text) {
  totals.failed += count;
  failures.push(`${name}:\n${text}`);
}

function leave() {
  for (const end of running) end();
  process.exit(130);
}

/** A suite that crashes after passing tests has failed once more than it says; one that ran nothing has failed too. */
function count({ report }, code, output) {
  const byExit = { passed: code === 0 ? 1 : 0, failed: 0 };
  const { passed, failed, skipped = 0 } = report ? vitestCounts(report) : (lastCounts(output) ?? byExit);
  const silent = passed + failed === 0;
  return { passed, failed: failed === 0 && (code !== 0 || silent) ? 1 : failed, skipped };
}

function vitestCounts(report) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, "utf8"));
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

function lastCounts(output) {
  const found = [...output.matchAll(/^(\d+) passed, (\d+) failed\s*$/gm)].at(-1);
  return found && { passed: Number(found[1]), failed: Number(found[2]) };
}

/** The failed tests in an output with the start of their messages; without names of tests, the end of the output. */
function failuresOf(output) {
  const found = [...output.matchAll(/^ *✗ .*(?:\n(?! *[✓✗…] |\d+ passed).*)*/gm)].map(String);
  return (found.length > 0 ? found : [output.trimEnd().slice(-2000)]).map((text) => text.slice(0, 1500)).join("\n");
}

/** Names of tests that failed once and then passed. */
function repeatedOf(output) {
  const lines = stripVTControlCharacters(output).split("\n");
  const failed = new Set(lines.filter((line) => /^ *✗ /.test(line)).map((line) => line.trim().slice(2)));
  return lines.filter((line) => /^ *… /.test(line) && !failed.has(line.trim().slice(2)));
}

/** What failed in a report: tests, and files that failed without one. A report that can't be read names none. */
function vitestFailures(report) {
  try {
    const { testResults } = JSON.parse(readFileSync(report, "utf8"));
    return testResults.flatMap(({ name: file, status, message, assertionResults }) => {
      const failed = assertionResults.filter((result) => result.status === "failed");
      if (failed.length === 0) return status === "failed" ? [{ file, title: file, message }] : [];
      return failed.map(({ fullName, failureMessages }) => ({
        file,
        title: `${relative(root, file)}: ${fullName}`,
        message: failureMessages.join("\n"),
      }));
    });
  } catch {
    return [];
  }
}

function textsOf(failed) {
  return failed.map(({ title, message }) => `  ✗ ${title}\n${message}`.slice(0, 1500)).join("\n");
}

/**
 * The environment of a suite. Only `prepare` needs the internet, so no other process reads the certificates of a company's proxy:
 * Node parses them at each start, 55 of 82 ms. Once the bundles are built, no suite builds them again.
 */
function environmentOf(name) {
  if (name === "prepare") return process.env;
  const { NODE_EXTRA_CA_CERTS: _, ...local } = process.env;
  return isBuilt ? { ...local, AGENTGRAPH_BUILT: root } : local;
}

/** Needs no shell on any system: each of these programs is a script for Node. */
function scriptOf(program) {
  const folder = join(root, "node_modules", PACKAGES[program]);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof bin === "string" ? bin : bin[program]);
}

/** Runs in a process group of its own, so that a suite that hangs is ended with everything it started. */
function run({ name, flags = [], run: [command, ...options], minutes }, shown) {
  const isWindows = process.platform === "win32";
  const child = spawn(
    process.execPath,
    [...flags, ...(command === "node" ? options : [scriptOf(command), ...options])],
    {
      cwd: root,
      env: environmentOf(name),
      detached: !isWindows,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  if (PATIENT.has(name) && !shown) giveWay(child.pid);
  const end = () => {
    try {
      if (isWindows) spawnSync("taskkill", ["/pid", String(child.pid), "/T", "/F"], { stdio: "ignore" });
      else process.kill(-child.pid, "SIGKILL");
    } catch {
      // It is gone already.
    }
  };
  const late = setTimeout(() => {
    take(process.stdout, `This suite did not end within ${minutes} minutes and was stopped.\n`);
    end();
  }, minutes * 60_000);
  running.add(end);
  let output = "";
  const take = (to, text) => {
    if (shown) to.write(text);
    output = (output + text).slice(-500_000);
  };
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    from.setEncoding("utf8").on("data", (text) => take(to, text));
  }
  return new Promise((done) => {
    const settle = (code) => {
      clearTimeout(late);
      end();
      running.delete(end);
      done({ code, output });
    };
    child.on("error", (error) => {
      take(process.stdout, `${error.message}\n`);
      settle(1);
    });
    // `exit`, not `close`: a process left behind may keep the pipes open for ever.
    child.on("exit", (code) => setTimeout(settle, 100, code ?? 1));
  });
}

/** Lowers the priority of a process and of what it will start. */
function giveWay(pid) {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It is gone already, or the system has no priorities.
  }
}
