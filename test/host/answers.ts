import { window } from "vscode";

interface Question {
  readonly message: string;
  readonly detail: string;
  /** Empty for a pick or an input. */
  readonly buttons: readonly string[];
}

const KINDS = ["showInformationMessage", "showWarningMessage", "showErrorMessage", "showQuickPick"] as const;
const own = Object.fromEntries(KINDS.map((kind) => [kind, window[kind]]));

/** Answers VS Code's messages, modal dialogs and picks in the user's place, and keeps what they asked. */
export class Answers {
  readonly asked: Question[] = [];
  #wanted: readonly RegExp[] = [];
  #meanwhile: ((message: string) => unknown) | null = null;

  /** From now on: the first button or entry that matches; none means that the user closes the question. */
  give(...wanted: readonly RegExp[]): void {
    this.#wanted = wanted;
    this.#meanwhile = null;
    this.asked.length = 0;
    const choose = <T>(options: readonly T[], textOf: (option: T) => string) =>
      options.find((option) => this.#wanted.some((one) => one.test(textOf(option))));
    const message = async (text: string, ...rest: unknown[]) => {
      const buttons = rest.filter((part) => typeof part === "string");
      const [options] = rest;
      const detail =
        typeof options === "object" && options !== null && "detail" in options ? String(options.detail) : "";
      this.asked.push({ message: text, detail, buttons });
      if (detail !== "") await this.#meanwhile?.(text);
      return choose(buttons, (button) => button);
    };
    const showQuickPick = async (entries: readonly { label: string }[], options?: { title?: string }) => {
      const title = options?.title ?? "";
      this.asked.push({ message: title, detail: "", buttons: [] });
      await this.#meanwhile?.(title);
      return choose(await entries, ({ label }) => label);
    };
    const [info, warning, error] = KINDS;
    Object.assign(window, { [info]: message, [warning]: message, [error]: message, showQuickPick });
  }

  /** What happens elsewhere while a modal question or a pick is open; until the next `give`. */
  meanwhile(act: (message: string) => unknown): void {
    this.#meanwhile = act;
  }

  /** From the next question on, like `give`, without forgetting what was asked. */
  next(...wanted: readonly RegExp[]): void {
    this.#wanted = wanted;
  }

  /** The question whose message matches. */
  find(pattern: RegExp): Question | undefined {
    return this.asked.find(({ message }) => pattern.test(message));
  }

  /** VS Code asks the user again. */
  end(): void {
    Object.assign(window, own);
  }
}
