import { rm } from "node:fs/promises";
import { Uri, workspace } from "vscode";
import { GraphFiles } from "../../src/editor/graph-files.ts";
import { at, deps, until } from "./helpers.ts";

describe("the graphs of a workspace", () => {
  const folder = at("several/levels");
  const graph = Uri.joinPath(folder, "x.agentgraph.json");
  const files = new GraphFiles(deps.files);
  const isListed = async () => (await files.list()).some((uri) => String(uri) === String(graph));

  after(() => files.dispose());
  afterEach(() => rm(at("several").fsPath, { recursive: true, force: true }));

  for (const [name, remove] of [
    ["by another program", () => rm(at("several").fsPath, { recursive: true })],
    ["in VS Code", () => workspace.fs.delete(at("several"), { recursive: true })],
  ] as const) {
    it(`leave the list when a folder above them is deleted ${name}`, async () => {
      await files.list();
      await workspace.fs.createDirectory(folder);
      // VS Code may not watch the folder yet: the file is then listed with its next change.
      await until(async () => {
        await workspace.fs.writeFile(graph, new TextEncoder().encode("{}"));
        return isListed();
      });
      await remove();
      await until(async () => !(await isListed()), 20_000);
    });
  }
});
