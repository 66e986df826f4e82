import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import JSZip from "jszip";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const SOURCES = ["src", "webview", "media", "l10n", "examples", "scripts"];
const FILES = ["package.json", "package-lock.json", "package.nls.json", "README.md", "CHANGELOG.md", "LICENSE"];

/** Prints the most files that one part of the editor reads, and what the last one does. The API of VS Code is a hollow one. */
const LOAD_PARTS = `
  const load = require("node:module")._load;
  const vscode = new Proxy({}, { get: () => class {} });
  require("node:module")._load = (name, ...rest) => (name === "vscode" ? vscode : load(name, ...rest));
  const { basename, join } = require("node:path");
  const known = new Set();
  const fresh = () => Object.keys(require.cache).filter((file) => !known.has(file) && known.add(file));
  const { parts } = require(join(process.argv[1], "editor-parts.js"));
  fresh();
  const read = parts.map((part) => (part(), fresh().map((file) => basename(file))));
  console.log(JSON.stringify({ last: read.at(-1), most: Math.max(...read.map((files) => files.length)) }));
`;

describe("the package for the Marketplace", () => {
  const folder = mkdtempSync(join(tmpdir(), "agentgraph-vsix-"));
  const [here, elsewhere] = [join(folder, "here.vsix"), join(folder, "elsewhere.vsix")];
  let shipped = new Map<string, string>();

  beforeAll(async () => {
    const copy = join(folder, "a copy of it");
    mkdirSync(copy);
    for (const name of [...SOURCES, ...FILES, ".vscodeignore", "tsconfig.json"]) {
      cpSync(join(root, name), join(copy, name), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");
    pack(root, here, "UTC");
    pack(copy, elsewhere, "Asia/Tokyo");
    shipped = await contents(here);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("has the same bytes wherever and whenever it is made", () => {
    expect(readFileSync(elsewhere).equals(readFileSync(here))).toBe(true);
  });

  it("contains what is on the allow list and nothing else", () => {
    const top = new Set([...shipped.keys()].map((path) => path.split("/").slice(0, 2).join("/")));
    expect([...top].sort()).toEqual([
      "extension/LICENSE.txt",
      "extension/changelog.md",
      "extension/dist",
      "extension/examples",
      "extension/media",
      "extension/package.json",
      "extension/package.nls.json",
      "extension/readme.md",
    ]);
    const kinds = new Set([...shipped.keys()].map((path) => path.split(".").at(-1)));
    expect([...kinds].sort()).toEqual(["js", "json", "jsonl", "md", "png", "svg", "txt"]);
  });

  it("runs nothing when it is installed, and contains nothing about the machine that made it", () => {
    const manifest: unknown = JSON.parse(shipped.get("extension/package.json") ?? "{}");
    for (const key of ["scripts", "devDependencies", "dependencies", "private"])
      expect(manifest).not.toHaveProperty(key);
    for (const [path, text] of shipped) {
      expect(text.includes(root), path).toBe(false);
      expect(text.includes(folder), path).toBe(false);
    }
  });

  it("loads the editor file by file, so that no file's turn is spent on others, too", () => {
    expect(shipped.has("extension/dist/editor-parts.js")).toBe(true);
    const answer = execFileSync(process.execPath, ["-e", LOAD_PARTS, join(root, "dist")], { encoding: "utf8" });
    const read: unknown = JSON.parse(answer);
    expect(read).toMatchObject({ last: ["editor.js"] });
    expect(read).toMatchObject({ most: 1 });
  });

  it("gives the licence of every package that is bundled", () => {
    const notices = shipped.get("extension/dist/ThirdPartyNotices.txt") ?? "";
    const sections = notices.split(/\n-{80}\n/).slice(1);
    const names = sections.map((section) => section.split(" ")[0]);
    // One that is named in the sources, one that only another brings, one that only the page has.
    for (const name of ["zod", "openai", "p-queue", "eventemitter3", "d3-zoom", "@vscode/webview-ui-toolkit"]) {
      expect(names).toContain(name);
    }
    for (const section of sections) {
      expect(section).toMatch(/copyright/i);
      expect(section).toMatch(/permission|redistribution|licensed under|public domain/i);
    }
    expect(names.filter((name) => name === "esbuild" || name === "vitest")).toEqual([]);
  });

  it("has images that the Marketplace can show", () => {
    const readme = shipped.get("extension/readme.md") ?? "";
    const pictures = [...readme.matchAll(/!\[[^\]]*\]\(([^)]*)\)/g)].map(([, address]) => address);
    expect(pictures.length).toBeGreaterThan(0);
    for (const address of pictures) expect(address).toMatch(/^https:\/\/.*\.png$/);
  });
});

function pack(where: string, target: string, timeZone: string): void {
  const env = { ...process.env, TZ: timeZone };
  execFileSync(process.execPath, [join(where, "scripts/package.mjs"), target], { env, stdio: "pipe" });
}

/** Texts of the files that VS Code unpacks, by path. */
async function contents(archive: string): Promise<Map<string, string>> {
  const { files } = await JSZip.loadAsync(readFileSync(archive));
  const extension = Object.values(files).filter(({ dir, name }) => !dir && name.startsWith("extension/"));
  return new Map(await Promise.all(extension.map(async (file) => [file.name, await file.async("text")] as const)));
}
