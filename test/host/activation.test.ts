import assert from "node:assert/strict";
import path from "node:path";
import { extensions } from "vscode";

describe("activation", () => {
  it("loads only the small bundle until the user opens something", async () => {
    const extension = extensions.getExtension("agentgraph.agentgraph");
    assert.ok(extension, "the extension is installed");
    await extension.activate();
    const dist = path.join(extension.extensionPath, "dist");
    const read = Object.keys(require.cache).filter((file) => path.dirname(file) === dist);
    assert.deepEqual(
      read.map((file) => path.basename(file)),
      ["extension.js"],
    );
  });
});
