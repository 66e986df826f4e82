import { type Memento, TabInputWebview, ViewColumn, type WebviewPanel, window } from "vscode";
import { html } from "../../../run/report/format/markup.ts";
import { pageHtml } from "../../../run/report/format/page.ts";
import { Disposable } from "../../disposable.ts";
import { LOCALE } from "../../editor-locale.ts";
import { describe } from "../../errors.ts";
import { setTabIcon } from "../../ui/tab-icon.ts";
import { THEME } from "./page-theme.ts";

/**
 * Kinds of pages with their icons. The type of a panel is `agentgraph.<kind>`, which the manifest uses to show
 * buttons.
 */
const ICONS = {
  report: "graph",
  sample: "beaker",
  comparison: "split-horizontal",
  methods: "graph-scatter",
  migration: "arrow-swap",
  why: "comment-discussion",
  history: "history",
  spent: "credit-card",
} as const;
export type PageKind = keyof typeof ICONS;
const KINDS: readonly PageKind[] = [
  "report",
  "sample",
  "comparison",
  "methods",
  "migration",
  "why",
  "history",
  "spent",
];

export interface Page {
  readonly title: string;
  /** Renders the self-contained page in the colors of the editor. */
  readonly html: (theme: string) => string | Promise<string>;
}

/** Creates a page from the ids of its subject. @throws NotFound, RunMissing, RunUnreadable */
export type Draw = (about: readonly string[]) => Promise<Page>;

/** The saved state of a page, which is enough to create it again. */
interface SavedPage {
  readonly kind: PageKind;
  readonly about: readonly string[];
  readonly title: string;
}

/**
 * Read-only pages without scripts, files or messages. Their content security policy allows nothing but their own
 * styles. After a reload of the window, they are restored from the memory of the workspace.
 */
export class Pages extends Disposable {
  readonly #open = new Map<WebviewPanel, SavedPage>();

  constructor(
    private readonly draw: Readonly<Record<PageKind, Draw>>,
    /** State of this workspace. */
    private readonly memory: Memento,
  ) {
    super();
    for (const kind of KINDS) {
      const deserializeWebviewPanel = (panel: WebviewPanel) => this.#restore(kind, panel);
      this.own(window.registerWebviewPanelSerializer(`agentgraph.${kind}`, { deserializeWebviewPanel }));
    }
  }

  /** Shows a page, in the place of an open page with the same subject. @param page content, if it exists already */
  async show(kind: PageKind, about: readonly string[], page?: Page): Promise<void> {
    await this.#show(kind, about, ViewColumn.Active, page ?? (await this.draw[kind](about)));
  }

  /**
   * Shows a page beside the active editor, which keeps the focus. There is one such page for each kind, so that
   * columns do not pile up.
   */
  async showBeside(kind: PageKind, about: readonly string[]): Promise<void> {
    const page = await this.draw[kind](about);
    const former = [...this.#open].find(([, one]) => one.kind === kind)?.[0];
    await this.#show(kind, about, { viewColumn: ViewColumn.Beside, preserveFocus: true }, page, former);
  }

  async #show(
    kind: PageKind,
    about: readonly string[],
    where: Parameters<typeof window.createWebviewPanel>[2],
    { title, html: contentIn }: Page,
    former?: WebviewPanel,
  ): Promise<void> {
    const content = await contentIn(THEME);
    const known = former ?? [...this.#open].find(([, one]) => isSame({ kind, about })(one))?.[0];
    const panel = known ?? window.createWebviewPanel(`agentgraph.${kind}`, title, where, OPTIONS);
    this.#hold(panel, { kind, about, title });
    panel.webview.html = content;
    if (known) panel.reveal(undefined, typeof where === "object" && where.preserveFocus);
  }

  /** Ids of the subject of the active page. null if no page of this kind is active. */
  inFront(kind: PageKind): readonly string[] | null {
    const found = [...this.#open].find(([panel, page]) => panel.active && page.kind === kind);
    return found?.[1].about ?? null;
  }

  /** Fills a panel that VS Code has restored, which has only its title. */
  async #restore(kind: PageKind, panel: WebviewPanel): Promise<void> {
    const { title } = panel;
    const open = [...this.#open.values()];
    const kept = this.#kept().find((one) => one.kind === kind && one.title === title && !open.some(isSame(one)));
    const about = kept?.about ?? [];
    panel.webview.options = OPTIONS;
    this.#hold(panel, { kind, about, title });
    const page = await this.draw[kind](about).catch((error: unknown): Page => {
      const body = html`<main><p class="lead">${describe(error).message}</p></main>`;
      return { title, html: (theme) => pageHtml(title, body, LOCALE, theme) };
    });
    const content = await page.html(THEME);
    // It may have been closed in the meantime.
    if (!this.#open.has(panel)) return;
    this.#hold(panel, { kind, about, title: page.title });
    panel.webview.html = content;
  }

  #hold(panel: WebviewPanel, page: SavedPage): void {
    if (!this.#open.has(panel)) {
      panel.onDidDispose(() => {
        this.#open.delete(panel);
        this.#keep();
      });
    }
    this.#open.set(panel, page);
    panel.title = page.title;
    setTabIcon(panel, ICONS[page.kind]);
    this.#keep();
  }

  #kept(): SavedPage[] {
    const kept = this.memory.get<unknown>(MEMORY);
    return Array.isArray(kept) ? kept.filter(isSavedPage) : [];
  }

  /** Saves the open pages, and those whose tabs have not been shown since the window loaded. */
  #keep(): void {
    const open = [...this.#open.values()];
    const tabs = window.tabGroups.all.flatMap((group) => group.tabs);
    const isTab = ({ kind, title }: SavedPage) =>
      tabs.some(
        ({ input, label }) =>
          label === title && input instanceof TabInputWebview && input.viewType.endsWith(`agentgraph.${kind}`),
      );
    const waiting = this.#kept().filter((one) => !open.some(isSame(one)) && isTab(one));
    void this.memory.update(MEMORY, [...open, ...waiting]);
  }
}

function isSame({ kind, about }: Pick<SavedPage, "kind" | "about">): (other: SavedPage) => boolean {
  return (other) => other.kind === kind && String(other.about) === String(about);
}

function isSavedPage(value: unknown): value is SavedPage {
  if (typeof value !== "object" || value === null) return false;
  const { kind, about, title }: Partial<Record<keyof SavedPage, unknown>> = value;
  const isText = (one: unknown) => typeof one === "string";
  return isText(kind) && isText(title) && Array.isArray(about) && about.every(isText);
}

const OPTIONS = { enableScripts: false, enableFindWidget: true, localResourceRoots: [] };
const MEMORY = "pages";
