import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtualClock } from "../../bench/worlds/clock.ts";
import type { Clock, Log } from "../../src/deps.ts";
import type { BudgetLimits } from "../../src/models/model.ts";
import { createOpenAI } from "../../src/models/protocols/openai.ts";
import { RunInProgress } from "../../src/run/errors.ts";
import { loadTask } from "../../src/run/load.ts";
import { type RunRequest, runRequestOf } from "../../src/run/record/run-manifest.ts";
import { filesOf, type RunPaths, runPathsOf } from "../../src/run/record/run-paths.ts";
import { listRuns, type ReadRun, readRun } from "../../src/run/record/runs.ts";
import { type Run, type RunDeps, resumeRun, startRun } from "../../src/run/run.ts";
import { unitOf } from "../server/faults.ts";
import { type Accident, type Case, endOf } from "./case.ts";
import { Disk, Process } from "./disk.ts";
import { FaultyServer } from "./faulty-server.ts";
import { faultsOfApplying, faultsOfEnd, faultsOfList, faultsOfReport } from "./final-checks.ts";
import { writeFolder } from "./folder.ts";
import { type Ending, Ledger } from "./ledger.ts";
import { ChaosTools, chaosSandbox } from "./local.ts";
import { differenceOf, type Outcome, type WatchOptions } from "./outcome.ts";
import { decidedIn, priceOf, type Reference, referenceOf } from "./reference.ts";

const UNLIMITED: BudgetLimits = { calls: null, tokens: null, usd: null };
/** The user's folder. */
const ROOT = "/work";
const START = Date.UTC(2026, 0, 31, 12);
const silent: Log = { info() {}, warn() {}, error() {} };
/** Milliseconds by which a restless clock jumps, and at which share of all requests. */
const JUMPS = [-3_600_000, -700, 700, 3_600_000] as const;
const OFTEN = 0.03;

/** Plays one case in this process: run layer, wrapper stack and HTTP client as they ship, over a server and a disk that fail. */
export async function runInProcess(one: Case, { log = () => {}, keep = false }: WatchOptions = {}): Promise<Outcome> {
  const disk = new Disk();
  for (const [path, text] of Object.entries(one.graph.files)) disk.put(join(ROOT, path), text);
  const outside = { files: new Process(disk).files, clock: new VirtualClock() };
  const loaded = await loadTask(join(ROOT, one.graph.graphFile), outside);
  const subject = runRequestOf(loaded);
  if (!subject) throw new Error(loaded.faults.map(({ message }) => message).join("\n"));
  const whole = await referenceOf(subject.task);
  // What a run decides may depend on the budget that it starts with, never on one that it is resumed with.
  const first = limitsOf(one.accidents[0] ?? null, whole);
  const started = { ...subject, task: { ...subject.task, options: { ...subject.task.options, budget: first } } };
  const reference = first === UNLIMITED ? whole : await referenceOf(started.task);
  const outcome = await new InProcessRun(one, disk, started, reference, log).toEnd();
  if (keep) {
    const folder = await mkdtemp(join(tmpdir(), "agentgraph-chaos-"));
    await writeFolder(folder, Object.fromEntries(disk.paths(ROOT).map((path) => [path, disk.text(path) ?? ""])));
    log(`Its files: ${folder}`);
  }
  return outcome;
}

class InProcessRun {
  readonly #tools = new ChaosTools();
  readonly #clock: Clock;
  readonly #server: FaultyServer;
  readonly #ledger: Ledger;
  readonly #place: RunPaths;
  readonly #faults: string[] = [];
  #segment = 0;
  #kills = 0;
  #id: string | null = null;
  /** By which the clock is wrong, in milliseconds. */
  #wrong = 0;
  /** The process that holds the run. */
  #underWay: Process | null = null;
  /** Another one that wants it. */
  #rival: Promise<void> | null = null;

  constructor(
    readonly one: Case,
    readonly disk: Disk,
    readonly subject: RunRequest,
    readonly reference: Reference,
    readonly tell: (line: string) => void,
  ) {
    const time = new VirtualClock();
    this.#clock = {
      now: () => START + this.#segment * 60_000 + time.now() + this.#wrong,
      sleep: (milliseconds, signal) => time.sleep(milliseconds, signal),
    };
    this.#server = new FaultyServer(one.graph, one.conditions, this.#clock);
    this.#ledger = new Ledger(this.#server, one.graph.concurrency);
    this.#place = runPathsOf(ROOT);
    globalThis.fetch = (url, init = {}) => this.#server.fetch(String(url), init);
  }

  async toEnd(): Promise<Outcome> {
    const { one, disk } = this;
    let limits: BudgetLimits | null = null;
    for (const accident of [...one.accidents, null]) limits ??= await this.#play(accident);
    if (limits === null) this.#fault("the run did not come to its end");
    else if (limits === UNLIMITED) {
      await this.#checkWhole();
      if (one.secondRun && this.subject.task.options.budget === UNLIMITED) await this.#playAgain();
    }
    const own = disk.paths(ROOT).filter((path) => !path.startsWith(join(ROOT, ".agentgraph/")));
    const before = new Map(Object.entries(one.graph.files).map(([path, text]) => [join(ROOT, path), text]));
    for (const path of new Set([...own, ...before.keys()])) {
      if (disk.text(path) !== (before.get(path) ?? null)) this.#fault(`${path} was changed`);
    }
    return {
      faults: [...this.#faults, ...this.#ledger.faults],
      requests: this.#server.requests,
      segments: this.#segment,
      kills: this.#kills,
    };
  }

  /** One segment, to its end or its accident. @returns the limits that held when the run was done; null where it is not */
  async #play(accident: Accident | null): Promise<BudgetLimits | null> {
    this.#segment += 1;
    const server = this.#server;
    server.mode = "fair";
    server.address = `http://127.0.0.1:1/${this.one.number}-${this.#segment}/v1`;
    const process = new Process(this.disk, () => {
      server.address = "";
    });
    const stop = new AbortController();
    const limits = this.#id === null ? this.subject.task.options.budget : limitsOf(accident, this.reference);
    this.#arm(accident, process, stop);
    this.#underWay = process;
    const run = await Promise.race([this.#drive(process, stop.signal, limits), process.death]);
    this.#underWay = null;
    await this.#rival;
    server.onRequest = () => {};
    // What a dead process still does reaches neither server nor disk.
    if (!run) {
      stop.abort(new Error("killed"));
      this.#kills += 1;
      this.#id ??= (await listRuns(this.#reading(), this.#place))[0]?.summary.id ?? null;
      if (this.#id !== null && this.one.truncates) this.#tear(this.#id);
    }
    const isFull = accident?.kind === "disk full";
    const end: Ending = run ? (isFull ? "disk full" : "ended") : this.one.truncates ? "torn" : "killed";
    const read = await this.#read();
    const replies = this.#id === null ? null : this.disk.text(filesOf(this.#place, this.#id).replies);
    this.#ledger.settle(end, read?.state ?? null, replies ?? "", limits);
    const what = accident?.kind ?? "nothing";
    const { requests } = server;
    this.tell(
      `segment ${this.#segment}: ${what} → ${end}, ${read?.state.status ?? "not begun"}, ${requests} requests so far`,
    );
    if (read) this.#checkReading(run instanceof Error ? null : (run ?? null), read, isFull);
    if (run instanceof Error) {
      if (!isFull || !/ENOSPC|no space/.test(run.message)) this.#fault(`it threw ${run.name}: ${run.message}`);
    } else if (run) this.#found(faultsOfEnd(run.state(), accident));
    const looking = this.#reading();
    // A full disk, or a power failure that cut the log, leaves a summary that knows more than the log, or less.
    if (!isFull && end !== "torn") {
      this.#found(await faultsOfList(await listRuns(looking, this.#place), read, looking));
    }
    if (read) this.#found(await faultsOfReport(looking, this.#place, read.id, read.status));
    if (read?.state.status !== "done") return null;
    // Calls that were lost for good cost samples: such a run is done, and rightly another one.
    return accident?.kind === "server down" ? { ...limits } : limits;
  }

  async #drive(process: Process, signal: AbortSignal, limits: BudgetLimits): Promise<Run | Error> {
    const deps = this.#deps(process);
    try {
      const run =
        this.#id === null
          ? await startRun(this.subject, this.#place, ROOT, deps, signal)
          : await resumeRun(this.#id, this.#place, deps, signal, limits);
      this.#id = run.id;
      for await (const _ of run.events);
      return run;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #deps(process: Process): RunDeps {
    return {
      files: process.files,
      clock: this.#clock,
      log: silent,
      machine: this.disk.machine(process),
      sandbox: chaosSandbox,
      tools: this.#tools,
      provider: createOpenAI({ baseUrl: this.#server.address, key: "", clock: this.#clock }),
      price: priceOf,
      concurrency: this.one.graph.concurrency,
    };
  }

  /** Sets the accident off when the server has seen its share of all requests, and lets a rival in on the way. */
  #arm(accident: Accident | null, process: Process, stop: AbortController): void {
    const { one, reference } = this;
    const server = this.#server;
    const isDue = (share: number) => server.requests >= Math.floor(share * reference.calls);
    const happen = () => {
      if (accident === null || accident.kind === "budget" || !isDue(accident.at)) return;
      if (accident.kind === "killed" || accident.kind === "disk full") process.ends(endOf(accident));
      else if (accident.kind === "cancelled") setImmediate(() => stop.abort(new Error("cancelled by the user")));
      else server.mode = accident.kind === "key refused" ? "refuses keys" : "unreachable";
    };
    server.onRequest = () => {
      const chance = unitOf(`jump ${one.conditions.seed} ${server.requests}`) / OFTEN;
      if (one.clockJumps && chance < 1) this.#wrong += JUMPS[Math.floor(chance * JUMPS.length)] ?? 0;
      if (one.secondProcess && isDue(unitOf(`rival ${one.conditions.seed}`))) this.#rival ??= this.#meetRival();
      happen();
    };
    happen();
  }

  /** A second process finds the run taken, and can look at it all the same. */
  async #meetRival(): Promise<void> {
    const { subject } = this;
    const mine = this.#underWay;
    const isHeld = () => mine !== null && this.disk.isHeldBy(mine);
    const rival = new Process(this.disk);
    // Where the other has just ended, it would go on.
    rival.ends({ how: "killed", isHere: (path) => path.startsWith(this.#place.runs), share: 0 });
    const deps = this.#deps(rival);
    const signal = new AbortController().signal;
    const id = this.#id;
    const take = async () =>
      id !== null && this.#segment % 2 === 0
        ? resumeRun(id, this.#place, deps, signal)
        : startRun(subject, this.#place, ROOT, deps, signal);
    const refused = await Promise.race([take(), rival.death]).then(
      () => null,
      (error: unknown) => error,
    );
    if (!(refused instanceof RunInProgress) && isHeld()) this.#fault(`a second process was not kept off: ${refused}`);
    rival.die();
    const read = await this.#read();
    if (!read) return;
    if (read.status === "interrupted" && isHeld()) this.#fault("a run under way counts as interrupted");
    this.#found(await faultsOfReport(this.#reading(), this.#place, read.id));
  }

  /** The power failed where the process was killed: the last line of a file may be cut. */
  #tear(id: string): void {
    const { events, replies } = filesOf(this.#place, id);
    for (const path of [events, replies]) {
      const text = this.disk.text(path) ?? "";
      const last = text.slice(0, -1).lastIndexOf("\n") + 1;
      if (text !== "")
        this.disk.put(path, text.slice(0, last + Math.floor((text.length - last) * this.one.conditions.rate)));
    }
  }

  /** What somebody sees who only looks. */
  #reading(disk = this.disk) {
    const process = new Process(disk);
    return {
      files: process.files,
      clock: this.#clock,
      log: silent,
      machine: disk.machine(process),
      sandbox: chaosSandbox,
    };
  }

  async #read(): Promise<ReadRun | null> {
    return this.#id === null ? null : readRun(this.#reading(), this.#place, this.#id);
  }

  /** What was shown while it ran is what its log gives. */
  #checkReading(run: Run | null, read: ReadRun, isFull: boolean): void {
    if (!read.trusted) this.#fault("the run counts as made elsewhere");
    const least = this.one.accidents.filter(({ kind }) => kind === "killed" || kind === "disk full").length;
    if (read.damaged > least) this.#fault(`${read.damaged} lines of the log are damaged`);
    const difference = run && !isFull ? differenceOf(run.state(), read.state) : null;
    if (difference !== null) this.#fault(`the log gives another state than was shown: ${difference}`);
  }

  /** A result on record is never asked for again: only a call that the end of a process cut off. */
  #checkTools(): void {
    const cut = this.one.accidents.length;
    const again = [...this.#tools.calls.values()].reduce((sum, calls) => sum + calls - 1, 0);
    const most = cut * this.one.graph.concurrency;
    if (again > most) this.#fault(`tools were called again ${again} times after ${cut} accidents`);
    if (cut === 0 && again > 0) this.#fault(`tools were called again ${again} times without any accident`);
  }

  async #checkWhole(): Promise<void> {
    this.#checkTools();
    const { reference } = this;
    const read = await this.#read();
    if (!read) return;
    const difference = differenceOf(decidedIn(read.state), reference.decided);
    if (difference !== null) this.#fault(`the result is another one: ${difference}`);
    const { graph, data } = this.subject.task;
    // A run that reaches its budget scores what it has by then.
    const isCut = this.one.accidents.some(({ kind }) => kind === "budget");
    const ahead = isCut ? data.validation.length + data.test.length : 0;
    this.#ledger.settleWhole(read.state, reference, ahead * graph.nodes.length);
    const graphFile = join(ROOT, this.one.graph.graphFile);
    this.#found(await faultsOfApplying(graphFile, this.disk, (disk) => this.#reading(disk), this.#place, read));
  }

  /** A second run is served by the first one's replies. */
  async #playAgain(): Promise<void> {
    const { subject, reference } = this;
    this.#segment += 1;
    this.#server.mode = "fair";
    this.#server.address = `http://127.0.0.1:1/${this.one.number}-${this.#segment}/v1`;
    const first = this.#server.requests;
    const deps = this.#deps(new Process(this.disk));
    const run = await startRun(subject, this.#place, ROOT, deps, new AbortController().signal);
    for await (const _ of run.events);
    const difference = differenceOf(decidedIn(run.state()), reference.decided);
    if (difference !== null) this.#fault(`the second run's result is another one: ${difference}`);
    const [counted, seen] = [run.state().calls.total, this.#server.requests - first];
    if (counted !== seen) this.#fault(`the second run counts ${counted} requests, the server ${seen}`);
  }

  #fault(words: string): void {
    this.#faults.push(`segment ${this.#segment}: ${words}`);
  }

  #found(faults: readonly string[]): void {
    for (const fault of faults) this.#fault(fault);
  }
}

function limitsOf(accident: Accident | null, { calls, tokens, usd }: Reference): BudgetLimits {
  if (accident?.kind !== "budget") return UNLIMITED;
  const whole = { calls, tokens, usd }[accident.unit];
  const bound = accident.unit === "calls" ? Math.max(1, Math.floor(accident.at * whole)) : accident.at * whole + 1e-6;
  return { ...UNLIMITED, [accident.unit]: bound };
}
