import { commands, env, l10n, Range, Uri, ViewColumn, type WebviewPanel, window, workspace } from "vscode";
import {
  type HostMessage,
  isPageMessage,
  LIMITS,
  type PageMessage,
  type RunView,
  type Steer,
  shortId,
} from "../../../webview/protocol.ts";
import type { Log } from "../../deps.ts";
import { graphNameOf } from "../../graph/file-name.ts";
import type { Graph } from "../../graph/graph.ts";
import type { CommandName } from "../commands/commands.ts";
import { Disposable } from "../disposable.ts";
import { LOCALE } from "../editor-locale.ts";
import { Slices } from "../slices.ts";
import type { ActiveRun } from "./active-run.ts";
import type { CurrentGraph, GraphSource, RunSource } from "./graph-source.ts";
import { faultViews, graphView, visibleFaults } from "./graph-view.ts";
import { pageHtml } from "./page.ts";
import { answerTo, fullText } from "./page-answers.ts";
import { addContributions, isViewPartial, runView, sampleExcerpts } from "./run-view.ts";
import { Throttle } from "./throttle.ts";

/** Milliseconds between two snapshots of one kind. */
const UPDATE_INTERVAL = 100;

const STEER: Readonly<Record<Steer, CommandName>> = {
  pause: "pauseRun",
  continue: "continueRun",
  stop: "stopAfterIteration",
};

export interface SessionDeps {
  readonly graphs: GraphSource;
  readonly runs: RunSource;
  /** Opens the proposal for a node as a diff. */
  readonly review: (file: Uri, run: string, node: string) => Promise<void>;
  readonly log: Log;
}

/** One page for a graph file: sends snapshots while it is visible, and answers requests by id. */
export class GraphSession extends Disposable {
  #graph: CurrentGraph | null = null;
  #run: ActiveRun | null = null;
  /** Returns the first words of a sample. */
  #excerpts: (id: string) => string = () => "";
  #ready = false;
  /** The graph, read while the page loads so that the first snapshot does not wait. */
  #first: Promise<CurrentGraph> | null;
  /** The iteration after which the page shows the run. null for the current state. */
  #replayed: number | null = null;
  /** Views of the run after its iterations. */
  #views: { readonly run: string; readonly byIteration: Promise<ReadonlyMap<number, RunView>> } | null = null;
  readonly #slices = new Slices();
  readonly #sendGraph = this.own(new Throttle(() => this.#guard(this.#postGraph()), UPDATE_INTERVAL));
  readonly #sendRun = this.own(new Throttle(() => this.#guard(this.#postRun()), UPDATE_INTERVAL));

  constructor(
    readonly file: Uri,
    private readonly panel: WebviewPanel,
    script: string,
    private readonly deps: SessionDeps,
  ) {
    super();
    const { webview } = panel;
    this.own(webview.onDidReceiveMessage((message: unknown) => this.#receive(message)));
    this.own(
      deps.graphs.onDidChange((changed) => {
        if (!this.#isOurs(changed)) return;
        this.#first = null;
        this.#sendGraph.request();
      }),
    );
    this.own(deps.runs.onDidChange((changed) => this.#isOurs(changed) && this.#sendRun.request()));
    this.own(window.onDidChangeTextEditorSelection(({ textEditor }) => this.#postCursor(textEditor)));
    this.own(panel.onDidChangeViewState(() => this.#refresh()));
    this.own(panel.onDidDispose(() => this.dispose()));
    webview.html = pageHtml(script, String(file), { language: env.language, translations: l10n.bundle ?? {} });
    this.#first = deps.graphs.current(file);
    this.#first.catch(() => {});
  }

  #isOurs(changed: Uri): boolean {
    return String(changed) === String(this.file);
  }

  #refresh(): void {
    this.#sendGraph.request();
    this.#sendRun.request();
  }

  #receive(message: unknown): void {
    if (!isPageMessage(message)) {
      this.deps.log.warn("The graph page sent a message that it may not send; it was dropped.");
      return;
    }
    this.#guard(this.#act(message));
  }

  async #act(message: PageMessage): Promise<void> {
    switch (message.type) {
      case "ready":
        this.#ready = true;
        this.#refresh();
        return;
      case "reveal":
        return this.#reveal(message.node, message.open);
      case "fault":
        return this.#showFault(message.index);
      case "review": {
        const node = this.#nameOf(message.node);
        if (this.#run && node !== undefined) await this.deps.review(this.file, this.#run.entry.id, node);
        return;
      }
      case "ask": {
        const answer = await answerTo(message.question, this.#graph?.graph ?? null, this.#run, this.#excerpts);
        return this.#post({ type: "answer", request: message.request, answer });
      }
      case "copy": {
        const { part, node, sample, at } = message;
        const text = this.#run && (await fullText(part, node, sample, at, this.#run));
        if (text) await env.clipboard.writeText(text);
        return;
      }
      case "replay":
        this.#replayed = message.iteration;
        return this.#postRun();
      case "steer":
        return this.#onRun(STEER[message.act]);
      case "pin":
        return this.#onRun("pinNode", { node: this.#nameOf(message.node), pinned: message.pinned });
      case "export":
        return this.#export(message.svg);
    }
  }

  /** Id of a node of the shown run. */
  #nameOf(shown: string): string | undefined {
    return this.#run?.graph.nodes.find(({ id }) => shortId(id) === shown)?.id;
  }

  async #onRun(command: CommandName, about: object = {}): Promise<void> {
    if (this.#run) await commands.executeCommand(`agentgraph.${command}`, { entry: this.#run.entry, ...about });
  }

  async #postGraph(): Promise<void> {
    if (!this.#ready || !this.panel.visible) return;
    const first = this.#first;
    this.#first = null;
    this.#graph = await (first ?? this.deps.graphs.current(this.file));
    const { graph, faults, stale, model } = this.#graph;
    this.#post({ type: "graph", graph: graph && graphView(graph, model), faults: faultViews(faults), stale });
    this.#postCursor(window.activeTextEditor);
    // A verdict can be on a text that the file no longer has.
    if (this.#run) this.#sendRun.request();
  }

  async #postRun(): Promise<void> {
    if (!this.#ready || !this.panel.visible) return;
    const run = await this.deps.runs.current(this.file);
    if (run?.entry.id !== this.#run?.entry.id) {
      this.#replayed = null;
      this.#views = null;
      if (run) this.#excerpts = sampleExcerpts(run);
    }
    this.#run = run;
    if (run?.entry.status === "running") this.#replayed = null;
    this.#post({ type: "run", run: run && (await this.#viewOf(run)) });
    if (!run || !isViewPartial(run)) return;
    await addContributions(run, () => this.#slices.turn());
    this.#sendRun.request();
  }

  /**
   * The view of a run, at the replayed iteration if there is one. The curve stays complete to show the position in
   * the run.
   */
  async #viewOf(run: ActiveRun): Promise<RunView> {
    const latest = runView(run, this.#excerpts, LOCALE, this.#fileGraph());
    const iteration = this.#replayed;
    if (iteration === null) return latest;
    const { id } = run.entry;
    if (this.#views?.run !== id) this.#views = { run: id, byIteration: this.#replay(id) };
    const view = (await this.#views.byIteration).get(iteration);
    return view ? { ...view, curve: latest.curve, replayed: iteration } : latest;
  }

  /** The graph of the file; null while it has errors. */
  #fileGraph(): Graph | null {
    return this.#graph && !this.#graph.stale ? this.#graph.graph : null;
  }

  /** Reads the log once and returns the views of all iterations, which have a limited size, unlike states. */
  async #replay(id: string): Promise<ReadonlyMap<number, RunView>> {
    const views = new Map<number, RunView>();
    await this.deps.runs.replay(id, (run) => {
      if (views.size < LIMITS.points) views.set(run.state.iteration, runView(run, this.#excerpts, LOCALE));
    });
    return views;
  }

  #postCursor(editor: typeof window.activeTextEditor): void {
    if (!editor || !this.#ready || !this.panel.visible) return;
    const { document, selection } = editor;
    const node = this.deps.graphs.nodeAt(this.file, document.uri, document.offsetAt(selection.active));
    this.#post({ type: "cursor", node: node === null ? null : shortId(node) });
  }

  #post(message: HostMessage): void {
    void this.panel.webview.postMessage(message);
  }

  /** A click reveals the text if its file is visible, else the node in the graph file if that is; Enter opens the text. */
  async #reveal(shown: string, open: boolean): Promise<void> {
    const graph = this.#graph?.graph;
    const names = [...(graph?.nodes.map(({ id }) => id) ?? []), ...(graph?.inputs.map(({ name }) => name) ?? [])];
    const node = names.find((name) => shortId(name) === shown);
    if (node === undefined) return;
    const { graphs } = this.deps;
    const text = await graphs.instruction(this.file, node);
    const isShown = text !== undefined && (open || this.#placeFor(text.uri).visible);
    const location = isShown ? text : await graphs.declaration(this.file, node);
    if (!location) return;
    const place = this.#placeFor(location.uri);
    if (!place.visible && !open) return;
    // Only its start, because a long selection would scroll the text sideways.
    const { start } = location.range;
    const selection = new Range(start, start);
    await window.showTextDocument(location.uri, { ...place, selection, preserveFocus: !open });
  }

  /** The column of the visible text editor, else beside the graph. */
  #placeFor(document: Uri): { viewColumn: ViewColumn; visible: boolean } {
    const shown = window.visibleTextEditors.find((editor) => String(editor.document.uri) === String(document));
    return { viewColumn: shown?.viewColumn ?? ViewColumn.Beside, visible: shown !== undefined };
  }

  async #showFault(index: number): Promise<void> {
    const fault = this.#graph && visibleFaults(this.#graph.faults)[index];
    if (!fault) return;
    const document = await workspace.openTextDocument(this.file);
    const { start, end } = fault.range;
    const selection = new Range(document.positionAt(start), document.positionAt(end));
    await window.showTextDocument(document, { ...this.#placeFor(this.file), selection });
  }

  async #export(svg: string): Promise<void> {
    const target = await window.showSaveDialog({
      defaultUri: Uri.joinPath(this.file, "..", `${graphNameOf(this.file.path)}.svg`),
      filters: { [l10n.t("View")]: ["svg"] },
    });
    if (target) await workspace.fs.writeFile(target, new TextEncoder().encode(svg));
  }

  #guard(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.deps.log.error(`Graph view: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    });
  }
}
