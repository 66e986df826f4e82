import assert from "node:assert/strict";
import { commands, TabInputWebview, window } from "vscode";
import { closeAll, makeRun, removeRuns, until } from "./helpers.ts";

/** Titles of the pages of a kind that are open. */
function pages(kind: string): string[] {
  const tabs = window.tabGroups.all.flatMap((group) => group.tabs);
  return tabs.flatMap(({ input, label }) =>
    input instanceof TabInputWebview && input.viewType.endsWith(`agentgraph.${kind}`) ? [label] : [],
  );
}

describe("the pages of runs", () => {
  after(async () => {
    await closeAll();
    await removeRuns();
  });

  it("open once for each run, with its name and time; two are compared on one page", async () => {
    const runs = [await makeRun(), await makeRun()];
    const [one, other] = runs.map(({ id }) => ({ entry: { id } }));
    for (const target of [one, other, one]) await commands.executeCommand("agentgraph.showReport", target);
    await until(() => pages("report").length === 2);
    for (const title of pages("report")) assert.match(title, /^Report: Word problems, .*\d/);
    for (const _ of [1, 2]) await commands.executeCommand("agentgraph.compareRuns", one, [one, other]);
    await until(() => pages("comparison").length === 1);
    assert.match(pages("comparison")[0] ?? "", /^Compare: Word problems, .+ and /);
  });

  it("do not open for an id that is not a run", async () => {
    await closeAll();
    for (const id of ["../../x", "20260101-000000-000-abcdef"]) {
      await commands.executeCommand("agentgraph.showReport", { entry: { id } });
    }
    assert.deepEqual(pages("report"), []);
  });
});
