import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createSimulated } from "../../src/models/simulated/simulated.ts";
import type { Summary } from "../../src/run/state/summary.ts";
import { type Server, type ServerOptions, startServer } from "../server/server.ts";
import { type Browser, startBrowser } from "../vscode/browser.ts";
import { type ServedVscode, serveVscode } from "../vscode/serve.ts";
import { git, makeWorkspace } from "../vscode/workspace.ts";
import { Workbench } from "./workbench.ts";

/** What a story is played in: a workspace, a model server, and VS Code with the extension freshly installed. */
export interface World {
  readonly workbench: Workbench;
  /** The workspace's folder. */
  readonly folder: string;
  readonly models: Server;
  readonly vscode: ServedVscode;
  git(...args: string[]): string;
  read(file: string): string;
  write(file: string, text: string): void;
  /** What the newest run's own file says of it; of the repository in the workspace's folder, or in one under it. */
  summary(under?: string): Summary;
  /** Nodes whose proposals the newest run accepted. */
  accepted(under?: string): string[];
  until(condition: () => boolean | Promise<boolean>): Promise<void>;
}

export interface Story {
  /** What the user does, as a sentence. */
  readonly name: string;
  readonly example?: string;
  readonly server?: Partial<ServerOptions>;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly workspaceTrust?: boolean;
  /** VS Code has models of its own, which pass everything to the story's server. */
  readonly modelExtension?: boolean;
  /** What VS Code opens: default the folder itself. */
  readonly opens?: "nothing" | { readonly folders: readonly string[] };
  /** The folder is no git repository. */
  readonly plain?: boolean;
  readonly size?: { readonly width: number; readonly height: number };
  play(world: World): Promise<void>;
}

/**
 * The error of a story whose window lost its extension host: where the host takes longer than about 40 seconds to start, as on
 * a busy machine, VS Code connects again before the host knows its window, and the host then waits forever. The window shows
 * files and no extension answers.
 */
export class WindowLost extends Error {}

/**
 * A browser and the VS Code that it shows, kept from one story to the next: what they start with is read and compiled
 * once. Before each story they are made as empty as on the first day.
 */
export class Stage {
  #browser: Browser | null = null;
  readonly #served = new Map<"plain" | "models", ServedVscode>();

  constructor(private readonly vsix: string) {}

  /** Plays one story from an empty start, and leaves nothing of it running whatever happens. */
  async play(story: Story): Promise<{ outside: readonly string[] }> {
    const ends: (() => unknown)[] = [];
    try {
      const folder = makeWorkspace(story.example ?? "examples/chain", story.plain);
      ends.push(() => rmSync(folder, { recursive: true, force: true }));
      const models = await startServer({ model: createSimulated(), ...story.server });
      ends.push(() => models.close());
      const settings = { "security.workspace.trust.enabled": story.workspaceTrust ?? false, ...story.settings };
      const vscode = await this.#vscode(story.modelExtension ? "models" : "plain");
      const browser = await this.#empty(story.size ?? { width: 1280, height: 800 });
      await vscode.fresh(settings);
      const said = vscode.log().length;
      if (story.modelExtension) writeFileSync(path.join(vscode.root, "home/test-models-url"), models.url);
      const workbench = new Workbench(browser.page, path.resolve("out/screenshots"));
      const world: World = {
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
        until,
      };
      try {
        await browser.page.goto(`${vscode.url}?${opened(folder, story.opens)}`);
        await workbench.ready(story.opens === "nothing" ? "empty" : "folder");
        await story.play(world);
      } catch (error) {
        await workbench.picture(`FAILED ${story.name.replaceAll(/\W+/g, "-").slice(0, 60)}`).catch(() => {});
        const isLost = vscode.log().slice(said).includes("The client has reconnected");
        throw isLost ? new WindowLost(error instanceof Error ? error.stack : String(error)) : error;
      }
      return { outside: [...browser.outside] };
    } catch (error) {
      // Whatever state the story has left them in, the next one does not meet it.
      await this.close();
      throw error;
    } finally {
      // The window goes first: it holds the folder.
      await this.#browser?.page.goto("about:blank").catch(() => {});
      for (const end of ends.reverse()) await Promise.resolve(end()).catch(() => {});
    }
  }

  async close(): Promise<void> {
    await this.#browser?.stop();
    this.#browser = null;
    for (const vscode of this.#served.values()) await vscode.stop();
    this.#served.clear();
  }

  async #vscode(kind: "plain" | "models"): Promise<ServedVscode> {
    const known = this.#served.get(kind);
    if (known) return known;
    const vscode = await serveVscode({ vsix: this.vsix, ...(kind === "models" && { others: [packModelExtension()] }) });
    this.#served.set(kind, vscode);
    return vscode;
  }

  async #empty(size: { readonly width: number; readonly height: number }): Promise<Browser> {
    this.#browser ??= await startBrowser(size);
    await this.#browser.fresh(
      size,
      [...this.#served.values()].map(({ url }) => new URL(url).origin),
    );
    return this.#browser;
  }
}

function packModelExtension(): string {
  const packed = path.resolve("out/test-models.vsix");
  const vsce = path.resolve("node_modules/@vscode/vsce/vsce");
  const options = ["--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", packed];
  execFileSync(process.execPath, [vsce, "package", ...options], { cwd: "test/e2e/model-extension", stdio: "pipe" });
  return packed;
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
    if (waited > 60_000) throw new Error(`This never came true: ${condition}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
