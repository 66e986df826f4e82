import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { type CodeLens, commands, TabInputTextDiff, window, workspace } from "vscode";
import type { RunState } from "../../src/run/state/state.ts";
import { Answers } from "./answers.ts";
import { at, closeAll, folder, makeRun, put, read, removeRuns, settles, show, until, write } from "./helpers.ts";

describe("the review of a run that was made outside the editor", () => {
  const prompts = ["prompts/plan.md", "prompts/solve.md", "prompts/style.md"];
  let run: { id: string; state: RunState };
  let originals: string[] = [];

  before(async () => {
    originals = await Promise.all(prompts.map(read));
  });
  beforeEach(async () => {
    run = await makeRun();
  });
  afterEach(async () => {
    answers.end();
    // VS Code keeps a file that was undone without a tab: it would still be unsaved in the next test.
    for (const { uri } of workspace.textDocuments.filter(({ isDirty, uri }) => isDirty && uri.scheme === "file")) {
      await window.showTextDocument(uri);
      await commands.executeCommand("workbench.action.files.revert");
    }
    await closeAll();
    for (const [index, file] of prompts.entries()) {
      const text = originals[index] ?? "";
      await put(file, text);
    }
    await removeRuns();
  });

  const answers = new Answers();
  const accepted = () => run.state.proposals.filter(({ verdict }) => verdict.decision === "accepted");
  /** A proposal for `plan`: the question is its file, not whether the gate accepts. */
  const proposePlan = async () => {
    run = await makeRun({
      set: [
        ["optimize.gate.policy", '"off"'],
        ["optimize.iterations", "1"],
      ],
    });
    const proposal = accepted().find(({ node }) => node === "plan");
    assert.ok(proposal, "the simulated model finds something");
    return proposal;
  };
  const review = (id: string) => commands.executeCommand("agentgraph.review", { run: run.id, id });
  const fileOf = (node: string) => `prompts/${node}.md`;

  it("opens a proposal as an inline diff of the decoded text, with lenses", async () => {
    const [proposal] = accepted();
    assert.ok(proposal, "the simulated model finds something");
    await review(proposal.id);
    const input = await until(() => {
      const shown = window.tabGroups.activeTabGroup.activeTab?.input;
      return shown instanceof TabInputTextDiff ? shown : null;
    });
    const before = await workspace.openTextDocument(input.original);
    const after = await workspace.openTextDocument(input.modified);
    assert.equal(before.getText(), proposal.base);
    assert.equal(after.getText(), proposal.text);
    assert.equal(after.languageId, "agentgraph-instruction");
    assert.equal(workspace.getConfiguration("diffEditor", after).get("renderSideBySide"), false);

    const lenses = await commands.executeCommand<CodeLens[]>("vscode.executeCodeLensProvider", after.uri, 10);
    const titles = lenses.map(({ command }) => command?.title ?? "");
    assert.equal(titles[0], "✓ Accepted by the gate");
    assert.deepEqual(titles.slice(1, 4), ["Apply", "Reject", "Why"]);
    assert.match(titles[4] ?? "", /^(together )?\d+ → \d+ of \d+ right( · |$)/);
  });

  it("says above an open proposal that its run was deleted", async () => {
    const [proposal] = accepted();
    assert.ok(proposal, "the simulated model finds something");
    await review(proposal.id);
    const after = await until(() => {
      const shown = window.tabGroups.activeTabGroup.activeTab?.input;
      return shown instanceof TabInputTextDiff ? shown.modified : null;
    });
    await removeRuns();
    const titles = async () => {
      const lenses = await commands.executeCommand<CodeLens[]>("vscode.executeCodeLensProvider", after, 10);
      return lenses.map(({ command }) => command?.title);
    };
    await settles(titles, ["The run of this text no longer exists."]);
  });

  it("applies all accepted proposals as one edit that one undo reverts", async () => {
    const files = accepted().map(({ node }) => fileOf(node));
    const [first] = files;
    assert.ok(first);
    await show(first);
    await commands.executeCommand("agentgraph.applyAccepted", { entry: { id: run.id } });
    for (const { node, text } of accepted()) assert.equal(await read(fileOf(node)), `${text}\n`);
    const untouched = prompts.filter((file) => !files.includes(file));
    for (const file of untouched) assert.equal(await read(file), originals[prompts.indexOf(file)]);

    const document = await show(first);
    await commands.executeCommand("undo");
    assert.equal(document.getText(), originals[prompts.indexOf(first)]);
  });

  it("writes the result that the user chooses, and another one in its place, but never over other texts", async () => {
    run = await makeRun({ set: [["optimize.objectives", '"pareto"']] });
    const front = run.state.finished?.front ?? [];
    const best = front.find(({ isResult }) => isResult);
    assert.ok(best && front.length > 1, `${front.length} results`);
    const pick = async (score: number) => {
      answers.give(new RegExp(`^score ${score.toFixed(2)}$`));
      await commands.executeCommand("agentgraph.pickResult", { entry: { id: run.id } });
      assert.ok(answers.find(/Which result/), JSON.stringify(answers.asked));
    };
    const texts = async () => (await Promise.all(prompts.map(read))).map((text) => text.trimEnd());
    await pick(best.score);
    await settles(
      texts,
      ["plan", "solve", "style"].map((node) => best.texts[node]?.trimEnd()),
    );
    await pick(front[0]?.score ?? 0);
    await settles(
      texts,
      originals.map((text) => text.trimEnd()),
    );

    await put("prompts/solve.md", "Something else.\n");
    await pick(best.score);
    assert.ok(answers.find(/changed since the run/));
    assert.equal(await read("prompts/solve.md"), "Something else.\n");
    answers.end();
  });

  it("keeps line ends and a byte order mark of the file", async () => {
    const [proposal] = accepted();
    assert.ok(proposal);
    const file = fileOf(proposal.node);
    const base = `${proposal.base.replaceAll("\n", "\r\n")}\r\n`;
    await put(file, `\uFEFF${base}`);
    await commands.executeCommand("agentgraph.apply", { run: run.id, id: proposal.id });
    assert.equal(await read(file), `\uFEFF${proposal.text.replaceAll("\n", "\r\n")}\r\n`);
  });

  it("applies to a file of almost 1 MB with CRLF and a byte order mark, and one undo reverts it", async () => {
    const file = "prompts/plan.md";
    const lines = Array.from({ length: 21_000 }, (_, index) => `Rule ${index}: mind what was said before this.`);
    const before = `\uFEFF${[originals[0]?.trimEnd(), ...lines].join("\r\n")}\r\n`;
    assert.ok(Buffer.byteLength(before) > 900_000 && Buffer.byteLength(before) < 2 ** 20);
    await put(file, before);
    const proposal = await proposePlan();
    const document = await show(file);
    await commands.executeCommand("agentgraph.apply", { run: run.id, id: proposal.id });
    const after = await read(file);
    assert.equal(after, `\uFEFF${proposal.text.replaceAll("\n", "\r\n")}\r\n`);
    const added = after.split("\r\n").filter((line) => !before.includes(line));
    assert.ok(added.length > 0 && added.length < 10, `${added.length} lines are new`);

    await show(file);
    await commands.executeCommand("undo");
    await document.save();
    await settles(() => read(file), before);
  });

  it("keeps each line's own end in a file with several kinds", async () => {
    const file = "prompts/plan.md";
    const before = `\uFEFF${originals[0]?.trimEnd()}\r\nMind rule 1.\nMind rule 2.\r\nMind rule 3.\n`;
    await write(file, before);
    const proposal = await proposePlan();
    const document = await workspace.openTextDocument(at(file));
    await commands.executeCommand("agentgraph.apply", { run: run.id, id: proposal.id });
    const after = await read(file);
    assert.notEqual(after, before);
    assert.equal(after.replaceAll("\r\n", "\n"), `\uFEFF${proposal.text}\n`);
    const kept = before.split(/(?<=\n)/).filter((line) => after.includes(line));
    assert.deepEqual(kept, before.split(/(?<=\n)/));
    await settles(async () => document.isDirty, false);
  });

  it("changes no byte if line ends are mixed or a file is missing", async () => {
    const [proposal] = accepted();
    assert.ok(proposal);
    const file = fileOf(proposal.node);
    const mixed = "One.\r\nTwo.\nThree.\n";
    await write(file, mixed);
    await commands.executeCommand("agentgraph.apply", { run: run.id, id: proposal.id });
    assert.equal(await read(file), mixed);
    await rm(at(file).fsPath);
    await commands.executeCommand("agentgraph.apply", { run: run.id, id: proposal.id });
    await assert.rejects(read(file), /ENOENT/);
  });

  it("changes nothing if one of the texts changed since the run", async () => {
    const [first, second] = accepted();
    assert.ok(first);
    await write(fileOf(first.node), "Somebody else's words.\n");
    await commands.executeCommand("agentgraph.applyAccepted", { entry: { id: run.id } });
    assert.equal(await read(fileOf(first.node)), "Somebody else's words.\n");
    if (second) assert.equal(await read(fileOf(second.node)), originals[prompts.indexOf(fileOf(second.node))]);
  });

  it("writes over nothing that changes while a question about it is open", async () => {
    const [proposal] = accepted();
    assert.ok(proposal);
    const file = fileOf(proposal.node);
    const mine = `Mine. ${originals[prompts.indexOf(file)]}`;
    const elsewhere = "Written elsewhere.\n";
    const document = await put(file, mine);
    const seen = () => until(() => document.getText() === elsewhere);
    for (const [button, isSeen] of [
      [/^Replace with the proposal$/, true],
      [/^Replace with the proposal$/, false],
      [/^Merge both changes$/, true],
    ] as const) {
      answers.give(button);
      answers.meanwhile(() => write(file, elsewhere).then(() => isSeen && seen()));
      await commands.executeCommand("agentgraph.apply", { run: run.id, id: proposal.id });
      assert.match(answers.asked[0]?.message ?? "", /changed since the run/);
      assert.equal(await read(file), elsewhere);
      await seen();
      await put(file, mine);
    }
    const log = await readFile(path.join(folder(), ".agentgraph/runs", run.id, "events.jsonl"), "utf8");
    assert.doesNotMatch(log, /"type":"applied"/);
  });

  it("has applied what another window wrote to the same files at once", async () => {
    const [proposal] = accepted();
    assert.ok(proposal);
    const file = fileOf(proposal.node);
    const other = workspace.onWillSaveTextDocument(({ document, waitUntil }) => {
      const text = document.getText();
      waitUntil(write(file, text).then(() => []));
    });
    answers.give();
    try {
      await commands.executeCommand("agentgraph.apply", { run: run.id, id: proposal.id });
    } finally {
      other.dispose();
    }
    assert.equal(await read(file), `${proposal.text}\n`);
    assert.deepEqual(
      answers.asked.filter(({ message }) => !message.startsWith("Applied")),
      [],
    );
    const document = await workspace.openTextDocument(at(file));
    await until(() => !document.isDirty);
    const log = await readFile(path.join(folder(), ".agentgraph/runs", run.id, "events.jsonl"), "utf8");
    assert.match(log, /"type":"applied"/);
  });

  it("applies to a file whose change on disk VS Code does not notice, and leaves no other tab", async () => {
    const [proposal] = accepted();
    assert.ok(proposal);
    const file = fileOf(proposal.node);
    const document = await put(file, "Something else.\n");
    await review(proposal.id);
    const settings = workspace.getConfiguration("files");
    await settings.update("watcherExclude", { "**/prompts/**": true }, false);
    try {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await write(file, `${proposal.base}\n`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      assert.equal(document.getText(), "Something else.\n", "VS Code has noticed");
      const tabs = window.tabGroups.activeTabGroup.tabs.length;
      await commands.executeCommand("agentgraph.apply", { run: run.id, id: proposal.id });
      assert.equal(await read(file), `${proposal.text}\n`);
      assert.equal(window.tabGroups.activeTabGroup.tabs.length, tabs);
    } finally {
      await settings.update("watcherExclude", undefined, false);
    }
  });

  it("remembers what the user did in the run itself", async () => {
    const [proposal] = accepted();
    assert.ok(proposal);
    await commands.executeCommand("agentgraph.reject", { run: run.id, id: proposal.id });
    const log = await readFile(path.join(folder(), ".agentgraph/runs", run.id, "events.jsonl"), "utf8");
    assert.match(log, new RegExp(`"type":"dismissed","proposals":\\["${proposal.id}"\\]`));
  });

  it("treats a run with a forged log as made on another machine: “apply all accepted” excludes it", async () => {
    const log = path.join(folder(), ".agentgraph/runs", run.id, "events.jsonl");
    const text = await readFile(log, "utf8");
    const [proposal] = accepted();
    assert.ok(proposal);
    await writeFile(log, text.replaceAll(JSON.stringify(proposal.text), JSON.stringify("Poison.")));
    await commands.executeCommand("agentgraph.applyAccepted", { entry: { id: run.id } });
    for (const [index, file] of prompts.entries()) assert.equal(await read(file), originals[index]);
  });

  it("ignores arguments that no menu passes", async () => {
    for (const target of [
      null,
      7,
      "x",
      {},
      { run: 1, id: 2 },
      { entry: null },
      { entry: { id: "../../x" } },
      at("x"),
    ]) {
      for (const name of ["review", "apply", "why", "reject"]) {
        await commands.executeCommand(`agentgraph.${name}`, target);
      }
    }
    for (const [index, file] of prompts.entries()) assert.equal(await read(file), originals[index]);
  });
});
