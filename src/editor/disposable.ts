import type { Disposable as VscodeDisposable } from "vscode";

/** Ends everything it owns, the last taken first. */
export abstract class Disposable {
  readonly #owned: VscodeDisposable[] = [];

  protected own<T extends VscodeDisposable>(disposable: T): T {
    this.#owned.push(disposable);
    return disposable;
  }

  dispose(): void {
    for (const disposable of this.#owned.splice(0).reverse()) disposable.dispose();
  }
}
