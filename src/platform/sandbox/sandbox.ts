import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { type Code, CodeFault, CodeLimit, type Sandbox, type SandboxLimits } from "../../deps.ts";
import type { Job, Outcome } from "./protocol.ts";

/** Default limits per call. */
export const SANDBOX_LIMITS: SandboxLimits = { time: 5_000, memory: 64 * 2 ** 20 };

/** Maximum number of concurrent calls, which leaves a core for other work. */
const THREADS = Math.max(1, Math.min(4, availableParallelism() - 1));

/** Milliseconds for a thread to start and to report a timeout, and for which an idle thread is kept. */
const PATIENCE = 5_000;
const IDLE = 5_000;

/** Number of results of checks that are kept. */
const KEPT = 200;

/** Megabytes of a thread's stack, which contains that of the virtual machine. */
const STACK = 16;

/**
 * A sandbox of QuickJS in WebAssembly, in separate threads. Code that reaches a limit ends its thread.
 * @param script path of the bundle of `thread.ts`
 * @param threads maximum number of concurrent calls; each takes up to its memory limit
 * @param patience milliseconds after its time limit until a thread that has not answered is ended
 */
export function nodeSandbox(script: string, threads = THREADS, patience = PATIENCE): Sandbox {
  const pool = new Pool(script, threads, patience);
  const faults = new Map<string, Promise<CodeFault | null>>();
  return withLimits(SANDBOX_LIMITS);

  function withLimits(limits: SandboxLimits): Sandbox {
    return {
      within: (other) => withLimits({ ...limits, ...other }),
      check(code) {
        const key = JSON.stringify(code);
        const known = faults.get(key) ?? compile(code, limits);
        faults.set(key, known);
        // While a file is edited, each version is another one.
        if (faults.size > KEPT) faults.delete(faults.keys().next().value ?? key);
        known.catch(() => faults.delete(key));
        return known;
      },
      async call(code, argument) {
        const job = { code, argument: JSON.stringify(argument), limits };
        const outcome = await pool.run(job);
        if ("result" in outcome) return JSON.parse(outcome.result);
        throw errorOf(outcome, job);
      },
    };
  }

  async function compile(code: Code, limits: SandboxLimits): Promise<CodeFault | null> {
    const job = { code, argument: null, limits };
    const outcome = await pool.run(job);
    if (!("result" in outcome)) {
      const error = errorOf(outcome, job);
      return error instanceof CodeFault
        ? error
        : new CodeFault(code.file, null, `it can't be compiled: ${error.message}`);
    }
    return EXPORTS.test(code.text) ? null : new CodeFault(code.file, null, "it has no default export");
  }
}

/** Matches a default export, or a comment about one; the call then reports that it is missing. */
const EXPORTS = /export\s+default\b|\bas\s+default\b/;

type Failed = Exclude<Outcome, { readonly result: string }>;

function errorOf(outcome: Failed, { code: { file }, limits }: Job): CodeFault | CodeLimit {
  if ("problem" in outcome) return new CodeFault(outcome.file ?? file, outcome.line, outcome.problem);
  const { limit } = outcome;
  return new CodeLimit(file, limit, limit === "stack" ? 0 : limits[limit]);
}

/** Threads that each do one job at a time. They do not keep the process alive. */
class Pool {
  readonly #idle: Thread[] = [];
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(
    readonly script: string,
    readonly threads: number,
    readonly patience: number,
  ) {}

  async run(job: Job): Promise<Outcome> {
    if (this.#busy >= this.threads) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#busy++;
    let thread: Thread | undefined;
    try {
      thread = this.#idle.pop() ?? new Thread(this.script, this.patience);
      const outcome = await thread.run(job);
      if ("limit" in outcome) thread.end();
      else this.#rest(thread);
      return outcome;
    } catch (error) {
      thread?.end();
      throw error;
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#busy--;
    }
  }

  #rest(thread: Thread): void {
    this.#idle.push(thread);
    thread.endAfter(IDLE, () => this.#idle.splice(this.#idle.indexOf(thread), 1));
  }
}

class Thread {
  readonly #worker: Worker;
  #timer: NodeJS.Timeout | undefined;
  /** Ends the current job. */
  #settle: ((outcome: Outcome | Error) => void) | null = null;

  constructor(
    script: string,
    private readonly patience: number,
  ) {
    this.#worker = new Worker(script, {
      env: {},
      argv: [],
      execArgv: [],
      resourceLimits: { stackSizeMb: STACK },
      stdout: true,
      stderr: true,
    });
    this.#worker.unref();
    const settle = (outcome: Outcome | Error) => this.#settle?.(outcome);
    this.#worker.on("message", settle);
    this.#worker.on("error", (error) => settle(isOutOfMemory(error) ? { limit: "memory" } : error));
    this.#worker.on("exit", (code) => settle(new Error(`the sandbox ended with code ${code}`)));
  }

  async run(job: Job): Promise<Outcome> {
    clearTimeout(this.#timer);
    this.#worker.ref();
    let late: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Outcome>((resolve, reject) => {
        this.#settle = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
        late = setTimeout(() => resolve({ limit: "time" }), job.limits.time + this.patience);
        this.#worker.postMessage(job);
      });
    } finally {
      this.#settle = null;
      clearTimeout(late);
      this.#worker.unref();
    }
  }

  endAfter(milliseconds: number, ended: () => void): void {
    this.#timer = setTimeout(() => {
      ended();
      this.end();
    }, milliseconds).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
    void this.#worker.terminate();
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
}
