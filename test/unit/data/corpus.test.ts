import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadCorpus, passagesOf } from "../../../src/data/corpus.ts";
import { search } from "../../../src/data/retrieval.ts";
import { findRoot } from "../../../src/graph/containment.ts";
import { JsonDocument } from "../../../src/graph/syntax/document.ts";
import { nodeFiles } from "../../../src/platform/files.ts";

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

/** A repository with the graph in `graphs/`, beside a folder that is none of its business. */
async function repository(contents: Readonly<Record<string, string | Uint8Array>>, links: Record<string, string> = {}) {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "agentgraph-corpus-")));
  folders.push(folder);
  await mkdir(join(folder, "repo/.git"), { recursive: true });
  await mkdir(join(folder, "repo/graphs"), { recursive: true });
  await mkdir(join(folder, "outside"), { recursive: true });
  await writeFile(join(folder, "outside/secret.md"), "The secret is 42.");
  for (const [name, content] of Object.entries(contents)) {
    const path = join(folder, "repo", name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  for (const [name, to] of Object.entries(links)) await symlink(join(folder, to), join(folder, "repo", name));
  const graph = join(folder, "repo/graphs/a.agentgraph.json");
  const files = nodeFiles();
  const root = await findRoot(graph, files);
  return async (...patterns: string[]) => {
    const document = new JsonDocument(graph, '{ "nodes": { "find": { "corpus": [] } } }');
    const path = ["nodes", "find", "corpus"];
    const passages = await loadCorpus({ patterns, document, path, root, files, yieldNow: async () => {} });
    return { passages, faults: document.faults.map(({ code, message }) => `${code}: ${message}`) };
  };
}

describe("a corpus", () => {
  it("contains the passages of all files that match, sorted by path", async () => {
    const load = await repository({
      "graphs/docs/b.md": "Bees fly.",
      "graphs/docs/deep/a.md": "# Ants\n\nAnts walk.",
      "graphs/docs/c.txt": "not asked for",
      "graphs/notes/d.md": "Ducks swim.",
    });
    const { passages, faults } = await load("docs/**/*.md", "notes/*.md");
    expect(faults).toEqual([]);
    expect(passages).toEqual([
      { path: "docs/b.md", text: "Bees fly." },
      { path: "docs/deep/a.md", text: "# Ants\n\nAnts walk." },
      { path: "notes/d.md", text: "Ducks swim." },
    ]);
    expect((await load("docs/{b,c}.*")).passages?.map(({ path }) => path)).toEqual(["docs/b.md", "docs/c.txt"]);
  });

  it("may lie elsewhere in the repository, and never outside", async () => {
    const load = await repository(
      { "handbook/a.md": "Rules." },
      { "graphs/out": "outside", "graphs/one.md": "outside/secret.md" },
    );
    expect((await load("../handbook/*.md")).passages).toEqual([{ path: "../handbook/a.md", text: "Rules." }]);
    for (const pattern of ["../../outside/*.md", "/etc/*", "~/*", "..\\..\\outside\\*", "C:/x/*.md", "%2e%2e/*"]) {
      const { passages, faults } = await load(pattern);
      expect(passages, pattern).toBeNull();
      expect(faults.join(), pattern).toMatch(/^reference-refused/);
    }
    expect((await load("out/*.md")).passages).toBeNull();
    const link = await load("*.md");
    expect(link.passages).toBeNull();
    expect(link.faults.join()).toContain("one.md (leaves the root by a link)");
  });

  it("leaves out what can contain secrets, and says what it cannot read", async () => {
    const load = await repository({
      "graphs/.env": "KEY=1",
      "graphs/.git/config": "token",
      "graphs/node_modules/x/readme.md": "no",
      "graphs/a.md": "yes",
      "graphs/b.md": new Uint8Array([0xff, 0xfe, 0xff]),
    });
    const { passages, faults } = await load("**/*", "**/.*", "**/.git/*", ".env*");
    expect(passages).toEqual([{ path: "a.md", text: "yes" }]);
    expect(faults).toEqual(["unread-corpus-file: 1 of 2 files of the corpus are not read: b.md (not UTF-8)."]);
  });

  it.each(["docs/[a]+(*a)x", "docs/*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*x", "docs/*(*(a))!"])(
    "does not wait for a pattern that a clone contains to hang its reader: %s",
    async (pattern) => {
      const read = await repository({ [`graphs/docs/${"a".repeat(60)}b.md`]: "x" });
      const { passages, faults } = await read(pattern);
      expect(passages).toBeNull();
      expect(faults).toEqual([
        expect.stringMatching(/^(bad-pattern: One of the patterns .* takes too long|empty-corpus)/),
      ]);
    },
  );

  it("can be named by patterns with groups, classes and many repeats", async () => {
    const read = await repository({
      "graphs/docs/a1.md": "one",
      "graphs/docs/[b].md": "two",
      "graphs/docs/x/y/c.md": "three",
    });
    const names = async (pattern: string) => (await read(pattern)).passages?.map(({ path }) => path);
    expect(await names("docs/@(a|b)[0-9].md")).toEqual(["docs/a1.md"]);
    expect(await names("docs/[b].md")).toEqual(["docs/[b].md"]);
    expect(await names("**/x/**/y/**/*.md")).toEqual(["docs/x/y/c.md"]);
  });

  it("must contain something", async () => {
    const load = await repository({ "graphs/empty.md": " \n" });
    expect((await load("*.md")).faults.join()).toContain('empty-corpus: No file with text matches "*.md".');
  });
});

describe("passages", () => {
  it("are paragraphs up to a length, each with the heading of its section", () => {
    const [long, short] = [`${"word ".repeat(200)}end.`, "A short one."];
    expect(passagesOf(`# One\n\n${short}\n\n${short}\n\n## Two\n\n${long}\n\n${long}`)).toEqual([
      `# One\n\n${short}\n\n${short}`,
      `## Two\n\n${long}`,
      `## Two\n\n${long}`,
    ]);
  });

  it("hold every word, none longer than it can be", () => {
    const text = Array.from({ length: 3000 }, (_, index) => `w${index}`).join(" ");
    const passages = passagesOf(text);
    expect(passages.join(" ")).toBe(text);
    expect(Math.max(...passages.map((one) => one.length))).toBeLessThanOrEqual(1_400);
  });
});

it("a search finds the passages that share the most telling words, in a fixed order", () => {
  const corpus = ["The baker of Ulm bakes bread.", "The mayor of Ulm.", "Bread is baked from flour.", "A river."].map(
    (text, index) => ({ path: `${index}.md`, text }),
  );
  expect(search(corpus, "mayor of Ulm", 2).map(({ path }) => path)).toEqual(["1.md", "0.md"]);
  expect(search(corpus, "zebra", 3)).toEqual([]);
  const equal = Array.from({ length: 20 }, (_, index) => ({ path: "same.md", text: `same words ${index % 1}` }));
  expect(search(equal, "same", 5)).toEqual(equal.slice(0, 5));
});
