import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { commitsAt } from "../../../src/platform/git-log.ts";
import { gitStore } from "../../../src/platform/git-store.ts";

/** A program that leaves a trace, and a repository whose settings name it wherever git can run one. */
async function hostileRepository(isBare: boolean) {
  const folder = await mkdtemp(join(tmpdir(), "agentgraph-git-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const trace = join(folder, "trace");
  const program = join(folder, "program");
  await writeFile(program, `#!/bin/sh\necho "$0 $*" >> ${trace}\n`);
  await chmod(program, 0o755);
  const work = join(folder, "work");
  await mkdir(work);
  const git = (...args: string[]) => execFileSync("git", args, { cwd: work, stdio: "pipe" });
  git("init", "--quiet", ...(isBare ? ["--bare"] : []), ".");
  const settings = {
    "core.fsmonitor": program,
    "core.pager": program,
    "core.editor": program,
    "log.showSignature": "true",
    "gpg.program": program,
    "diff.external": program,
    "protocol.ext.allow": "always",
    "remote.origin.url": work,
    "remote.origin.uploadpack": program,
    "remote.origin.receivepack": program,
    "commit.gpgSign": "true",
    "user.name": "x",
    "user.email": "x@example.com",
  };
  for (const [name, value] of Object.entries(settings)) git("config", name, value);
  const hooks = join(work, isBare ? "hooks" : ".git/hooks");
  await mkdir(hooks, { recursive: true });
  for (const hook of ["pre-push", "post-commit", "reference-transaction", "post-receive", "update"]) {
    await writeFile(join(hooks, hook), `#!/bin/sh\n${program} ${hook}\n`);
    await chmod(join(hooks, hook), 0o755);
  }
  return { work, trace };
}

it.skipIf(process.platform === "win32").each([
  ["an unpacked .git", false],
  ["a folder of a clone that looks like a bare repository", true],
])("no program that %s names is run", async (_, isBare) => {
  const { work, trace } = await hostileRepository(isBare);
  await commitsAt(work, 10);
  const store = gitStore(work, "replies");
  await store.add("a", ["{}"]).catch(() => {});
  for await (const _line of store.lines()) break;
  await store.add("b", ["{}"]).catch(() => {});
  await commitsAt(work, 10);
  expect(existsSync(trace)).toBe(false);
});

it.skipIf(process.platform === "win32")(
  "a folder of a clone that looks like a bare repository is not used",
  async () => {
    const { work } = await hostileRepository(true);
    await expect(gitStore(work, "replies").add("a", ["{}"])).rejects.toThrow(
      /bareRepository|cannot use bare repository/,
    );
  },
);
