import assert from "node:assert/strict";
import { commands } from "vscode";
import manifest from "../../package.json";

describe("commands", () => {
  it("registers every contributed command, and contributes every registered one", async () => {
    await commands.executeCommand("agentgraph.showLog");
    const registered = (await commands.getCommands(true)).filter((id) => id.startsWith("agentgraph."));
    const own = registered.filter((id) => !/^agentgraph\.(graphs|proposals|runs)\./.test(id));
    const contributed = manifest.contributes.commands.map(({ command }) => command);
    assert.deepEqual(own.sort(), contributed.sort());
  });
});
