import { type Memento, TabInputWebview, ViewColumn, type WebviewPanel, window } from "vscode";
import { html } from "../../../run/report/format/markup.ts";
import { pageHtml } from "../../../run/report/format/page.ts";
import { Disposable } from "../../disposable.ts";
import { LOCALE } from "../../editor-locale.ts";
import { describe } from "../../errors.ts";
import { setTabIcon } from "../../tab-icon.ts";
import { THEME } from "./page-theme.ts";

/** What pages are about; their panels' types are `agentgraph.<kind>`, by which the manifest puts buttons on them. */
const ICONS = {
  report: "graph",
  sample: "beaker",
  comparison: "split-horizontal",
  methods: "graph-scatter",
  why: "comment-discussion",
  history: "history",
  spent: "credit-card",
} as const;
export type PageKind = keyof typeof ICONS;
const KINDS: readonly PageKind[] = ["report", "sample", "comparison", "methods", "why", "history", "spent"];

export interface Page {
  readonly title: string;
  /** Makes the self-contained page in the colours of the editor. */
  readonly html: (theme: string) => string;
}

/** Makes a page anew from the ids that it is about. @throws NotFound, RunMissing, RunUnreadable */
export type Draw = (about: readonly string[]) => Promise<Page>;

/** What is known of a page beside its content: enough to make it again. */
interface SavedPage {
  readonly kind: PageKind;
  readonly about: readonly string[];
  readonly title: string;
}

/**
 * Pages that are only read: no script, no file, no message, and a policy that lets nothing in but their own style. None
 * of them can say what it shows when the window is loaded again, so the workspace's memory does.
 */
export class Pages extends Disposable {
  readonly #open = new Map<WebviewPanel, SavedPage>();

  constructor(
    private readonly draw: Readonly<Record<PageKind, Draw>>,
    /** Of this workspace. */
    private readonly memory: Memento,
  ) {
    super();
    for (const kind of KINDS) {
      const deserializeWebviewPanel = (panel: WebviewPanel) => this.#restore(kind, panel);
      this.own(window.registerWebviewPanelSerializer(`agentgraph.${kind}`, { deserializeWebviewPanel }));
    }
  }

  /** A page about the same is shown anew in its place. @param page where it is there already */
  async show(kind: PageKind, about: readonly string[], page?: Page): Promise<void> {
    await this.#show(kind, about, ViewColumn.Active, page ?? (await this.draw[kind](about)));
  }

  /** Beside what the user reads, who goes on typing there. One page of a kind, so that columns do not pile up. */
  async showBeside(kind: PageKind, about: readonly string[]): Promise<void> {
    const page = await this.draw[kind](about);
    const former = [...this.#open].find(([, one]) => one.kind === kind)?.[0];
    await this.#show(kind, about, { viewColumn: ViewColumn.Beside, preserveFocus: true }, page, former);
  }

  async #show(
    kind: PageKind,
    about: readonly string[],
    where: Parameters<typeof window.createWebviewPanel>[2],
    { title, html: content }: Page,
    former?: WebviewPanel,
  ): Promise<void> {
    const known = former ?? [...this.#open].find(([, one]) => isSame({ kind, about })(one))?.[0];
    const panel = known ?? window.createWebviewPanel(`agentgraph.${kind}`, title, where, OPTIONS);
    this.#hold(panel, { kind, about, title });
    panel.webview.html = content(THEME);
    if (known) panel.reveal(undefined, typeof where === "object" && where.preserveFocus);
  }

  /** Ids that the page in front is about; null if none of this kind is. */
  inFront(kind: PageKind): readonly string[] | null {
    const found = [...this.#open].find(([panel, page]) => panel.active && page.kind === kind);
    return found?.[1].about ?? null;
  }

  /** After a reload the panel is there, with its title and nothing else. */
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
    // It may have been closed in the meantime.
    if (!this.#open.has(panel)) return;
    this.#hold(panel, { kind, about, title: page.title });
    panel.webview.html = page.html(THEME);
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

  /** Pages that are open, and pages whose tab has not been shown since the window loaded. */
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
