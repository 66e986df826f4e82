import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { RunReport } from "../../src/cli/output/json.ts";
import { inputsIdOf, inputsText } from "../../src/graph/edges.ts";
import { nodeFiles } from "../../src/platform/files.ts";
import { nodeDeps } from "../../src/platform/node.ts";
import { loadTask } from "../../src/run/load.ts";
import { filesOf, runPathsOf } from "../../src/run/record/run-paths.ts";
import { randomFaults, TRANSIENT } from "../server/faults.ts";
import { type Server, startServer } from "../server/server.ts";
import type { Case } from "./case.ts";
import { changedIn, writeFolder } from "./folder.ts";
import { chaosSandbox, PROGRAM_FILE } from "./local.ts";
import { chaosModel, contentId } from "./model.ts";
import { differenceOf, type Outcome, type WatchOptions } from "./outcome.ts";
import { type RandomGraph, withCode } from "./random-graph.ts";
import { type Reference, referenceOf } from "./reference.ts";
import { SeededRandom } from "./seeded-random.ts";

const CLI = resolve("dist/cli.js");
/** Exit codes of `optimize` and `resume`. */
const DONE = 0;
const WRONG_USE = 2;
/** Milliseconds in which a process has started and asked for something. */
const STARTING = 1_500;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The same with the shipped command line as a process of its own, a server at the other end of a socket, and a real
 * `kill -9` at random requests.
 */
export async function runAsProcesses(one: Case, { log = () => {}, keep = false }: WatchOptions = {}): Promise<Outcome> {
  const root = await mkdtemp(join(tmpdir(), "agentgraph-chaos-"));
  const { seed, rate } = one.conditions;
  const server = await startServer({
    model: chaosModel,
    faults: randomFaults(Math.min(rate, 0.1), Number(new SeededRandom(seed).int(0, 1e6)), TRANSIENT),
    latency: [1, 8],
    refuses: one.graph.refuses,
    format: one.graph.format,
  });
  try {
    await writeFolder(root, withoutTools(one.graph.files, one.graph.steps <= FEW));
    await writeFolder(root, { "home/agentgraph/code.json": COMMANDS });
    const { task } = await loadTask(join(root, one.graph.graphFile), { ...nodeDeps(), sandbox: chaosSandbox });
    if (!task) throw new Error("the graph cannot run");
    return await new ProcessRun(one, root, server, await referenceOf(task), log).toEnd();
  } finally {
    await server.close();
    if (keep) log(`Its folder: ${root}`);
    else await rm(root, { recursive: true, force: true });
  }
}

class ProcessRun {
  readonly #faults: string[] = [];
  readonly #random: SeededRandom;
  /** Contents whose replies were on record when a process had died. */
  readonly #kept = new Map<string, number>();
  #kills = 0;
  #segments = 0;
  /** Hash of the programs that the user has confirmed. */
  #trusted: string | null = null;

  constructor(
    readonly one: Case,
    readonly root: string,
    readonly server: Server,
    readonly reference: Reference,
    readonly tell: (line: string) => void,
  ) {
    this.#random = new SeededRandom(`${one.conditions.seed} real`);
  }

  async toEnd(): Promise<Outcome> {
    const { server, reference } = this;
    this.#trusted = await this.#confirmPrograms();
    let ended: Ended | null = null;
    for (let left = this.#random.int(1, 3); left > 0 && ended === null; left--) {
      ended = await this.#start(this.#random.int(0, Math.max(1, Math.floor((reference.calls * 1.2) / left))));
      await this.#checkAskedAgain();
    }
    ended ??= await this.#start(null);
    await this.#checkAskedAgain();
    // Killed between the end of its run and its own: nothing is left to resume.
    if (ended?.code === WRONG_USE && this.#kills > 0 && (await this.#isDone())) this.tell("it was done already");
    else if (ended?.code !== DONE) this.#faults.push(`it ended with ${ended?.code}: ${ended?.stderr.trim()}`);
    else {
      const report: RunReport = JSON.parse(ended.stdout);
      this.#checkReport(report);
      await this.#checkFiles(report);
    }
    return { faults: this.#faults, requests: server.log.length, segments: this.#segments, kills: this.#kills };
  }

  /** @param requests after which the process is killed; null: never. @returns null where it was killed */
  async #start(requests: number | null): Promise<Ended | null> {
    this.#segments += 1;
    const words = [(await runIdIn(this.root)) === null ? "optimize" : "resume", this.one.graph.graphFile];
    const child = this.#spawn(words);
    const ending = endOf(child);
    const before = this.server.log.length;
    // Who has sent a request holds the run; before that, the rival may be the one that goes on.
    const half = (all: number) => before + Math.max(1, Math.floor(all / 2));
    if (requests !== null && this.#random.chance(0.3)) await this.#meetRival(child, half(requests));
    if (requests !== null) await this.#kill(child, before + requests);
    const ended = await ending;
    const killed = child.signalCode === "SIGKILL";
    this.#kills += killed ? 1 : 0;
    this.tell(
      `segment ${this.#segments}: ${words[0]} → ${killed ? "killed" : `exit code ${ended.code}`}, ${this.server.log.length} requests so far`,
    );
    return killed ? null : ended;
  }

  /** The hash that the command line prints for the graph's programs; null without any. */
  async #confirmPrograms(): Promise<string | null> {
    const file = this.one.graph.graphFile;
    if (!(await readFile(join(this.root, file), "utf8")).includes(PROGRAM_FILE)) return null;
    const { stderr, code } = await endOf(this.#spawn(["optimize", file]));
    const hash = /--trust-code ([0-9a-f]+)/.exec(stderr)?.[1] ?? null;
    if (code !== WRONG_USE || hash === null || this.server.log.length > 0) this.#faults.push(`programs: ${stderr}`);
    return hash;
  }

  #spawn(words: readonly string[]): ChildProcess {
    const more = ["--json", "--apply", "--concurrency", `${this.one.graph.concurrency}`, "--base-url", this.server.url];
    if (this.#trusted !== null) more.push("--trust-code", this.#trusted);
    return spawn(process.execPath, [CLI, ...words, ...more], {
      cwd: this.root,
      env: {
        PATH: process.env.PATH,
        HOME: join(this.root, "home"),
        XDG_CONFIG_HOME: join(this.root, "home"),
        AGENTGRAPH_API_KEY: "sk-chaos",
        NO_COLOR: "1",
      },
    });
  }

  /** So many requests later, or sooner, while it starts. */
  async #kill(child: ChildProcess, requests: number): Promise<void> {
    const late = this.#random.chance(0.3) ? Date.now() + this.#random.int(0, STARTING) : Number.POSITIVE_INFINITY;
    while (this.server.log.length < requests && Date.now() < late && child.exitCode === null)
      await new Promise((next) => setImmediate(next));
    child.kill("SIGKILL");
  }

  /** A second process at the same run is told that it is under way, or done. */
  async #meetRival(child: ChildProcess, requests: number): Promise<void> {
    while (this.server.log.length < requests && child.exitCode === null)
      await new Promise((next) => setImmediate(next));
    const id = await runIdIn(this.root);
    if (id === null) return;
    const { code, stdout } = await endOf(this.#spawn(["resume", id]));
    const said: unknown = JSON.parse(stdout).error?.code;
    if (code !== WRONG_USE || (said !== "RunInProgress" && said !== "RunComplete")) {
      this.#faults.push(`a second process was not kept off: ${code}, ${said}`);
    }
  }

  async #isDone(): Promise<boolean> {
    const id = (await runIdIn(this.root)) ?? "";
    const log = await readFile(filesOf(runPathsOf(this.root), id).events, "utf8").catch(() => "");
    return /^\{"type":"finished","status":"done".*\n$/m.test(log.slice(log.lastIndexOf("\n", log.length - 2) + 1));
  }

  /** No content whose replies were all on record then has been asked for since. */
  async #checkAskedAgain(): Promise<void> {
    const asked = new Map<string, number>();
    for (const { body, fault } of this.server.log) {
      const id = contentId(body.messages);
      if (fault === null) asked.set(id, (asked.get(id) ?? 0) + 1);
    }
    for (const [id, then] of this.#kept) {
      const wanted = this.reference.asked.get(id) ?? 1;
      if (wanted === 1 && (asked.get(id) ?? 0) > then)
        this.#faults.push(`reply ${id} was on record and asked for again`);
    }
    const id = await runIdIn(this.root);
    const text = id === null ? "" : await readFile(filesOf(runPathsOf(this.root), id).replies, "utf8").catch(() => "");
    for (const line of text.split("\n").slice(0, -1)) {
      const content = /"model":"chaos-(\w+)"/.exec(line)?.[1];
      if (content !== undefined) this.#kept.set(content, asked.get(content) ?? 0);
    }
  }

  /** The accepted texts are in their files, and nothing else is changed. */
  async #checkFiles({ proposals, final }: RunReport): Promise<void> {
    const { files, graphFile, steps } = this.one.graph;
    const { task } = await loadTask(join(this.root, graphFile), { ...nodeDeps(), sandbox: chaosSandbox });
    const texts = Object.fromEntries(
      (task?.graph.nodes ?? []).flatMap(({ id, text, inputs }) => [
        [id, text],
        [inputsIdOf(id), inputsText(inputs)],
      ]),
    );
    const difference = differenceOf(texts, { ...texts, ...final });
    if (difference !== null) this.#faults.push(`applied, the graph has another text: ${difference}`);
    const accepted = proposals.some(({ verdict }) => verdict === "accepted");
    for (const path of await changedIn(this.root, withoutTools(files, steps <= FEW))) {
      if (!accepted || !/^(graph\.agentgraph\.json|prompts\/n\d+\.md)$/.test(path)) {
        this.#faults.push(`${path} was changed`);
      }
    }
  }

  #checkReport(report: RunReport): void {
    const { finished, texts, proposals } = this.reference.decided;
    const shown = {
      final: report.final,
      proposals: report.proposals.map(({ node, verdict, base, text }) => ({ node, verdict, base, text })),
    };
    const wanted = {
      final: texts,
      proposals: proposals.map(({ node, verdict, base, text }) => ({ node, verdict: verdict.decision, base, text })),
    };
    const difference = differenceOf(shown, wanted);
    if (difference !== null) this.#faults.push(`the result is another one: ${difference}`);
    const figures = finished && "validation" in finished ? finished.validation : null;
    const other = differenceOf(report.validation, figures);
    if (other !== null) this.#faults.push(`the figures are others: ${other}`);
    const [counted, seen] = [report.calls.total, this.server.requests()];
    if (counted < seen || counted > seen + this.#kills * this.one.graph.concurrency) {
      this.#faults.push(`${counted} requests on record, ${seen} at the server, after ${this.#kills} kills`);
    }
  }
}

/** The run that a folder has, if any: its process may have died before it was one. */
export async function runIdIn(root: string): Promise<string | null> {
  const ids = await nodeFiles()
    .list(runPathsOf(root).runs)
    .catch(() => []);
  const begun = await Promise.all(
    ids.map((id) =>
      nodeFiles()
        .stat(filesOf(runPathsOf(root), id).start)
        .then(
          () => id,
          () => null,
        ),
    ),
  );
  return begun.find((id) => id !== null) ?? null;
}

export async function endOf(child: ChildProcess): Promise<Ended> {
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
    });
  }
  const [code] = await once(child, "close");
  return { code, ...texts };
}

/** Steps of a graph up to which its programs run: starting them takes time. */
const FEW = 4;
/** The user's command for programs. */
const COMMANDS = JSON.stringify({ commands: { program: { command: process.execPath, memory: 4096 } } });

/** The command line has no tool server here: code does the same. @param programs whether programs stay */
function withoutTools(files: RandomGraph["files"], programs: boolean): Record<string, string> {
  return withCode(files, (node) => node.kind === "tool" || (!programs && node.code?.file === PROGRAM_FILE));
}
