import { createInterface, emitKeypressEvents } from "node:readline";

/** The means of a person to control a running command. */
export interface Terminal {
  /** Whether keys can be pressed and questions answered. Signals may come in any case. */
  readonly hasKeys: boolean;
  /** Calls back for each key until the returned function is called. */
  onKey(listener: (key: string) => void): () => void;
  /** Calls back for a signal from another terminal until the returned function is called. */
  onSignal(name: SteeringSignal, listener: () => void): () => void;
  /** Asks for a line. Empty if the signal is aborted first. */
  ask(question: string, signal: AbortSignal): Promise<string>;
}

/** Signals that no operating system sends on its own. */
export type SteeringSignal = "SIGUSR1" | "SIGUSR2";

/** The terminal of this process. Keys are read one by one, without Enter and without an echo. */
export function processTerminal({
  stdin,
  stderr,
  pid,
  platform,
}: Pick<NodeJS.Process, "stdin" | "stderr" | "pid" | "platform"> = process): Terminal {
  let isAsking = false;
  let listeners = 0;
  const readKeys = (isWanted: boolean) => {
    stdin.setRawMode(isWanted);
    if (isWanted) stdin.resume();
    else stdin.pause();
  };
  return {
    hasKeys: stdin.isTTY === true,
    onKey(listener) {
      emitKeypressEvents(stdin);
      const pressed = (text: string | undefined, key: { name?: string; ctrl?: boolean }) => {
        if (isAsking) return;
        // Without an echo, the terminal turns no key into a signal.
        if (key.ctrl && key.name === "c") process.kill(pid, "SIGINT");
        else if (key.ctrl && key.name === "z" && platform !== "win32") suspend();
        else if (!key.ctrl) listener(text ?? "");
      };
      const suspend = () => {
        readKeys(false);
        process.once("SIGCONT", () => readKeys(listeners > 0));
        process.kill(pid, "SIGTSTP");
      };
      stdin.on("keypress", pressed);
      if (listeners++ === 0) readKeys(true);
      return () => {
        stdin.off("keypress", pressed);
        if (--listeners === 0) readKeys(false);
      };
    },
    onSignal(name, listener) {
      if (platform === "win32") return () => {};
      process.on(name, listener);
      return () => void process.off(name, listener);
    },
    async ask(question, signal) {
      if (signal.aborted) return "";
      isAsking = true;
      if (listeners > 0) stdin.setRawMode(false);
      const lines = createInterface({ input: stdin, output: stderr });
      lines.on("SIGINT", () => process.kill(pid, "SIGINT"));
      try {
        return await new Promise((resolve) => {
          lines.question(question, { signal }, resolve);
          lines.once("close", () => resolve(""));
          signal.addEventListener("abort", () => resolve(""), { once: true });
        });
      } finally {
        lines.close();
        isAsking = false;
        if (listeners > 0) readKeys(true);
      }
    },
  };
}
