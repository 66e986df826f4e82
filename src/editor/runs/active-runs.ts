import { EventEmitter, type Uri } from "vscode";
import { Disposable } from "../disposable.ts";
import type { RunSource } from "../graph/graph-source.ts";
import type { GraphFiles } from "../graph-files.ts";
import type { OpenedRun } from "./opened-run.ts";
import type { RunStore } from "./run-store.ts";

/** Provides the run that the graph view shows: the running one, else the last one. */
export class ActiveRuns extends Disposable implements RunSource {
  readonly #changed = this.own(new EventEmitter<Uri>());
  readonly onDidChange = this.#changed.event;
  /** Graph files by their running run. */
  readonly #files = new Map<string, Promise<Uri>>();

  constructor(
    private readonly runStore: RunStore,
    private readonly graphs: GraphFiles,
  ) {
    super();
    this.own(runStore.onDidProgress((id) => void this.#progressed(id)));
    this.own(runStore.onDidChange(() => void this.#allChanged()));
  }

  async current(file: Uri): Promise<OpenedRun | null> {
    const entry = await this.runStore.latest(file);
    return entry && this.runStore.open(entry.id);
  }

  replay(id: string, see: (run: OpenedRun) => void): Promise<void> {
    return this.runStore.replay(id, see);
  }

  async #progressed(id: string): Promise<void> {
    let file = this.#files.get(id);
    if (!file) {
      file = this.runStore.find(id).then((entry) => this.graphs.known(entry?.graphPath ?? ""));
      this.#files.set(id, file);
    }
    this.#changed.fire(await file);
  }

  async #allChanged(): Promise<void> {
    for (const file of await this.graphs.list()) this.#changed.fire(file);
  }
}
