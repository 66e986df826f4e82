import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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

const own = (work: string, ...args: string[]) =>
  execFileSync("git", args, { cwd: work, stdio: "pipe" }).toString().trim();

/** What programs did, `program` being one that leaves a trace. */
async function played(set: (at: { work: string; program: string; url: string }) => void | Promise<void>) {
  const { work, trace } = await hostileRepository(false);
  const server = createServer((_, response) => response.writeHead(401, { "www-authenticate": "Basic" }).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  await set({
    work,
    program: join(work, "../program"),
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`,
  });
  await rm(trace, { force: true });
  await commitsAt(work, 10);
  const store = gitStore(work, "replies");
  let said = "";
  const say = (error: unknown) => {
    said += `${error}\n`;
  };
  await (async () => {
    for await (const _line of store.lines()) break;
  })().catch(say);
  await store.add("a", ["{}"]).catch(say);
  return { said, trace: existsSync(trace) ? await readFile(trace, "utf8") : "" };
}

it
  .skipIf(process.platform === "win32")
  .each<[string, (at: { work: string; program: string; url: string }) => void | Promise<void>]>([
    [
      "core.sshcommand",
      ({ work, program }) => {
        own(work, "config", "core.sshCommand", program);
        own(work, "config", "remote.origin.url", "ssh://127.0.0.1/x");
      },
    ],
    [
      "core.gitproxy",
      ({ work, program }) => {
        own(work, "config", "core.gitProxy", program);
        own(work, "config", "remote.origin.url", "git://127.0.0.1/x");
      },
    ],
    [
      "credential.helper",
      ({ work, program, url }) => {
        own(work, "config", "credential.helper", `!${program}`);
        own(work, "config", "remote.origin.url", url);
      },
    ],
    [
      "credential.http://127.0.0.1.helper",
      ({ work, program, url }) => {
        own(work, "config", `credential.${new URL(url).origin}.helper`, `!${program}`);
        own(work, "config", "remote.origin.url", url);
      },
    ],
    [
      "core.askpass",
      ({ work, program, url }) => {
        own(work, "config", "core.askPass", program);
        own(work, "config", "remote.origin.url", url);
      },
    ],
    [
      "core.alternaterefscommand",
      async ({ work, program }) => {
        own(work, "config", "core.alternateRefsCommand", program);
        const other = join(work, "../other");
        await mkdir(other);
        own(other, "init", "--quiet", ".");
        own(other, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "--allow-empty", "-m", "x");
        own(other, "branch", "replies");
        own(work, "config", "remote.origin.url", other);
        await writeFile(join(work, ".git/objects/info/alternates"), `${join(other, ".git/objects")}\n`);
      },
    ],
    ["remote.origin.vcs", ({ work }) => void own(work, "config", "remote.origin.vcs", "ext")],
  ])("no program that a repository's %s names is run, and the setting is named", async (name, set) => {
  const { said, trace } = await played(set);
  expect(trace).toBe("");
  const [section] = name.split(".");
  expect(said).toMatch(new RegExp(`settings of this repository name a program: ${section}\\.`));
});

it.skipIf(process.platform === "win32")("no submodule is fetched, and nothing that a partial clone lacks", async () => {
  const { trace } = await played(async ({ work, program }) => {
    // The missing commit would be fetched by the remote's program.
    own(work, "config", "core.repositoryFormatVersion", "1");
    own(work, "config", "extensions.partialClone", "origin");
    own(work, "config", "remote.origin.promisor", "true");
    own(work, "config", "remote.origin.uploadpack", program);
    own(work, "config", "fetch.recurseSubmodules", "true");
    own(work, "config", "submodule.recurse", "true");
    own(work, "config", "push.recurseSubmodules", "on-demand");
    await writeFile(join(work, ".git/refs/heads/main"), `${"1".repeat(40)}\n`);
    await writeFile(join(work, ".git/HEAD"), "ref: refs/heads/main\n");
  });
  expect(trace).toBe("");
});

/** A repository whose branch of replies somebody else wrote. */
async function branchWith(entries: string): Promise<string> {
  const { work } = await hostileRepository(false);
  own(work, "config", "--remove-section", "remote.origin");
  const git = (input: string, ...args: string[]) =>
    execFileSync("git", args, { cwd: work, input, stdio: "pipe" }).toString().trim();
  const blob = git('{"a":1}\n', "hash-object", "-w", "--stdin");
  const tree = git(entries.replaceAll("BLOB", blob), "mktree", "-z", "--missing");
  git("", "update-ref", "refs/heads/replies", git("", "commit-tree", tree, "-m", "x"));
  return work;
}

it.skipIf(process.platform === "win32")(
  "hostile names and kinds of entries in the branch neither stop nor change what is read",
  async () => {
    const hostile = ['a\nb"\t\u202e.jsonl', "-x.jsonl", "replies-\n.jsonl", "CON", "x".repeat(250)];
    const work = await branchWith(
      [
        ...hostile.map((name) => `100644 blob BLOB\t${name}`),
        `160000 commit ${"2".repeat(40)}\treplies-sub.jsonl`,
        "100644 blob BLOB\treplies-good.jsonl",
      ]
        .map((entry) => `${entry}\0`)
        .join(""),
    );
    const store = gitStore(work, "replies");
    const read = async () => {
      const lines: string[] = [];
      for await (const line of store.lines()) lines.push(line);
      return lines;
    };
    expect(await read()).toEqual(['{"a":1}']);
    await store.add("new", ['{"b":2}']);
    expect((await read()).sort()).toEqual(['{"a":1}', '{"b":2}']);
    expect(own(work, "ls-tree", "-z", "--name-only", "replies").split("\0").filter(Boolean)).toHaveLength(8);
  },
);

it.skipIf(process.platform === "win32")("two that push at the same time both arrive", async () => {
  const work = await branchWith("");
  const names = ["a", "b", "c", "d"];
  await Promise.all(names.map((name) => gitStore(work, "replies").add(name, [`{"${name}":1}`])));
  const lines: string[] = [];
  for await (const line of gitStore(work, "replies").lines()) lines.push(line);
  expect(lines.sort()).toEqual(names.map((name) => `{"${name}":1}`));
});
