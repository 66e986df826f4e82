import { writeFileSync } from "node:fs";
import Mocha from "mocha";

/**
 * What VS Code calls in the extension host, on the desktop and served alike; a rejection makes the run fail.
 * `AGENTGRAPH_REPORT` names the file that takes the lines of the report, since the host's own output is hard to come by.
 */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "bdd", timeout: 90_000, reporter: Mocha.reporters.Base, forbidOnly: true });
  mocha.suite.emit("pre-require", globalThis, "", mocha);
  await import("./suites.ts");
  const lines: string[] = [];
  const counts = { passed: 0, failed: 0 };
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => resolve());
    runner.on("suite", (suite) => suite.title && lines.push(suite.title));
    runner.on("pass", (test) => {
      counts.passed++;
      lines.push(`  ✓ ${test.title} (${test.duration} ms)`);
    });
    runner.on("fail", (test, error: unknown) => {
      counts.failed++;
      lines.push(`  ✗ ${test.title}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    });
  });
  lines.push(`${counts.passed} passed, ${counts.failed} failed`);
  const report = process.env.AGENTGRAPH_REPORT;
  if (report) writeFileSync(report, `${lines.join("\n")}\n`);
  else console.log(lines.join("\n"));
  if (counts.failed > 0) throw new Error(`${counts.failed} tests failed`);
}
