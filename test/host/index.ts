import { writeFileSync } from "node:fs";
import Mocha from "mocha";

/**
 * What VS Code calls in the extension host, on the desktop and served alike; a rejection makes the run fail.
 * `AGENTGRAPH_REPORT` names the file that takes the lines of the report, since the host's own output is hard to come by.
 */
export async function run(): Promise<void> {
  const mocha = new Mocha({
    ui: "bdd",
    timeout: 240_000,
    retries: 1,
    reporter: Mocha.reporters.Base,
    forbidOnly: true,
  });
  // The words that the tests' names hold; empty for all.
  mocha.fgrep(process.env.AGENTGRAPH_TESTS ?? "");
  mocha.suite.emit("pre-require", globalThis, "", mocha);
  await import("./suites.ts");
  const lines: string[] = [];
  const counts = { passed: 0, failed: 0 };
  const file = process.env.AGENTGRAPH_REPORT;
  const report = (line: string) => {
    lines.push(line);
    // Line by line: what is killed for its time has said how far it came.
    if (file) writeFileSync(file, `${lines.join("\n")}\n`);
  };
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => resolve());
    runner.on("suite", (suite) => suite.title && report(suite.title));
    runner.on("pass", (test) => {
      counts.passed++;
      report(`  ✓ ${test.title} (${test.duration} ms)`);
    });
    const failed = (mark: string, test: Mocha.Test, error: unknown) =>
      report(`  ${mark} ${test.title}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    runner.on("retry", (test, error: unknown) => failed("…", test, error));
    runner.on("fail", (test, error: unknown) => {
      counts.failed++;
      failed("✗", test, error);
    });
  });
  report(`${counts.passed} passed, ${counts.failed} failed`);
  if (!file) console.log(lines.join("\n"));
  if (counts.failed > 0) throw new Error(`${counts.failed} tests failed`);
}
