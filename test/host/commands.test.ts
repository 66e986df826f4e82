import assert from "node:assert/strict";
import { commands } from "vscode";
import manifest from "../../package.json";
import words from "../../package.nls.json";

describe("the manifest", () => {
  const contributed = manifest.contributes.commands.map(({ command }) => command);

  it("contributes exactly the commands that are registered", async () => {
    const registered = (await commands.getCommands(true)).filter((id) => id.startsWith("agentgraph."));
    // VS Code itself makes commands for views: `agentgraph.runs.focus` and the like.
    const own = registered.filter((id) => !/^agentgraph\.(graphs|proposals|runs)\./.test(id));
    assert.deepEqual(own.sort(), contributed.toSorted());
  });

  it("names only existing commands in menus and keybindings", () => {
    const { menus, keybindings } = manifest.contributes;
    const used = [...Object.values(menus).flat(), ...keybindings].map(({ command }) => command);
    assert.deepEqual(
      used.filter((command) => !contributed.includes(command)),
      [],
    );
  });

  it("has a text for every placeholder, and no unused text", () => {
    const asked = [...JSON.stringify(manifest).matchAll(/"%([^"%]+)%"/g)].map(([, key]) => key);
    assert.deepEqual([...new Set(asked)].sort(), Object.keys(words).sort());
  });

  it("keeps every setting to the machine, and restricts all of them", () => {
    const properties = manifest.contributes.configuration.properties;
    assert.deepEqual(
      Object.entries(properties).filter(([, { scope }]) => scope !== "machine"),
      [],
    );
    const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    assert.deepEqual(restrictedConfigurations.toSorted(), Object.keys(properties).sort());
  });
});
