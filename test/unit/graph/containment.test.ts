import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findRoot, MAX_TEXT, ReferenceRefused, readReference } from "../../../src/graph/containment.ts";
import { nodeFiles } from "../../../src/platform/files.ts";

const files = nodeFiles();
let outside = "";
let repository = "";
let graphs = "";

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

function newFolder(name: string): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `agentgraph-${name}-`)));
  made.push(folder);
  return folder;
}

beforeAll(() => {
  outside = newFolder("root");
  repository = join(outside, "work");
  graphs = join(repository, "graphs");
  for (const folder of [".git", "graphs/prompts", ".agentgraph/runs"])
    mkdirSync(join(repository, folder), { recursive: true });
  mkdirSync(join(outside, "work-secret"));
  const write = (path: string, text: string | Uint8Array) => writeFileSync(join(outside, path), text);
  write("secret.md", "secret");
  write("work-secret/secret.md", "secret");
  write("work/shared.md", "shared");
  write("work/.env", "KEY=secret");
  write("work/.git/config", "secret");
  write("work/.agentgraph/runs/log.md", "secret");
  write("work/graphs/prompts/solve.md", "\uFEFFSolve.");
  write("work/graphs/prompts/large.md", "x".repeat(MAX_TEXT + 1));
  write("work/graphs/prompts/latin.md", new Uint8Array([0x66, 0xfc, 0x72]));
  write("work/graphs/prompts/..odd.md", "odd");
  symlinkSync(join(outside, "secret.md"), join(graphs, "link.md"));
  symlinkSync(outside, join(graphs, "up"));
  symlinkSync("../shared.md", join(graphs, "inside.md"));
  symlinkSync("../.git/config", join(graphs, "config.md"));
});

const read = async (reference: string, from = graphs) =>
  (await readReference(await findRoot(join(from, "g.agentgraph.json"), files), reference, files, MAX_TEXT)).text;

it("finds a file whose name composes its letters otherwise, but never one of two", async () => {
  const folder = newFolder("composed");
  const [one, two] = ["prompts/r\u00e9ponse.md", "prompts/re\u0301ponse.md"];
  mkdirSync(join(folder, "prompts"));
  writeFileSync(join(folder, two), "two");
  expect(await read(one, folder)).toBe("two");
  expect(await read(two, folder)).toBe("two");
  symlinkSync(join(outside, "secret.md"), join(folder, "prompts/le\u0301ak.md"));
  expect(await reasonOf("prompts/l\u00e9ak.md", folder)).toBe("leaves the root by a link");
  expect(await reasonOf("prompts/\u00e9.md", folder)).toBe("not found");
});

const reasonOf = async (reference: string, from = graphs) => {
  const error: unknown = await read(reference, from).catch((thrown: unknown) => thrown);
  return error instanceof ReferenceRefused ? error.reason : error;
};

describe("the root", () => {
  it("is the git top level, else the folder of the graph file", async () => {
    expect(await findRoot(join(graphs, "g.agentgraph.json"), files)).toEqual({ folder: repository, base: graphs });
    const alone = newFolder("alone");
    expect(await findRoot(join(alone, "g.agentgraph.json"), files)).toEqual({ folder: alone, base: alone });
  });

  it("is a real path, however the file was named", async () => {
    expect((await findRoot(join(graphs, "up/work/graphs/g.agentgraph.json"), files)).folder).toBe(repository);
  });
});

describe("a reference", () => {
  it("leads to files inside the root", async () => {
    expect(await read("prompts/solve.md")).toBe("\uFEFFSolve.");
    expect(await read("./prompts/../prompts/solve.md")).toBe("\uFEFFSolve.");
    expect(await read("../shared.md")).toBe("shared");
    expect(await read("inside.md")).toBe("shared");
    expect(await read("prompts/..odd.md")).toBe("odd");
  });

  it.each([
    ["../../secret.md", "leaves the root"],
    ["prompts/../../../secret.md", "leaves the root"],
    ["../../work-secret/secret.md", "leaves the root"],
    ["..", "leaves the root"],
    ["/etc/passwd", "absolute"],
    ["//server/share/x.md", "absolute"],
    ["\\\\server\\share\\x.md", "absolute"],
    ["C:\\x.md", "absolute"],
    ["c:/x.md", "absolute"],
    ["file:///etc/passwd", "absolute"],
    ["https://example.com/x.md", "absolute"],
    ["~/x.md", "absolute"],
    ["..\\..\\secret.md", "holds a backslash"],
    ["%2e%2e/%2E%2e/secret.md", "holds an escape"],
    ["..%2fsecret.md", "holds an escape"],
    ["prompts/solve.md\0.png", "holds a control character"],
    ["", "empty"],
    ["link.md", "leaves the root by a link"],
    ["up/secret.md", "leaves the root by a link"],
    ["../.git/config", "is private"],
    ["config.md", "is private"],
    ["../.env", "is private"],
    ["../.Env.local", "is private"],
    ["../.agentgraph/runs/log.md", "is private"],
    ["none.md", "not found"],
    ["prompts/solve.md/x", "not found"],
    ["prompts", "not a file"],
    ["prompts/large.md", "too large"],
    ["prompts/latin.md", "not UTF-8"],
  ])("%j is refused: %s", async (reference, reason) => {
    expect(await reasonOf(reference)).toBe(reason);
  });

  it("stays in the folder where there is no repository", async () => {
    const alone = newFolder("alone");
    mkdirSync(join(alone, "graphs"));
    writeFileSync(join(alone, "x.md"), "x");
    expect(await reasonOf("../x.md", join(alone, "graphs"))).toBe("leaves the root");
  });
});
