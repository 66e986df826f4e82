import { workspace } from "vscode";
import { Disposable } from "../disposable.ts";

/** Milliseconds for which a command is remembered, because the user may trust the folder for another reason later. */
const REMEMBERED = 300_000;

/** Runs what the user asked for in an untrusted folder once the folder is trusted. */
export class OnceTrusted extends Disposable {
  #wish: { readonly run: () => unknown; readonly at: number } | null = null;

  constructor() {
    super();
    this.own(
      workspace.onDidGrantWorkspaceTrust(() => {
        const wish = this.#wish;
        this.#wish = null;
        if (wish && Date.now() - wish.at < REMEMBERED) void wish.run();
      }),
    );
  }

  /** Remembers a command and forgets the earlier one, so that only one run starts. */
  remember(run: () => unknown): void {
    this.#wish = { run, at: Date.now() };
  }
}
