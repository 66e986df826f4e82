import { sep } from "node:path";
import { EventEmitter, l10n, type Uri, workspace } from "vscode";
import { type Sample, SPLITS } from "../../data/sample.ts";
import type { Acted } from "../../engine/events.ts";
import { Patterns } from "../../graph/pattern.ts";
import { shownValue } from "../../graph/replies/extract.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { warningMessage } from "../../i18n/warnings.ts";
import { Yielder } from "../../models/yielder.ts";
import { readReplies } from "../../run/record/replies.ts";
import { type RunPaths, runPathsOf } from "../../run/record/run-paths.ts";
import {
  deleteRun,
  listRuns,
  type OpenedState,
  openRunState,
  type RunsDeps,
  readRun,
  recordAct,
  writtenAt,
} from "../../run/record/runs.ts";
import type { Side } from "../../run/report/compare.ts";
import { reportJsonBytes } from "../../run/report/format/json.ts";
import { readReport, readSide } from "../../run/report/read.ts";
import type { Report } from "../../run/report/report.ts";
import type { Run } from "../../run/run.ts";
import { RunReducer, withAct } from "../../run/state/reduce.ts";
import { summaryOf } from "../../run/state/summary.ts";
import { Disposable } from "../disposable.ts";
import { LOCALE } from "../editor-locale.ts";
import { NotFound } from "../errors.ts";
import type { GraphFiles } from "../graph-files.ts";
import { followRenames } from "./follow-renames.ts";
import type { OpenedRun } from "./opened-run.ts";
import { lastWithResult, latestOf, type RunSummary, runSummaryOf } from "./run-summary.ts";

/** Opened runs kept in memory. */
const MAX_OPEN_RUNS = 8;
/** Milliseconds for which changes on disk are debounced. */
const PAUSE = 300;
/** Milliseconds between two checks whether another process is still running a run. */
const LOOK = 10_000;
/** Milliseconds between two checks for new or changed runs. */
const COMPARE = 5_000;

type Written = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** The runs of the workspace's graphs: those on disk, and those running in this window. */
export class RunStore extends Disposable {
  readonly #changed = this.own(new EventEmitter<void>());
  /** Fires when a run is added, removed or finished, or when the user acts on one. */
  readonly onDidChange = this.#changed.event;
  readonly #progressed = this.own(new EventEmitter<string>());
  /** Fires with the id at every event of a run in this window. */
  readonly onDidProgress = this.#progressed.event;
  readonly #live = new Map<string, { readonly run: Run; readonly root: string }>();
  /** Roots of runs of this window, which stay listed after their graph is removed from the workspace. */
  readonly #roots = new Set<string>();
  readonly #opened = new Map<string, Promise<OpenedRun>>();
  /** Runs whose summary this window is writing. */
  readonly #acting = new Set<string>();
  #listed: Promise<RunSummary[]> | null = null;
  /** Time of the last write by root, as of the last listing. */
  #written: Written = new Map();
  #watching = false;
  #pause: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly deps: RunsDeps,
    private readonly graphs: GraphFiles,
  ) {
    super();
    this.own(graphs.onDidChange(() => this.#forget()));
    this.own({ dispose: () => this.#pause && clearTimeout(this.#pause) });
  }

  /** All runs, the newest first. */
  list(): Promise<RunSummary[]> {
    this.#watch();
    this.#listed ??= this.#read();
    return this.#listed;
  }

  async find(id: string): Promise<RunSummary | null> {
    const named = (entry: RunSummary) => entry.id === id;
    const known = (await this.list()).find(named);
    if (known && (known.status !== "running" || this.#live.has(id))) return known;
    // It may be too recent for the watcher, or have ended in another process since.
    this.#listed = this.#read();
    return (await this.#listed).find(named) ?? null;
  }

  /** @throws NotFound */
  async existing(id: string): Promise<RunSummary> {
    const entry = await this.find(id);
    if (!entry) {
      throw new NotFound(l10n.t("The run no longer exists. It was deleted, or its graph is not in this workspace."));
    }
    return entry;
  }

  /** The runs of a graph, newest first. */
  async ofGraph(file: Uri): Promise<RunSummary[]> {
    const path = await this.graphs.realPath(file);
    return (await this.list()).filter(({ graphPath }) => graphPath === path);
  }

  /** The running run of a graph, else its last optimization, else its last evaluation. */
  async latest(file: Uri): Promise<RunSummary | null> {
    return latestOf(await this.ofGraph(file));
  }

  /** The last optimization with a result, else `latest`. */
  async lastResult(file: Uri): Promise<RunSummary | null> {
    const runs = await this.ofGraph(file);
    return lastWithResult(runs) ?? latestOf(runs);
  }

  /** Opens a run. null if it no longer exists. @throws RunUnreadable */
  async open(id: string): Promise<OpenedRun | null> {
    const live = this.#live.get(id);
    if (live) return this.#openLive(live.run, live.root);
    const entry = await this.find(id);
    if (!entry) return null;
    let opened = this.#opened.get(id);
    if (!opened) {
      opened = this.#openStored(entry);
      opened.catch(() => this.#opened.delete(id));
      this.#opened.set(id, opened);
      const oldest = this.#opened.keys().next().value;
      if (this.#opened.size > MAX_OPEN_RUNS && oldest !== undefined) this.#opened.delete(oldest);
    }
    const run = await opened;
    // Its graph file may have been renamed since.
    const { graphPath } = entry;
    return run.entry.graphPath === graphPath ? run : { ...run, entry: { ...run.entry, graphPath } };
  }

  /** Reads the log of a run again. @param see gets the run after each iteration; its state changes with the next one */
  async replay(id: string, see: (run: OpenedRun) => void): Promise<void> {
    const run = await this.open(id);
    if (!run) return;
    const reducer = new RunReducer();
    await readRun(this.deps, runPathsOf(run.entry.root), id, (event) => {
      reducer.apply(event);
      if (event.type === "iteration") see({ ...run, state: reducer.state });
    });
  }

  /** Logs a user act in the run. */
  async act(run: OpenedRun, act: Acted): Promise<void> {
    const { id, root } = run.entry;
    this.#acting.add(id);
    await recordAct(this.deps, runPathsOf(root), id, act);
    const opened = this.#opened.get(id);
    if (opened) this.#opened.set(id, Promise.resolve({ ...(await opened), state: withAct((await opened).state, act) }));
    this.#forget();
  }

  async remove(entry: RunSummary): Promise<void> {
    await deleteRun(this.deps, runPathsOf(entry.root), entry.id);
    this.#opened.delete(entry.id);
    this.#forget();
  }

  /** Follows a run to its end. Stops when the window closes; the run can then be resumed. */
  async drive(run: Run, root: string): Promise<void> {
    this.#live.set(run.id, { run, root });
    this.#roots.add(root);
    this.#opened.delete(run.id);
    this.#forget();
    // A run that waits has no events of its own.
    run.onWaiting(() => this.#progressed.fire(run.id));
    try {
      for await (const event of run.events) {
        if (event.type === "warning") this.deps.log.warn(warningMessage(event, LOCALE));
        this.#progressed.fire(run.id);
        if (event.type === "paused" || event.type === "continued") this.#changed.fire();
      }
    } finally {
      this.#live.delete(run.id);
      this.#forget();
      this.#progressed.fire(run.id);
    }
  }

  /** The run of this window with an id. null if it is not running here. */
  live(id: string): Run | null {
    return this.#live.get(id)?.run ?? null;
  }

  /** The report of a run. @throws RunMissing, RunUnreadable */
  report({ root, id }: RunSummary): Promise<Report> {
    return readReport(this.deps, runPathsOf(root), id, LOCALE);
  }

  /** Lets other work in while a report is written. */
  turns(): Yielder {
    return new Yielder(this.deps.clock);
  }

  /** The same as JSON, which is for programs and therefore always in English. @throws RunMissing, RunUnreadable */
  async reportJson({ root, id }: RunSummary): Promise<Uint8Array> {
    const report = await readReport(this.deps, runPathsOf(root), id, ENGLISH);
    return reportJsonBytes(report, this.turns());
  }

  /** One side of a comparison. @throws RunMissing, RunUnreadable */
  side({ root, id }: RunSummary): Promise<Side> {
    return readSide(this.deps, runPathsOf(root), id, LOCALE);
  }

  override dispose(): void {
    for (const { run } of this.#live.values()) void run.events.return(run.state());
    super.dispose();
  }

  async #datesOf(roots: Iterable<string>): Promise<Written> {
    const isOwn = (id: string) => this.#live.has(id);
    const dates = [...roots].map(async (root) => [root, await writtenAt(this.deps, runPathsOf(root), isOwn)] as const);
    return new Map(await Promise.all(dates));
  }

  async #read(): Promise<RunSummary[]> {
    const roots = new Set([...(await this.graphs.roots()), ...this.#roots]);
    this.#written = await this.#datesOf(roots);
    const lists = await Promise.all(
      [...roots].map(async (root) =>
        (await listRuns(this.deps, runPathsOf(root))).map((listed) => runSummaryOf(root, listed)),
      ),
    );
    const followed = await followRenames(lists.flat(), this.graphs, this.deps.files);
    // The files of a resumed run still show its earlier end.
    const all = followed.map((entry) => (this.#live.has(entry.id) ? { ...entry, status: "running" as const } : entry));
    // The other process may be killed without notice.
    if (all.some(({ id, status }) => status === "running" && !this.#live.has(id))) this.#later(LOOK);
    return all.sort((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1));
  }

  async #openLive(run: Run, root: string): Promise<OpenedRun> {
    const { start, replies } = run;
    const state = run.state();
    const summary = await summaryOf(start, state, this.deps.machine);
    const entry = runSummaryOf(root, { summary, status: state.status, trusted: true });
    const keysOf = async (theta: string, sample: string) => state.values.of(theta, sample);
    return opened(
      entry,
      { start, state, keysOf, waiting: run.waiting(), pace: run.pace() },
      async (key) => (await replies.get(key))?.reply.text,
    );
  }

  async #openStored(entry: RunSummary): Promise<OpenedRun> {
    const place: RunPaths = runPathsOf(entry.root);
    const run = await openRunState(this.deps, place, entry.id);
    const current: RunSummary = { ...entry, status: run.status, untrusted: !run.trusted };
    let replies: ReturnType<typeof readReplies> | null = null;
    return opened(current, { ...run, waiting: null, pace: null }, async (key) => {
      replies ??= readReplies(this.deps, run.files.replies, run.trusted);
      return (await (await replies)(key))?.text;
    });
  }

  #forget(): void {
    this.#listed = null;
    this.#changed.fire();
  }

  #later(milliseconds: number): void {
    if (this.#pause && milliseconds === LOOK) return;
    if (this.#pause) clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#pause = null;
      this.#forget();
    }, milliseconds);
  }

  /** Shows runs of the command line and of other windows. */
  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    const watcher = this.own(workspace.createFileSystemWatcher("**/.agentgraph/runs/*/summary.json"));
    const changed = (uri: Uri) => {
      const id = uri.fsPath.split(sep).at(-2) ?? "";
      // The log is not read again for an act of this window.
      if (this.#live.has(id) || this.#acting.delete(id)) return;
      this.#opened.delete(id);
      this.#later(PAUSE);
    };
    watcher.onDidCreate(changed);
    watcher.onDidChange(changed);
    watcher.onDidDelete(changed);
    const comparing = setInterval(() => this.#compare().catch(() => {}), COMPARE);
    this.own({ dispose: () => clearInterval(comparing) });
  }

  /** A watcher misses files that are created before it watches a new folder. */
  async #compare(): Promise<void> {
    if (!this.#listed) return;
    await this.#listed;
    const before = this.#written;
    const changed = [...(await this.#datesOf(before.keys()))].flatMap(([root, now]) => {
      const was = before.get(root);
      return [...new Set([...(was?.keys() ?? []), ...now.keys()])].filter((id) => was?.get(id) !== now.get(id));
    });
    for (const id of changed) this.#opened.delete(id);
    if (changed.length > 0) this.#forget();
  }
}

function opened(
  entry: RunSummary,
  {
    start,
    state,
    keysOf,
    waiting,
    pace,
  }: Pick<OpenedState, "start" | "state" | "keysOf"> & Pick<OpenedRun, "waiting" | "pace">,
  reply: (key: string) => Promise<string | undefined>,
): OpenedRun {
  const patterns = new Patterns();
  // Computed on demand, because there can be thousands.
  let samples: ReadonlyMap<string, Sample> | null = null;
  return {
    entry,
    graph: start.graph,
    model: start.models.forward.model,
    data: start.data,
    limits: start.options.budget,
    threshold: start.options.threshold,
    state,
    waiting,
    pace,
    sample(id) {
      samples ??= new Map(SPLITS.flatMap((split) => start.data[split]).map((sample) => [sample.id, sample]));
      return samples.get(id) ?? null;
    },
    hasRun: async (theta, sample) => (await keysOf(theta, sample)) !== undefined,
    async value(theta, sample, id) {
      const key = (await keysOf(theta, sample))?.[id];
      const text = key === undefined ? undefined : await reply(key);
      const node = start.graph.nodes.find((it) => it.id === id);
      if (text === undefined || !node) return null;
      return shownValue(text, node.output, patterns);
    },
  };
}
