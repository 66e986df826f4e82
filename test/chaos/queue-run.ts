import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { RunReport } from "../../src/cli/output/json.ts";
import { nodeDeps } from "../../src/platform/node.ts";
import { loadTask } from "../../src/run/load.ts";
import { randomFaults, TRANSIENT } from "../server/faults.ts";
import { type CuttableConnection, type RedisServer, startCuttableConnection, startRedis } from "../server/redis.ts";
import { type LoggedRequest, type Server, startServer } from "../server/server.ts";
import type { Case } from "./case.ts";
import { writeFolder } from "./folder.ts";
import { chaosSandbox, PROGRAM_FILE } from "./local.ts";
import { chaosModel, contentId } from "./model.ts";
import { differenceOf, type Outcome, type WatchOptions } from "./outcome.ts";
import { type Ended, endOf, runIdIn } from "./process-run.ts";
import { withCode } from "./random-graph.ts";
import { type Reference, referenceOf } from "./reference.ts";
import { SeededRandom } from "./seeded-random.ts";

const CLI = resolve("dist/cli.js");
const DONE = 0;
/** Exit code of a run that is resumed after its end. */
const WRONG_USE = 2;
/** Seconds after which jobs of a lost worker are taken over. */
const TAKEOVER = 8;
/** Requests, and calls of code and of the tool, of one worker at once. */
const CONCURRENCY = 4;
/** Milliseconds that no accident lasts longer than, where nothing may be paid for twice. */
const SHORT = 1_500;
const WORKERS = 2;

const pause = (milliseconds: number) => new Promise<void>((next) => setTimeout(next, milliseconds));

/** A worker process, by the key that it sends. */
interface ChaosWorker {
  readonly key: string;
  readonly child: ChildProcess;
  readonly cable: CuttableConnection;
  /** Killed, or cut off for longer than the takeover. */
  isLost: boolean;
  /** Requests that it had sent when it came back, if it did. */
  sent: number;
}

/**
 * The same with a real Redis and two worker processes that run requests, code and tools: workers are killed with `kill
 * -9` or cut off, Redis is killed and started again, the run is cut off or killed and resumed.
 */
export async function runWithWorkers(one: Case, { log = () => {}, keep = false }: WatchOptions = {}): Promise<Outcome> {
  const root = await mkdtemp(join(tmpdir(), "agentgraph-chaos-"));
  const random = new SeededRandom(`${one.conditions.seed} queue`);
  const server = await startServer({
    model: chaosModel,
    faults: randomFaults(Math.min(one.conditions.rate, 0.05), random.int(0, 1e6), TRANSIENT),
    latency: [5, random.pick([20, 100, 400])],
    refuses: one.graph.refuses,
    format: one.graph.format,
  });
  const redis = await startRedis();
  const run = new QueueRun(one, root, server, redis, random, log);
  try {
    const isProgram = (node: { code?: { file?: string } }) => node.code?.file === PROGRAM_FILE;
    await writeFolder(root, withCode(one.graph.files, isProgram));
    const { task } = await loadTask(join(root, one.graph.graphFile), { ...nodeDeps(), sandbox: chaosSandbox });
    if (!task) throw new Error("the graph cannot run");
    return await run.toEnd(await referenceOf(task));
  } finally {
    run.close();
    await server.close();
    await redis.close();
    if (keep) log(`Its folder: ${root}`);
    else await rm(root, { recursive: true, force: true });
  }
}

class QueueRun {
  readonly #faults: string[] = [];
  readonly #workers: ChaosWorker[] = [];
  readonly #cables: CuttableConnection[] = [];
  readonly #children: ChildProcess[] = [];
  #hired = 0;
  #kills = 0;
  #segments = 0;

  constructor(
    readonly one: Case,
    readonly root: string,
    readonly server: Server,
    readonly redis: RedisServer,
    readonly random: SeededRandom,
    readonly tell: (line: string) => void,
  ) {}

  async toEnd(reference: Reference): Promise<Outcome> {
    const tools = {
      command: process.execPath,
      args: [resolve("test/chaos/pass-on-tool.mjs"), join(this.root, "calls")],
    };
    await writeFile(join(this.root, "tools.json"), JSON.stringify({ mcpServers: { chaos: tools } }));
    await Promise.all(Array.from({ length: WORKERS }, () => this.#hire()));
    const cable = await this.#cable();
    let [child, ended] = await this.#start(cable);
    for (let left = this.random.int(2, 4); left > 0; left--) {
      await this.#progress(child, this.random.int(1, Math.max(2, Math.floor(reference.calls / 4))));
      if (child.exitCode !== null) break;
      const died = await this.#accident(child, cable);
      if (died) [child, ended] = await this.#start(cable);
    }
    const { code, stdout, stderr } = await ended;
    if (code === WRONG_USE && this.#segments > 1) this.tell("it was done already");
    else if (code !== DONE) this.#faults.push(`it ended with ${code}: ${stderr.trim().slice(-400)}`);
    else this.#checkReport(JSON.parse(stdout), reference);
    this.#checkRepeated(reference);
    await this.#checkTools(reference);
    const { length: requests } = this.server.log;
    return { faults: this.#faults, requests, segments: this.#segments, kills: this.#kills };
  }

  close(): void {
    for (const child of [...this.#children, ...this.#workers.map((worker) => worker.child)]) child.kill("SIGKILL");
    for (const cable of this.#cables) cable.close();
  }

  async #cable(): Promise<CuttableConnection> {
    const cable = await startCuttableConnection(this.redis.url);
    this.#cables.push(cable);
    return cable;
  }

  #spawn(words: readonly string[], key = ""): ChildProcess {
    return spawn(process.execPath, [CLI, ...words, "--base-url", this.server.url], {
      cwd: this.root,
      env: {
        PATH: process.env.PATH,
        HOME: join(this.root, "home"),
        XDG_CONFIG_HOME: join(this.root, "home"),
        AGENTGRAPH_QUEUE_SECRET: "a secret of chaos itself",
        NO_COLOR: "1",
        ...(key !== "" && { AGENTGRAPH_API_KEY: key }),
      },
    });
  }

  async #hire(): Promise<void> {
    const key = `sk-chaos-${this.#hired++}`;
    const cable = await this.#cable();
    const options = ["--concurrency", `${CONCURRENCY}`, "--takeover", `${TAKEOVER}`, "--tools", "tools.json"];
    const child = this.#spawn(
      ["worker", "--queue", cable.url, ...options, "--allow-code", "--code-concurrency", `${CONCURRENCY}`],
      key,
    );
    this.#workers.push({ key, child, cable, isLost: false, sent: Number.POSITIVE_INFINITY });
    let said = "";
    await new Promise<void>((next, fail) => {
      child.stderr?.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.includes("Press Ctrl-C")) next();
      });
      child.once("exit", () => fail(new Error(`a worker did not start: ${said}`)));
    });
  }

  async #start(cable: CuttableConnection): Promise<[ChildProcess, Promise<Ended>]> {
    this.#segments++;
    const words = [(await runIdIn(this.root)) === null ? "optimize" : "resume", this.one.graph.graphFile];
    const child = this.#spawn([...words, "--json", "--queue", cable.url, "--workers-only"]);
    this.#children.push(child);
    this.tell(`segment ${this.#segments}: ${words[0]}`);
    return [child, endOf(child)];
  }

  /** Waits for so many more requests. */
  async #progress(child: ChildProcess, requests: number): Promise<void> {
    const wanted = this.server.log.length + requests;
    while (this.server.log.length < wanted && child.exitCode === null) await pause(5);
  }

  /** @returns whether the run is dead */
  async #accident(child: ChildProcess, cable: CuttableConnection): Promise<boolean> {
    const alive = this.#workers.filter(({ isLost }) => !isLost);
    const worker = alive[this.random.int(0, alive.length - 1)] as ChaosWorker;
    const kind = this.random.pick(["worker", "worker", "redis", "cut worker", "long cut", "cut run", "run"]);
    this.tell(
      `${kind} ${worker.key}, ${this.server.log.length} requests so far, last at ${this.server.log.at(-1)?.at}`,
    );
    switch (kind) {
      case "worker":
        worker.isLost = true;
        worker.child.kill("SIGKILL");
        this.#kills++;
        await this.#hire();
        return false;
      case "redis":
        await this.redis.restart(this.random.int(0, SHORT));
        return false;
      case "run":
        child.kill("SIGKILL");
        this.#kills++;
        await pause(this.random.int(0, 300));
        return true;
      default: {
        const cut = kind === "cut run" ? cable : worker.cable;
        if (kind === "long cut") worker.isLost = true;
        cut.cut();
        await pause(kind === "long cut" ? 1_700 * TAKEOVER : this.random.int(100, SHORT));
        if (kind === "long cut") worker.sent = this.#sentBy(worker.key).length;
        cut.restore();
        if (kind === "long cut") await this.#hire();
        return false;
      }
    }
  }

  #checkReport(report: RunReport, { decided }: Reference): void {
    const { finished, texts, proposals } = decided;
    const shown = {
      final: report.final,
      proposals: report.proposals.map(({ node, verdict, base, text }) => ({ node, verdict, base, text })),
      validation: report.validation,
    };
    const wanted = {
      final: texts,
      proposals: proposals.map(({ node, verdict, base, text }) => ({ node, verdict: verdict.decision, base, text })),
      validation: finished && "validation" in finished ? finished.validation : null,
    };
    const difference = differenceOf(shown, wanted);
    if (difference !== null) this.#faults.push(`the result is another one: ${difference}`);
  }

  /**
   * What was answered more often than a run on one machine asks for it was under way on a lost worker: no answer, or
   * none that was surely stored, so one of the last that ended there.
   */
  #checkRepeated({ asked }: Reference): void {
    const answered = new Map<string, number>();
    const excused = new Map<string, number>();
    const add = (counts: Map<string, number>, id: string) => counts.set(id, (counts.get(id) ?? 0) + 1);
    const log = this.server.log.filter(({ fault }) => fault === null);
    for (const { body } of log) if (isTaken(body, this.one)) add(answered, contentId(body.messages));
    for (const { key, sent } of this.#workers.filter(({ isLost }) => isLost)) {
      const last = this.#sentBy(key)
        .slice(0, sent)
        .filter(({ fault }) => fault === null)
        .sort((a, b) => b.endedAt - a.endedAt)
        .map(({ body }) => contentId(body.messages));
      for (const id of [...new Set(last)].slice(0, CONCURRENCY)) add(excused, id);
    }
    for (const [id, count] of answered) {
      const allowed = (asked.get(id) ?? 0) + (excused.get(id) ?? 0);
      if (count > allowed)
        this.#faults.push(`${id} was answered ${count} times, ${allowed} are needed: ${this.#sentFor(id)}`);
    }
  }

  #sentBy(key: string): readonly LoggedRequest[] {
    return this.server.log.filter(({ headers }) => headers.authorization === `Bearer ${key}`);
  }

  /** `sk-chaos-1 at 1203 to 1220, …`: who asked for it, and when. */
  #sentFor(id: string): string {
    return this.server.log
      .filter(({ body }) => contentId(body.messages) === id)
      .map(
        ({ headers, at, endedAt, fault }) =>
          `${headers.authorization?.slice(7)} at ${at} to ${endedAt}${fault === null ? "" : ` (${fault})`}`,
      )
      .join(", ");
  }

  async #checkTools({ called }: Reference): Promise<void> {
    const lines = (await readFile(join(this.root, "calls"), "utf8").catch(() => "")).split("\n").filter(Boolean);
    const lost = this.#workers.filter(({ isLost }) => isLost).length;
    const needed = called.size;
    const distinct = new Set(lines).size;
    if (distinct !== needed) this.#faults.push(`${distinct} calls of the tool are known, ${needed} are needed`);
    if (lines.length > needed + lost * CONCURRENCY) {
      this.#faults.push(`the tool was called ${lines.length} times for ${needed} inputs, with ${lost} workers lost`);
    }
  }
}

/** Whether the server answers it: a first request with a parameter that it does not know is repeated without. */
function isTaken(body: Server["log"][number]["body"], { graph: { refuses, format } }: Case): boolean {
  const order = ["none", "json_object", "json_schema"];
  const wanted = body.response_format?.type ?? "none";
  return !refuses.some((name) => name in body) && order.indexOf(wanted) <= order.indexOf(format);
}
