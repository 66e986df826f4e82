// npm run code: opens the example in VS Code with this extension. The desktop one if `code` is on the PATH, else a served one.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { ready, root } from "./ready.mjs";

ready();
await build();
const example = join(root, "out", "example");
if (!existsSync(example)) {
  cpSync(join(root, "examples"), example, { recursive: true });
  const git = (...args) => spawnSync("git", args, { cwd: example, stdio: "ignore" });
  git("init", "-q");
  git("add", "-A");
  git(
    "-c",
    "user.name=AgentGraph",
    "-c",
    "user.email=agentgraph@localhost",
    "commit",
    "-qm",
    "The examples as they come",
  );
}
const [command, ...options] = process.argv.includes("--served") || !hasCode() ? served() : desktop();
process.exitCode =
  spawnSync(command, options, { cwd: root, stdio: "inherit", shell: command.startsWith('"') }).status ?? 1;

function hasCode() {
  return spawnSync("code", ["--version"], { stdio: "ignore", shell: process.platform === "win32" }).status === 0;
}

function desktop() {
  console.log(`Opening ${example} in VS Code.`);
  const options = [`--extensionDevelopmentPath=${root}`, example];
  // On Windows `code` is a batch file: only a shell runs it, and that takes a path with spaces in quotes alone.
  return process.platform === "win32" ? ['"code"', ...options.map((one) => `"${one}"`)] : ["code", ...options];
}

function served() {
  return [process.execPath, join(root, "scripts", "ts.mjs"), "test/vscode/code.ts", example];
}
