import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { ConfigurationTarget, commands, languages, Range, TextEdit, workspace } from "vscode";
import type { Proposal } from "../../src/engine/events.ts";
import type { RunState } from "../../src/run/state/state.ts";
import { Answers } from "./answers.ts";
import { at, closeAll, folder, makeRun, put, read, removeRuns, until, write } from "./helpers.ts";

describe("an applied text and what the editor does to its file", () => {
  const file = "prompts/plan.md";
  const settings = ["trimTrailingWhitespace", "insertFinalNewline", "trimFinalNewlines", "readonlyInclude"];
  const answers = new Answers();
  const { asked } = answers;
  let original = "";
  let head = "";
  let run: { id: string; state: RunState };

  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], {
      cwd: folder(),
      encoding: "utf8",
    });
  const set = (name: string, value: unknown) =>
    workspace.getConfiguration("files").update(name, value, ConfigurationTarget.Global);
  const apply = ({ id }: Proposal) => commands.executeCommand("agentgraph.apply", { run: run.id, id });
  const commit = () => commands.executeCommand("agentgraph.commit", { entry: { id: run.id } });
  /** The prompt on disk and in git, then a run; what it proposes for the node. */
  const propose = async (text: string): Promise<Proposal> => {
    await put(file, text);
    git("commit", "-qam", "base", "--allow-empty");
    run = await makeRun();
    const proposal = run.state.proposals.find(
      ({ node, verdict }) => node === "plan" && verdict.decision === "accepted",
    );
    assert.ok(proposal, "the simulated model finds something");
    return proposal;
  };

  before(async () => {
    original = await read(file);
    head = git("rev-parse", "HEAD").trim();
    git("config", "user.name", "t");
    git("config", "user.email", "t@example.org");
  });
  afterEach(async () => {
    answers.end();
    for (const name of settings) await set(name, undefined);
    await chmod(at(file).fsPath, 0o644);
    await closeAll();
    git("reset", "-q", "--hard", head);
    await put(file, original);
    await removeRuns();
  });

  it("is committed with its figures when saving trims white space", async () => {
    const proposal = await propose(`Mind this.   \nAnd this.\t\n${original}\n\n`);
    for (const name of settings.slice(0, 3)) await set(name, true);
    answers.give(/^Commit$/);
    await apply(proposal);
    const saved = await read(file);
    assert.match(saved, /^Mind this\.\nAnd this\.\n/);
    assert.notEqual(saved.trimEnd(), proposal.text.trimEnd());
    await commit();
    await until(() => git("log", "--format=%s", "-1").startsWith("Tune the prompt of plan"));
    assert.equal(git("show", `HEAD:${file}`), saved);
    assert.match(git("log", "--format=%B", "-1"), /^Agentgraph-Loss: /m);
    const dialogs = asked.filter(({ detail }) => detail !== "");
    assert.deepEqual(
      dialogs.map(({ message }) => message),
      ["Commit plan.md?"],
    );
    assert.match(asked.find(({ buttons }) => buttons.includes("Commit"))?.detail ?? "", /spacing in plan\.md/);
  });

  it("has the line ends that git gives it: no spacing is said to have changed", async () => {
    git("config", "core.autocrlf", "true");
    try {
      const proposal = await propose(original.replaceAll("\n", "\r\n"));
      answers.give(/^Commit$/);
      await apply(proposal);
      assert.match(await read(file), /\r\n/);
      await commit();
      await until(() => git("log", "--format=%s", "-1").startsWith("Tune the prompt of plan"));
      assert.doesNotMatch(git("show", `HEAD:${file}`), /\r/);
      assert.doesNotMatch(asked.find(({ buttons }) => buttons.includes("Commit"))?.detail ?? "", /spacing/);
    } finally {
      git("config", "--unset", "core.autocrlf");
    }
  });

  it("is committed when a formatter changes it on save, after a question that shows the lines", async () => {
    const proposal = await propose(`* Mind this.\n* And this.\n\n${original}`);
    const formatter = languages.registerDocumentFormattingEditProvider(
      { language: "markdown" },
      {
        provideDocumentFormattingEdits: (document) => {
          const whole = new Range(document.positionAt(0), document.positionAt(document.getText().length));
          return [TextEdit.replace(whole, document.getText().replaceAll(/^\* /gm, "- "))];
        },
      },
    );
    const setFormat = (value: true | undefined) =>
      workspace.getConfiguration("editor").update("formatOnSave", value, ConfigurationTarget.Global);
    try {
      await setFormat(true);
      answers.give(/^Commit changed text$/, /^Commit$/);
      await apply(proposal);
      const saved = await read(file);
      assert.equal(saved, `${proposal.text.replaceAll(/^\* /gm, "- ")}\n`);
      await commit();
      await until(() => git("log", "--format=%s", "-1").startsWith("Tune the prompt of plan"));
      assert.equal(git("show", `HEAD:${file}`), saved);
      const question = answers.find(/plan changed after it was applied/);
      assert.match(question?.detail ?? "", /^− \* Mind this\.$[\s\S]*^\+ - Mind this\.$/m);
      assert.match(git("log", "--format=%B", "-1"), /changed after the run judged it, so not scored/);
    } finally {
      formatter.dispose();
      await setFormat(undefined);
    }
  });

  it("is committed without figures when more changed, after a question that shows the lines", async () => {
    const proposal = await propose(original);
    answers.give();
    await apply(proposal);
    const changed = (await read(file)).replace(/^\S+/, "Reworded");
    await put(file, changed);
    await commit();
    const [question] = asked.filter(({ buttons }) => buttons.includes("Commit changed text"));
    assert.match(question?.message ?? "", /plan changed after it was applied/);
    assert.match(question?.detail ?? "", /^\+ Reworded/m);
    assert.equal(git("log", "--format=%s", "-1").trim(), "base");

    answers.give(/^Commit changed text$/, /^Commit$/);
    await commit();
    await until(() => git("log", "--format=%s", "-1").startsWith("Tune the prompt of plan"));
    const message = git("log", "--format=%B", "-1");
    assert.match(message, /- plan: changed after the run judged it, so not scored/);
    assert.doesNotMatch(message, /Agentgraph-Loss/);
  });

  it("is not committed with what is staged, edited or switched elsewhere while the question is open", async () => {
    const proposal = await propose(original);
    answers.give();
    await apply(proposal);
    const applied = await read(file);
    const before = git("rev-parse", "HEAD");
    const acts: Readonly<Record<string, () => unknown>> = {
      "another file is staged": async () => {
        await write("prompts/style.md", "Unfinished.\n");
        git("add", "prompts/style.md");
      },
      "the text is edited": () => write(file, `${applied}And more.\n`),
      "the branch is switched": () => git("switch", "-qc", "other"),
    };
    for (const [what, act] of Object.entries(acts)) {
      answers.give(/^Commit$/);
      answers.meanwhile((message) => (/^Commit/.test(message) ? act() : null));
      await commit();
      assert.equal(git("rev-parse", "HEAD"), before, what);
      assert.ok(answers.find(/nothing was committed|Other staged changes/), `${what}: ${JSON.stringify(asked)}`);
      git("reset", "-q");
      git("checkout", "-q", "main", "prompts/style.md");
      git("switch", "-q", "main");
      await put(file, applied);
    }
    git("branch", "-qD", "other");
  });

  it("is not committed in the middle of a rebase, a merge or a cherry-pick", async () => {
    const proposal = await propose(original);
    answers.give(/^Commit$/);
    await apply(proposal);
    const before = git("rev-parse", "HEAD").trim();
    for (const name of ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD"]) {
      await write(`.git/${name}`, `${before}\n`);
      if (name === "REBASE_HEAD") await mkdir(at(".git/rebase-merge").fsPath);
      answers.give(/^Commit$/);
      await commit();
      for (const made of [name, "rebase-merge"]) await rm(at(`.git/${made}`).fsPath, { recursive: true, force: true });
      assert.equal(git("rev-parse", "HEAD").trim(), before, name);
      assert.ok(answers.find(/is in progress/), `${name}: ${JSON.stringify(asked)}`);
    }
  });

  it("is not committed without a word where no branch would have it", async () => {
    const proposal = await propose(original);
    answers.give();
    await apply(proposal);
    git("checkout", "-q", "--detach");
    try {
      await commit();
      assert.match(answers.find(/^Commit plan\.md\?$/)?.detail ?? "", /^HEAD is detached/);
    } finally {
      git("checkout", "-q", "main");
    }
  });

  it("keeps what another program writes to a file while its original is committed", async () => {
    const proposal = await propose(original);
    git("rm", "-q", "--cached", file);
    git("commit", "-qm", "without the prompt");
    answers.give();
    await apply(proposal);
    const hook = at(".git/hooks/post-commit").fsPath;
    await writeFile(hook, `#!/bin/sh\nprintf 'Written elsewhere.\\n' > ${file}\n`, { mode: 0o755 });
    try {
      answers.give(/^Commit$/);
      await commit();
      assert.equal(await read(file), "Written elsewhere.\n");
      assert.ok(answers.find(/Its version is kept/), JSON.stringify(asked));
    } finally {
      await rm(hook);
    }
  });

  it("asks before it changes a file without write permission, and leaves it after No", async () => {
    const proposal = await propose(original);
    await chmod(at(file).fsPath, 0o444);
    answers.give();
    await apply(proposal);
    assert.match(asked[0]?.message ?? "", /plan\.md is read-only/);
    assert.equal(await read(file), original);
    assert.equal((await stat(at(file).fsPath)).mode & 0o777, 0o444);
    assert.equal((await workspace.openTextDocument(at(file))).isDirty, false);

    answers.give(/^Make writable$/);
    await apply(proposal);
    await until(async () => (await read(file)) === `${proposal.text}\n`);
    assert.equal((await stat(at(file).fsPath)).mode & 0o777, 0o644);
  });

  it("asks before it changes a file in files.readonlyInclude, and leaves it after No", async () => {
    const proposal = await propose(original);
    await set("readonlyInclude", { "prompts/*.md": true });
    answers.give();
    await apply(proposal);
    assert.match(asked[0]?.message ?? "", /plan\.md is read-only/);
    assert.equal(await read(file), original);
    assert.equal((await workspace.openTextDocument(at(file))).isDirty, false);

    answers.give(/^Make writable$/);
    await apply(proposal);
    await until(async () => (await read(file)) === `${proposal.text}\n`);
  });
});
