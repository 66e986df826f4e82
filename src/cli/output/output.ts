import type { WriteStream } from "node:tty";
import picocolors from "picocolors";
import type { Colors } from "picocolors/types.js";
import { escapeControls, plain } from "../../i18n/plain-text.ts";

/** Colors and weights, but nothing that hides text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a color begins with one.
const COLOR = /(\u001b\[(?:[0-79]|2[2-9]|[349]\d)m)/;

/**
 * The two streams: results on stdout; progress, warnings and errors on stderr. With `--json` stdout gets one object alone. No text
 * can control the terminal.
 */
export class Output {
  readonly colors: Colors;
  readonly #stdout: WriteStream;
  readonly #stderr: WriteStream;

  constructor(
    { stdout, stderr, env }: Pick<NodeJS.Process, "stdout" | "stderr" | "env">,
    readonly json: boolean,
  ) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    const wanted = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
    this.colors = picocolors.createColors(wanted || (stdout.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb"));
  }

  /** Whether a progress bar can be shown. */
  get isInteractive(): boolean {
    return this.#stderr.isTTY === true && !this.json;
  }

  get progress(): WriteStream {
    return this.#stderr;
  }

  /** Text for people, without `--json`. */
  print(text = ""): void {
    if (!this.json) this.#stdout.write(`${this.#safe(text)}\n`);
  }

  /** Writes the requested output to stdout, also with `--json`. A file or a program gets it as it is. */
  write(text: string): void {
    this.#stdout.write(this.#stdout.isTTY === true ? this.#safe(text) : text);
  }

  /** Without what a terminal obeys, except our own colors. */
  #safe(text: string): string {
    if (!this.colors.isColorSupported) return plain(text);
    return text
      .split(COLOR)
      .map((part, index) => (index % 2 === 1 ? part : plain(part)))
      .join("");
  }

  info(text: string): void {
    this.#stderr.write(`${this.#safe(text)}\n`);
  }

  warn(text: string): void {
    this.info(`${this.colors.yellow("Warning:")} ${text}`);
  }

  error(text: string): void {
    this.info(`${this.colors.red("Error:")} ${text}`);
  }

  /** @param value not a promise, which would be printed as `{}` */
  object<T extends object>(value: T extends PromiseLike<unknown> ? never : T): void {
    this.#stdout.write(`${escapeControls(JSON.stringify(value, null, 2))}\n`);
  }

  /** Resolves when both streams are flushed: writes to pipes are asynchronous. */
  async flushed(): Promise<void> {
    await Promise.all([this.#stdout, this.#stderr].map((stream) => new Promise((done) => stream.write("", done))));
  }
}
