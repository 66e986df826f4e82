// node scripts/ts.mjs test/host/run.ts [WORDS]: the host suite, or the tests that hold the words, in a served VS Code. Last
// line: `N passed, N failed`.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startBrowser } from "../vscode/browser.ts";
import { serveVscode } from "../vscode/serve.ts";
import { makeWorkspace } from "../vscode/workspace.ts";
import { buildHostSuite } from "./build.ts";

const MINUTES = 60;
const tests = await buildHostSuite();
const scratch = mkdtempSync(path.join(tmpdir(), "agh-"));
const report = path.join(scratch, "report.txt");
const workspace = makeWorkspace("examples/chain");
const env = { AGENTGRAPH_REPORT: report, AGENTGRAPH_TESTS: process.argv.slice(2).join(" ") };
const server = await serveVscode({ testDriver: true, fewExtensions: true, env });
const browser = await startBrowser({ width: 1280, height: 800 });
const watchdog = setTimeout(() => void end(`The suite did not end within ${MINUTES} minutes.`), MINUTES * 60_000);

let console_ = "";
await browser.page.exposeFunction("codeAutomationLog", (_type: string, args: unknown[]) => {
  console_ = `${console_}${args.join(" ")}\n`.slice(-20_000);
});
await browser.page.exposeFunction("codeAutomationExit", () => void end(null));
const remote = (file: string) => `vscode-remote://${server.authority}${file}`;
const payload = JSON.stringify([
  ["extensionDevelopmentPath", remote(process.cwd())],
  ["extensionTestsPath", remote(tests)],
]);
const query = new URLSearchParams({ folder: workspace, payload });
await browser.page.goto(`${server.url}?${query}`, { timeout: 150_000 });

async function end(problem: string | null): Promise<void> {
  clearTimeout(watchdog);
  const lines = existsSync(report) ? readFileSync(report, "utf8").trimEnd() : "";
  if (problem || !lines.endsWith(", 0 failed")) {
    mkdirSync("out/screenshots", { recursive: true });
    await browser.page.screenshot({ path: "out/screenshots/host-failed.png" }).catch(() => {});
    console.log(console_, server.log().slice(-3000));
  }
  await browser.stop();
  await server.stop();
  for (const folder of [scratch, workspace]) rmSync(folder, { recursive: true, force: true });
  if (lines) console.log(lines);
  const isWhole = / passed, \d+ failed$/.test(lines);
  if (!isWhole) console.log(`${problem ?? "The suite left no whole report."}\n0 passed, 1 failed`);
  process.exit(!problem && isWhole && lines.endsWith(", 0 failed") ? 0 : 1);
}
