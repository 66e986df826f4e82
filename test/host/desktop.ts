// node scripts/ts.mjs test/host/desktop.ts: the same suite in a desktop VS Code, which @vscode/test-electron downloads.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { runTests } from "@vscode/test-electron";
import { makeWorkspace } from "../vscode/workspace.ts";
import { buildHostSuite } from "./build.ts";

const extensionTestsPath = await buildHostSuite();
const scratch = mkdtempSync(path.join(tmpdir(), "agh-"));
const report = path.join(scratch, "report.txt");
const workspace = makeWorkspace("examples/chain");
try {
  await runTests({
    extensionDevelopmentPath: process.cwd(),
    extensionTestsPath,
    extensionTestsEnv: { AGENTGRAPH_REPORT: report },
    launchArgs: [workspace, "--disable-extensions", "--user-data-dir", path.join(scratch, "data")],
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  const lines = read(report);
  console.log(lines || "The suite left no report.\n0 passed, 1 failed");
  for (const folder of [scratch, workspace]) rmSync(folder, { recursive: true, force: true });
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8").trimEnd();
  } catch {
    return "";
  }
}
