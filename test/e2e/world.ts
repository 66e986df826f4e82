import { execFileSync } from "node:child_process";
import path from "node:path";
import type { Summary } from "../../src/run/state/summary.ts";
import type { Server, ServerOptions } from "../server/server.ts";
import { type Browser, startBrowser } from "../vscode/browser.ts";
import { type ServedVscode, serveVscode } from "../vscode/serve.ts";
import { SIZE, settingsOf, Window } from "./window.ts";
import type { Workbench } from "./workbench.ts";

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
  /** Changes settings, and waits until the window has read them. */
  set(settings: Readonly<Record<string, unknown>>): Promise<void>;
  until(condition: () => boolean | Promise<boolean>): Promise<void>;
}

export interface Story {
  /** What the user does, as a sentence. */
  readonly name: string;
  readonly example?: string;
  /** Texts of further files of the first commit, by path. The explorer may never list one that is written as the window opens. */
  readonly files?: Readonly<Record<string, string>>;
  /** How many rows of each of the example's sets are kept, where a short run does as well. Default: all. */
  readonly rows?: number;
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
  /** It can be played in a window that is reset after another story, and leaves one that can be reset. */
  readonly shares?: boolean;
  /** It needs what a reset keeps as it is in a new window, and can be followed by others. */
  readonly isFirst?: boolean;
  /** It changes nothing that a reset keeps: one that `isFirst` can follow. */
  readonly leavesNoTrace?: boolean;
  /** It can be played in a window that is reset after others, and leaves one that can't be reset. */
  readonly isLast?: boolean;
  /** A reset keeps the keys that it stores. */
  readonly storesKeys?: boolean;
  /** It can't be played after a story that stores keys. */
  readonly needsNoKeys?: boolean;
  play(world: World): Promise<void>;
}

/**
 * A browser and the VS Code that it shows, kept from one story to the next: what they start with is read and compiled
 * once. Before each story they are made as empty as on the first day; a window is kept for stories that share it.
 */
export class Stage {
  #browser: Browser | null = null;
  #window: Window | null = null;
  readonly #served = new Map<"plain" | "models", ServedVscode>();

  constructor(private readonly vsix: string) {}

  /** Whether a story can be played in the window that is open. */
  fits(story: Story): boolean {
    return this.#window?.fits(story) ?? false;
  }

  /** Plays one story from an empty start, and leaves nothing of it running whatever happens. */
  async play(story: Story): Promise<{ outside: readonly string[] }> {
    try {
      const { window, browser } = await this.#windowFor(story);
      const before = browser.outside.length;
      await story.play(await window.world(story));
      window.played(story);
      if (!story.shares || story.isLast) await this.#leave();
      return { outside: browser.outside.slice(before) };
    } catch (error) {
      const name = `FAILED ${story.name.replaceAll(/\W+/g, "-").slice(0, 60)}`;
      await this.#window?.workbench.failed(name).catch(() => {});
      // Whatever state the story has left them in, the next one does not meet it.
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#leave();
    await this.#browser?.stop();
    this.#browser = null;
    for (const vscode of this.#served.values()) await vscode.stop();
    this.#served.clear();
  }

  async #windowFor(story: Story): Promise<{ window: Window; browser: Browser }> {
    if (this.#window?.fits(story) && this.#browser !== null) {
      const { window, browser } = { window: this.#window, browser: this.#browser };
      try {
        await window.reset(story);
        return { window, browser };
      } catch (error) {
        console.log(
          `    A new window, since the last one can't be reset: ${error instanceof Error ? error.message : error}`,
        );
      }
    }
    await this.#leave();
    const vscode = await this.#vscode(story.modelExtension ? "models" : "plain");
    const browser = await this.#empty(story.size ?? SIZE);
    await vscode.fresh(settingsOf(story));
    const window = new Window(browser, vscode, story);
    this.#window = window;
    await window.open();
    return { window, browser };
  }

  async #leave(): Promise<void> {
    await this.#window?.close();
    this.#window = null;
  }

  async #vscode(kind: "plain" | "models"): Promise<ServedVscode> {
    const known = this.#served.get(kind);
    if (known) return known;
    const vscode = await serveVscode({
      vsix: this.vsix,
      fewExtensions: true,
      ...(kind === "models" && { others: [packModelExtension()] }),
    });
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

const packed = path.resolve("out/test-models.vsix");
let isPacked = false;

/** An extension that has models for VS Code, packed once for all stages. */
function packModelExtension(): string {
  if (isPacked) return packed;
  const vsce = path.resolve("node_modules/@vscode/vsce/vsce");
  const options = ["--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", packed];
  execFileSync(process.execPath, [vsce, "package", ...options], { cwd: "test/e2e/model-extension", stdio: "pipe" });
  isPacked = true;
  return packed;
}
