import {
  type CustomTextEditorProvider,
  l10n,
  Uri,
  ViewColumn,
  type Disposable as VscodeDisposable,
  type WebviewPanel,
  type WebviewPanelSerializer,
  window,
  workspace,
} from "vscode";
import { Disposable } from "../disposable.ts";
import { loadOnce } from "../load-once.ts";
import { setTabIcon } from "../ui/tab-icon.ts";
import { GraphSession, type SessionDeps } from "./session.ts";

/** The custom editor, `priority: option`, and the panel beside the text show the same page. */
const EDITOR = "agentgraph.graph";
const PANEL = "agentgraph.graphPanel";

export interface GraphViewDeps extends SessionDeps {
  /** Folder of the extension; the page's script is `dist/webview.js` in it. */
  readonly extension: Uri;
}

/** Interface of the graph view. */
export interface GraphView extends VscodeDisposable {
  /** Shows the graph beside the text, or reveals its open panel. */
  show(file: Uri): void;
  /** The graph of the active panel; null if another editor is active. */
  front(): Uri | null;
}

export function registerGraphView(deps: GraphViewDeps): GraphView {
  return new GraphPanels(deps);
}

class GraphPanels extends Disposable implements GraphView, CustomTextEditorProvider, WebviewPanelSerializer {
  readonly #panels = new Map<string, WebviewPanel>();
  readonly #script: () => Promise<string>;

  constructor(private readonly deps: GraphViewDeps) {
    super();
    this.#script = loadOnce(async () => {
      const bytes = await workspace.fs.readFile(Uri.joinPath(deps.extension, "dist", "webview.js"));
      return new TextDecoder().decode(bytes);
    });
    this.own(window.registerCustomEditorProvider(EDITOR, this, { supportsMultipleEditorsPerDocument: true }));
    this.own(window.registerWebviewPanelSerializer(PANEL, this));
  }

  show(file: Uri): void {
    const open = this.#panels.get(String(file));
    if (open) {
      open.reveal(undefined, true);
      return;
    }
    const column = { viewColumn: ViewColumn.Beside, preserveFocus: true };
    void this.#hold(file, window.createWebviewPanel(PANEL, "", column));
  }

  front(): Uri | null {
    const [file] = [...this.#panels].find(([, panel]) => panel.active) ?? [];
    return file === undefined ? null : Uri.parse(file);
  }

  resolveCustomTextEditor({ uri }: { readonly uri: Uri }, panel: WebviewPanel): Promise<void> {
    return this.#draw(uri, panel);
  }

  async deserializeWebviewPanel(panel: WebviewPanel, state: unknown): Promise<void> {
    const kept: unknown = typeof state === "object" && state !== null ? Reflect.get(state, "restore") : undefined;
    if (typeof kept === "string" && kept.endsWith("agentgraph.json")) await this.#hold(Uri.parse(kept), panel);
    else panel.dispose();
  }

  #hold(file: Uri, panel: WebviewPanel): Promise<void> {
    panel.title = l10n.t("Graph {0}", file.path.slice(file.path.lastIndexOf("/") + 1));
    setTabIcon(panel, "type-hierarchy-sub");
    this.#panels.set(String(file), panel);
    panel.onDidDispose(() => this.#panels.delete(String(file)));
    return this.#draw(file, panel);
  }

  async #draw(file: Uri, panel: WebviewPanel): Promise<void> {
    panel.webview.options = { enableScripts: true, localResourceRoots: [] };
    new GraphSession(file, panel, await this.#script(), this.deps);
  }
}
