import assert from "node:assert/strict";
import {
  Disposable,
  EventEmitter,
  type FileChangeEvent,
  FileSystemError,
  type FileSystemProvider,
  FileType,
  Uri,
  window,
  workspace,
} from "vscode";
import { GraphFiles } from "../../src/editor/graph-files.ts";
import { pickGraph } from "../../src/editor/graph-pick.ts";
import { closeAll, deps } from "./helpers.ts";

/** A file system that has one file, and can't be written. */
function only(path: string, text: string): FileSystemProvider {
  const bytes = new TextEncoder().encode(text);
  const refuse = () => {
    throw FileSystemError.NoPermissions();
  };
  return {
    onDidChangeFile: new EventEmitter<FileChangeEvent[]>().event,
    watch: () => new Disposable(() => {}),
    stat(uri) {
      if (uri.path !== path) throw FileSystemError.FileNotFound(uri);
      return { type: FileType.File, ctime: 0, mtime: 0, size: bytes.length };
    },
    readFile: () => bytes,
    readDirectory: () => [],
    createDirectory: refuse,
    writeFile: refuse,
    delete: refuse,
    rename: refuse,
  };
}

describe("a graph that is no file on disk", () => {
  const graphs = new GraphFiles(deps.files);
  const virtual = Uri.parse("agentgraph-test:/elsewhere.agentgraph.json");
  const provider = workspace.registerFileSystemProvider("agentgraph-test", only(virtual.path, "{}"), {
    isReadonly: true,
  });
  const refused = (reason: RegExp) => ({ name: "NotFound", message: reason });

  after(() => {
    provider.dispose();
    graphs.dispose();
  });
  afterEach(closeAll);

  it("is refused, and the workspace's own graph is not run in its place", async () => {
    await assert.rejects(
      pickGraph(virtual, graphs),
      refused(/“elsewhere.agentgraph.json” comes from “agentgraph-test”, not from disk/),
    );
    await window.showTextDocument(virtual);
    await assert.rejects(pickGraph(undefined, graphs), refused(/not from disk/));
  });

  it("is refused as a version of Git's", async () => {
    await assert.rejects(
      pickGraph(Uri.parse("git:/work/chain.agentgraph.json?HEAD"), graphs),
      refused(/comes from “git”/),
    );
  });

  it("is refused as long as it is not saved", async () => {
    await window.showTextDocument(Uri.parse("untitled:/new.agentgraph.json"));
    await assert.rejects(pickGraph(undefined, graphs), refused(/“new.agentgraph.json” is not saved yet/));
  });
});
