import assert from "node:assert/strict";
import type { Story, World } from "../world.ts";
import { inTheme } from "./steps.ts";

const THEMES = ["Light Modern", "Dark Modern", "Default High Contrast"] as const;
const GRAPH = "chain.agentgraph.json";

export const languageStories: readonly Story[] = [
  {
    name: "names in graph and prompt: hover, completion, quick fix and rename",
    shares: true,
    rows: 10,
    settings: { "agentgraph.provider": "simulated" },
    async play(world) {
      const { workbench, read, until } = world;
      const { page } = workbench;
      await workbench.openByName(GRAPH);
      await workbench.command("AgentGraph: Optimize graph");
      await workbench.decide("Optimize “", "Start");
      await workbench.toast("Optimized").waitFor();
      await workbench.clearToasts();

      for (const theme of THEMES) await look(world, theme);
      await world.set({ "workbench.colorTheme": "Dark Modern" });

      // A slip in a prompt file: marked there, mended there.
      await workbench.openByName("solve.md");
      await workbench.editorText("Add up").waitFor();
      await workbench.focusEditor();
      await page.keyboard.press("Control+End");
      await page.keyboard.type("\nUse {{pl");
      await page.locator(".suggest-widget .monaco-list-row", { hasText: "{{plan}}" }).waitFor();
      await workbench.picture("72-language-completion");
      await page.keyboard.press("Enter");
      await workbench.editorText("Use {{plan}}").waitFor();
      await page.keyboard.type(" and {{qestion");
      await page.keyboard.press("Escape");
      await page.locator(".squiggly-warning").first().waitFor();
      await openMenu(world, "Change to {{question}}");
      await workbench.picture("73-language-prompt-fix");
      await menu(world, "Change to {{question}}").click();
      await workbench.editorText("Use {{plan}} and {{question}}").waitFor();
      await page.locator(".squiggly-warning").first().waitFor({ state: "detached" });
      await page.keyboard.press("Control+S");
      await until(() => read("prompts/solve.md").includes("{{question}}"));

      // Renamed from the prompt file: the graph follows, and one undo takes all of it back.
      const before = { graph: read(GRAPH), prompt: read("prompts/solve.md") };
      await put(world, "{{plan}}");
      await page.keyboard.press("F2");
      const box = page.locator(".rename-box input");
      await box.waitFor();
      await workbench.picture("74-language-rename");
      await box.fill("style");
      await page.keyboard.press("Enter");
      await page
        .locator(".monaco-editor-overlaymessage, .notification-toast", { hasText: "is already used" })
        .first()
        .waitFor();
      await workbench.picture("75-language-rename-refused");
      await workbench.clearToasts();
      await put(world, "{{plan}}");
      await page.keyboard.press("F2");
      await box.waitFor();
      await box.fill("outline");
      await page.keyboard.press("Enter");
      await until(() => read("prompts/solve.md").includes("{{outline}}") && read(GRAPH).includes('"outline"'));
      assert.equal(
        read(GRAPH),
        before.graph.replace('"plan": {', '"outline": {').replace('"question", "plan"', '"question", "outline"'),
      );
      assert.equal(read("prompts/solve.md"), before.prompt.replace("{{plan}}", "{{outline}}"));
    },
  },
];

/** Hover over a node, quick fixes of a fault, in one theme. */
async function look(world: World, theme: string): Promise<void> {
  const { workbench } = world;
  const { page } = workbench;
  const name = (surface: string) => `70-language-${theme.toLowerCase().replaceAll(" ", "-")}-${surface}`;
  await inTheme(world, theme);
  await workbench.openByName(GRAPH);
  await put(world, '"plan", "style"');
  await workbench.command("Show or Focus Hover");
  const hover = page.locator(".monaco-hover:visible", { hasText: "Last run" }).first();
  await hover.waitFor();
  assert.match(
    ((await hover.textContent()) ?? "").replaceAll("\u00a0", " "),
    /lists what is to be counted[\s\S]*read by solve/,
  );
  await workbench.picture(name("hover"));
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.type("m");
  await page.locator(".squiggly-error").first().waitFor();
  await page.keyboard.press("Escape");
  await openMenu(world, 'Change to "plan"');
  await workbench.picture(name("fixes"));
  await menu(world, 'Change to "plan"').click();
  await page.locator(".squiggly-error").first().waitFor({ state: "detached" });
}

function menu({ workbench }: World, text: string) {
  return workbench.page.locator(".action-widget .monaco-list-row", { hasText: text }).first();
}

/** While faults are still being looked for, the menu closes again. */
async function openMenu(world: World, text: string): Promise<void> {
  const { page } = world.workbench;
  const entry = menu(world, text);
  for (let turn = 0; turn < 5 && !(await entry.isVisible()); turn++) {
    await page.keyboard.press("Control+.");
    await entry.waitFor({ timeout: 4000 }).catch(() => {});
  }
  await entry.waitFor();
}

/** Sets the cursor into the first place of the text, two characters in. The status bar says where the cursor is. */
async function put({ workbench }: World, text: string): Promise<void> {
  const { page } = workbench;
  await workbench.focusEditor();
  await page.keyboard.press("Control+Home");
  await workbench.statusBar("Ln 1, Col 1").waitFor();
  await page.keyboard.press("Control+F");
  const find = page.locator(".find-widget.visible textarea").first();
  await find.fill(text);
  // The widget may still count the matches of an earlier search.
  await page.locator(".find-widget .matchesCount", { hasText: /of/ }).waitFor();
  const found = workbench.statusBar(`(${text.length} selected)`);
  await workbench.pressUntil(() => page.keyboard.press("Enter"), found);
  await page.keyboard.press("Escape");
  await page.locator(".find-widget.visible").waitFor({ state: "detached" });
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
}
