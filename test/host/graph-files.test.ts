import { rm } from "node:fs/promises";
import { Uri, workspace } from "vscode";
import { GraphFiles } from "../../src/editor/graph-files.ts";
import { at, deps, until } from "./helpers.ts";

describe("the graphs of a workspace", () => {
  const folder = at("several/levels");
  const graph = Uri.joinPath(folder, "x.agentgraph.json");
  const files = new GraphFiles(deps.files);
  const isListed = async (file = graph) => (await files.list()).some((uri) => String(uri) === String(file));
  const write = (file: Uri) => workspace.fs.writeFile(file, new TextEncoder().encode("{}"));

  // VS Code reports nothing before it watches the workspace, and nothing of a folder that was created before that.
  before(async () => {
    const probe = at("probe.agentgraph.json");
    await until(async () => {
      await files.list();
      await write(probe);
      return isListed(probe);
    });
    await workspace.fs.delete(probe);
  });
  after(() => files.dispose());
  afterEach(() => rm(at("several").fsPath, { recursive: true, force: true }));

  for (const [name, remove] of [
    ["by another program", () => rm(at("several").fsPath, { recursive: true })],
    ["in VS Code", () => workspace.fs.delete(at("several"), { recursive: true })],
  ] as const) {
    it(`leave the list when a folder above them is deleted ${name}`, async () => {
      await workspace.fs.createDirectory(folder);
      await write(graph);
      await until(() => isListed());
      await remove();
      await until(async () => !(await isListed()), 20_000);
    });
  }
});
