import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createSimulated } from "../../src/models/simulated/simulated.ts";
import type { Summary } from "../../src/run/state/summary.ts";
import { type Server, startServer } from "../server/server.ts";
import type { Browser } from "../vscode/browser.ts";
import type { ServedVscode } from "../vscode/serve.ts";
import { git, makeWorkspace } from "../vscode/workspace.ts";
import { Workbench } from "./workbench.ts";
import type { Story, World } from "./world.ts";

export const SIZE = { width: 1280, height: 800 };
const EXAMPLE = "examples/chain";

/** A window of VS Code on a folder of its own, with a model server: opened for one story, reset for each that shares it. */
export class Window {
  readonly workbench: Workbench;
  readonly #folder: string;
  /** The commits with which stories start, by what is in them. */
  readonly #starts = new Map<string, string>();
  #models: Server | null = null;
  /** Whether everything that a reset keeps is as in a window just opened. */
  #isNew = true;
  #hasKeys = false;

  constructor(
    private readonly browser: Browser,
    private readonly vscode: ServedVscode,
    private readonly first: Story,
  ) {
    this.workbench = new Workbench(browser.page, path.resolve("out/screenshots"));
    this.#folder = makeFolder(first);
    if (!first.plain) this.#starts.set(contentOf(first), git(this.#folder, "rev-parse", "HEAD").trim());
  }

  async open(): Promise<void> {
    const { opens } = this.first;
    await this.browser.page.goto(`${this.vscode.url}?${opened(this.#folder, opens)}`);
    await this.workbench.ready(opens === "nothing" ? "empty" : "folder");
  }

  /** Whether a story can be played here after others. */
  fits(story: Story): boolean {
    const isAsNeeded = (this.#isNew || !story.isFirst) && !(this.#hasKeys && story.needsNoKeys);
    return story.shares === true && kindOf(story) === kindOf(this.first) && isAsNeeded;
  }

  /** Resets what a story can see: editors, messages, files, runs and settings are those of a window just opened. */
  async reset(story: Story): Promise<void> {
    const { workbench, vscode } = this;
    await workbench.page.setViewportSize(story.size ?? SIZE);
    await workbench.closeAll();
    await this.#knows(() => vscode.replace(settingsOf(story)));
    git(this.#folder, "checkout", "-q", "--force", "-B", "main", this.#startOf(story));
    git(this.#folder, "clean", "-qfdx");
    await workbench.openSideBar();
    await workbench.section("Runs").locator(".monaco-list-row").first().waitFor({ state: "detached" });
    await workbench.rowsAre("Graphs", graphsIn(this.#folder));
    await workbench.openExplorer();
    await workbench.filesAre(readdirSync(this.#folder).filter((name) => name !== ".git"));
  }

  /** Writes settings until the window has read them: VS Code misses a change of the file that follows another at once. */
  async #knows(write: () => string): Promise<void> {
    for (let tries = 1; !(await this.workbench.isTitled(write())); tries++) {
      if (tries === 10) throw new Error("The window does not read its settings.");
    }
  }

  /** The commit that has a story's files and nothing before it. */
  #startOf(story: Story): string {
    const content = contentOf(story);
    const known = this.#starts.get(content);
    if (known) return known;
    const other = makeFolder(story);
    try {
      git(this.#folder, "fetch", "-q", other, "main");
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
    const start = git(this.#folder, "rev-parse", "FETCH_HEAD").trim();
    this.#starts.set(content, start);
    return start;
  }

  /** The world of a story in this window, with a model server of its own. */
  async world(story: Story): Promise<World> {
    await this.#models?.close();
    const models = await startServer({ model: createSimulated(), ...story.server });
    this.#models = models;
    if (story.modelExtension) writeFileSync(path.join(this.vscode.root, "home/test-models-url"), models.url);
    const { workbench, vscode } = this;
    const folder = this.#folder;
    return {
      workbench,
      folder,
      models,
      vscode,
      git: (...args) => git(folder, ...args),
      read: (file) => readFileSync(path.join(folder, file), "utf8"),
      write: (file, text) => writeFileSync(path.join(folder, file), text),
      summary: (under = "") => newestSummary(path.join(folder, under)),
      accepted: (under = "") =>
        newestSummary(path.join(folder, under))
          .proposals.filter(({ decision }) => decision === "accepted")
          .map(({ node }) => node),
      set: (settings) => this.#knows(() => vscode.set(settings)),
      until,
    };
  }

  /** A story has been played. */
  played(story: Story): void {
    if (!story.leavesNoTrace) this.#isNew = false;
    if (story.storesKeys) this.#hasKeys = true;
  }

  async close(): Promise<void> {
    // The page goes first: it holds the folder.
    await this.browser.page.goto("about:blank").catch(() => {});
    await this.#models?.close().catch(() => {});
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export function settingsOf({ workspaceTrust = false, settings }: Story): Record<string, unknown> {
  return { "security.workspace.trust.enabled": workspaceTrust, ...settings };
}

/** What a window has to have for a story and can't change: stories of one kind can share one. */
export function kindOf({ opens, plain, workspaceTrust, modelExtension }: Story): string {
  return JSON.stringify({ opens, plain, workspaceTrust, modelExtension });
}

/** What the folder of a story holds at its start. */
function contentOf({ example = EXAMPLE, files, rows }: Story): string {
  return JSON.stringify({ example, files, rows });
}

function makeFolder({ example = EXAMPLE, files, rows, plain }: Story): string {
  const sets: Record<string, string> = {};
  if (rows !== undefined) {
    for (const name of readdirSync(path.join(example, "data"))) {
      const lines = readFileSync(path.join(example, "data", name), "utf8").split("\n");
      sets[`data/${name}`] = `${lines.slice(0, rows).join("\n")}\n`;
    }
  }
  return makeWorkspace(example, { files: { ...sets, ...files }, plain });
}

/** Names of the graphs in a folder, as the side bar lists them. */
function graphsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".agentgraph.json"))
    .map((file) => JSON.parse(readFileSync(path.join(folder, file), "utf8")).name);
}

/** The part of VS Code's address that says what to open. */
function opened(folder: string, opens: Story["opens"]): URLSearchParams {
  if (opens === "nothing") return new URLSearchParams({ ew: "true" });
  if (!opens) return new URLSearchParams({ folder });
  const workspace = path.join(folder, "several.code-workspace");
  const folders = opens.folders.map((name) => ({ path: name }));
  for (const name of opens.folders) mkdirSync(path.join(folder, name), { recursive: true });
  writeFileSync(workspace, JSON.stringify({ folders }));
  return new URLSearchParams({ workspace });
}

function newestSummary(folder: string): Summary {
  const runs = path.join(folder, ".agentgraph", "runs");
  const newest = readdirSync(runs).sort().at(-1) ?? "";
  return JSON.parse(readFileSync(path.join(runs, newest, "summary.json"), "utf8"));
}

/** A file that the condition reads may not be there yet. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; ; waited += 100) {
    let last: unknown;
    try {
      if (await condition()) return;
    } catch (error) {
      last = error;
    }
    if (waited > 120_000) throw new Error(`This never came true: ${condition}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
