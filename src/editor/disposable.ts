import type { Disposable as VscodeDisposable } from "vscode";

/** Disposes everything it owns, in reverse order. */
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
