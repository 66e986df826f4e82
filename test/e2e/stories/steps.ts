import assert from "node:assert/strict";
import type { World } from "../world.ts";

/** Answers who answers the calls: the story's own server. */
export async function chooseServer({ workbench, models }: World, model = "simulated"): Promise<void> {
  await workbench.quickTitle("Which model provider should be used?").waitFor();
  await workbench.picture("03-provider");
  await workbench.fillQuickInput("OpenAI-compatible");
  await workbench.pick("Which model provider should be used?", "Any OpenAI-compatible server");
  await workbench.quickTitle("Address of the model server").waitFor();
  await workbench.picture("04-address");
  await workbench.answer("Address of the model server", models.url);
  await workbench.quickTitle("Which model should be used?").waitFor();
  await workbench.picture("05-model");
  await workbench.pick("Which model should be used?", model);
}

/** A whole run of the workspace's one graph against the story's server, to its end. */
export async function optimize(world: World, end = "Optimized"): Promise<void> {
  await start(world);
  await world.workbench.toast(end).waitFor();
}

export async function start(world: World): Promise<void> {
  const { workbench } = world;
  await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
  await chooseServer(world);
  await workbench.decide("Optimize “", "Start");
}

/** The last commit holds the accepted texts and nothing else, and says what speaks for them. */
export function checkCommit(
  { git, read, accepted, summary }: World,
  fileOf = (node: string) => `prompts/${node}.md`,
): void {
  const log = git("log", "-1", "--stat", "--format=%an%n%B");
  const nodes = accepted();
  assert.match(log, nodes.length === 1 ? /Tune the prompt of / : new RegExp(`Tune ${nodes.length} prompts in `));
  assert.ok(log.includes(`Agentgraph-Run: ${summary().id}`), log);
  const validated = read("data/validation.jsonl").trim().split("\n").length;
  assert.match(log, new RegExp(`Agentgraph-Loss: \\d\\.\\d\\d -> \\d\\.\\d\\d \\(n=${validated}\\)`));
  const files = git("show", "--name-only", "--format=", "HEAD").trim().split("\n");
  assert.deepEqual(files, [...new Set(nodes.map(fileOf))].sort());
  assert.equal(git("status", "--porcelain").trim(), "");
}

/** Ends of the names of VS Code's own files of themes, as the window's classes have them. */
const THEME_FILES: Readonly<Record<string, string>> = {
  "Light Modern": "light_modern-json",
  "Dark Modern": "dark_modern-json",
  "Default High Contrast": "hc_black-json",
  "Default High Contrast Light": "hc_light-json",
};

/** Chooses a theme, and waits until the window and the pages in it are drawn in it. */
export async function inTheme(world: World, theme: string): Promise<void> {
  await world.set({ "workbench.colorTheme": theme });
  await world.workbench.page.locator(`.monaco-workbench[class*="${THEME_FILES[theme]}"]`).waitFor();
  await world.workbench.page.waitForTimeout(200);
}
