// Serves VS Code with the packed extension on a folder, prints its URL and stays until it is stopped.
import { execFileSync } from "node:child_process";
import { serveVscode } from "./serve.ts";

const [folder = "."] = process.argv.slice(2);
const vsix = "out/agentgraph.vsix";
execFileSync(process.execPath, ["scripts/package.mjs", vsix], { stdio: ["ignore", "ignore", "inherit"] });
const vscode = await serveVscode({
  vsix,
  port: Number(process.env.PORT) || undefined,
  settings: { "security.workspace.trust.enabled": true },
});
const url = `${vscode.url}?${new URLSearchParams({ folder })}`;
console.log(
  `VS Code is at ${url}\nRight-click chain/chain.agentgraph.json and choose “Optimize graph”. Ctrl+C stops it.`,
);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void vscode.stop().then(() => process.exit(0)));
}
