import { ThemeIcon, ViewColumn, type WebviewPanel, window } from "vscode";
import { Disposable } from "../disposable.ts";
import { THEME } from "./page-theme.ts";

/** What pages are about; their panels' types are `agentgraph.<kind>`, by which the manifest puts buttons on them. */
export type PageKind = "report" | "sample" | "comparison";

export interface Page {
  readonly kind: PageKind;
  /** Ids of the runs it is about, if any. A page about the same is shown anew in its place. */
  readonly about: readonly string[];
  readonly title: string;
  /** Makes the self-contained page in the colours of the editor. */
  readonly html: (theme: string) => string;
}

/** Pages that are only read: no script, no file, no message, and a policy that lets nothing in but their own style. */
export class Pages extends Disposable {
  readonly #open = new Map<WebviewPanel, Page>();

  show(page: Page): void {
    const known = [...this.#open].find(([, one]) => one.kind === page.kind && String(one.about) === String(page.about));
    const panel = known?.[0] ?? this.#make(page);
    this.#open.set(panel, page);
    panel.title = page.title;
    panel.webview.html = page.html(THEME);
    if (known) panel.reveal();
  }

  /** Runs that the page in front is about; null where none of this kind is. */
  inFront(kind: PageKind): readonly string[] | null {
    const found = [...this.#open].find(([panel, page]) => panel.active && page.kind === kind);
    return found?.[1].about ?? null;
  }

  override dispose(): void {
    for (const panel of this.#open.keys()) panel.dispose();
    super.dispose();
  }

  #make({ kind, title }: Page): WebviewPanel {
    const options = { enableScripts: false, enableFindWidget: true, localResourceRoots: [] };
    const panel = window.createWebviewPanel(`agentgraph.${kind}`, title, ViewColumn.Active, options);
    panel.iconPath = new ThemeIcon(ICONS[kind]);
    panel.onDidDispose(() => this.#open.delete(panel));
    return panel;
  }
}

const ICONS: Record<PageKind, string> = { report: "graph", sample: "beaker", comparison: "split-horizontal" };
