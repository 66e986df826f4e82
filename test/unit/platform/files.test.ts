import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeFiles } from "../../../src/platform/files.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agentgraph-files-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("append", () => {
  it("keeps the order of the calls and loses nothing", async () => {
    const files = nodeFiles();
    const path = join(folder, "log");
    const lines = Array.from({ length: 5_000 }, (_, index) => `${index}\n`);
    await Promise.all(lines.map((line) => files.append(path, line)));
    expect(await readFile(path, "utf8")).toBe(lines.join(""));
  });

  it("is readable by others as soon as it resolves", async () => {
    const files = nodeFiles();
    const path = join(folder, "log");
    for (const text of ["a", "b", "c"]) {
      await files.append(path, text);
      expect((await readFile(path, "utf8")).endsWith(text)).toBe(true);
    }
  });

  it("rejects with the system's code and works again afterwards", async () => {
    const files = nodeFiles();
    const path = join(folder, "absent", "log");
    await expect(files.append(path, "lost")).rejects.toMatchObject({ code: "ENOENT" });
    await files.makeFolder(join(folder, "absent"));
    await files.append(path, "kept");
    expect(await readFile(path, "utf8")).toBe("kept");
  });
});

describe("write", () => {
  it("replaces the whole file, keeps its mode and leaves no draft behind", async () => {
    const path = join(folder, "prompt.md");
    await writeFile(path, "old and longer");
    await chmod(path, 0o640);
    // Windows knows of writable or not alone.
    const { mode } = await stat(path);
    await nodeFiles().write(path, "new");
    expect(await readFile(path, "utf8")).toBe("new");
    expect((await stat(path)).mode).toBe(mode);
    expect(await readdir(folder)).toEqual(["prompt.md"]);
  });

  it("takes the longest name that the system takes", async () => {
    for (const name of ["a".repeat(255), "é".repeat(127)]) {
      await nodeFiles().write(join(folder, name), "text");
      expect(await readFile(join(folder, name), "utf8")).toBe("text");
    }
  });

  it("writes through a link instead of replacing it", async () => {
    await writeFile(join(folder, "target.md"), "old");
    await symlink("target.md", join(folder, "link.md"));
    await nodeFiles().write(join(folder, "link.md"), "new");
    expect(await readFile(join(folder, "target.md"), "utf8")).toBe("new");
  });

  it("leaves the old file when the folder refuses", async () => {
    await expect(nodeFiles().write(join(folder, "absent", "x"), "text")).rejects.toMatchObject({ code: "ENOENT" });
    expect(await readdir(folder)).toEqual([]);
  });
});
