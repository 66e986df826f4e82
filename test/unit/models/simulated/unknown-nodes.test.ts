import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readGraph } from "../../../../src/graph/read.ts";
import { graphFormat } from "../../../../src/methods/registry.ts";
import { unknownNodes } from "../../../../src/models/simulated/unknown-nodes.ts";
import { nodeFiles } from "../../../../src/platform/files.ts";

const node = (id: string, text: string, kind = "llm") => ({ id, text, kind });

describe("what the simulated model cannot answer", () => {
  it.each(["chain", "diamond", "fan-in"])("is nothing of the example %s", async (name) => {
    const file = join(import.meta.dirname, `../../../../examples/${name}/${name}.agentgraph.json`);
    const { graph } = await readGraph(file, readFileSync(file, "utf8"), nodeFiles(), graphFormat);
    expect(graph?.nodes.length).toBeGreaterThan(1);
    expect(unknownNodes(graph?.nodes ?? [])).toEqual([]);
  });

  it("is every other instruction; a text asks no one", () => {
    const nodes = [node("sort", "Sort the ticket into billing, bug or praise."), node("style", "Be brief.", "text")];
    expect(unknownNodes(nodes)).toEqual(["sort"]);
  });
});
