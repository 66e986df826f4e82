import type { Sample, Split } from "../../data/sample.ts";
import { ProgramRefused } from "../../deps.ts";
import { fitText, perEdges } from "../../graph/edges.ts";
import type { Graph, GraphNode, ModelChoice, Texts } from "../../graph/graph.ts";
import { unmarked } from "../../graph/images.ts";
import { Patterns } from "../../graph/pattern.ts";
import { structureIn } from "../../graph/replies/json.ts";
import { topologyOf } from "../../graph/topology.ts";
import { type CodeRunner, CodeUnavailable, type Loss, roundedLoss, type Score } from "../../loss/loss.ts";
import type { Usage } from "../../models/model.ts";
import type { RunEvent, Theta } from "../events.ts";
import { createJudge, type Judge } from "../judge.ts";
import { runNode } from "../nodes/behaviors.ts";
import type { Failure, Local, Value } from "../nodes/node-behavior.ts";
import type { Task } from "../task.ts";
import { thetaOf } from "../theta.ts";
import { endsRun, type Llm } from "./llm.ts";
import { Pending } from "./pending.ts";
import { Spent } from "./spent.ts";

/** The score of one node's value. */
export interface NodeScore extends Score {
  /** The reply did not match the node's `output`. */
  readonly formatError: boolean;
  /** There is no value, because this node could not compute its own. */
  readonly failed?: string;
}

/** The score of an answer, with its cost. If several nodes have targets, `loss` and `criticism` combine theirs. */
export interface Scored extends NodeScore {
  /** By node, for the nodes that this sample has targets for; absent: the output alone has one. */
  readonly nodes?: Readonly<Record<string, NodeScore>>;
  /** Replies of this pass, the answer's included, that did not match their node's `output`. */
  readonly formatErrors: number;
  /** Tokens of all calls that led to the answer. */
  readonly tokens: number;
  /** Along the slowest path to the answer, without waiting for a slot. null, absent: not on record. */
  readonly milliseconds?: number | null;
  /** US dollars of these calls. null, absent: no price is known. */
  readonly usd?: number | null;
}

/** One forward pass: one sample through the graph under one Θ, as far as it is requested. */
export interface ForwardPass {
  readonly theta: Theta;
  readonly texts: Texts;
  readonly sample: Sample;
  readonly split: Split;
  /** Value of a node or graph input; rejects if a call failed. */
  value(name: string): Promise<Value>;
  /** Computed on first access. null: unscored, because a call failed; a failed call is never a wrong answer. */
  readonly score: Promise<Scored | null>;
}

/** Sends the calls of passes at once. Errors reach the code that awaits their scores. */
export function start(passes: readonly ForwardPass[]): void {
  for (const pass of passes) pass.score.catch(() => {});
}

/** Maximum number of samples in progress at once, for `pMap`: more would only wait for a slot and hold memory. */
const SAMPLES_AT_ONCE = { concurrency: 1024 } as const;

/**
 * Calls with a higher priority pass the limiter first: those that the next step waits for, before those that use
 * idle slots.
 */
export const PRIORITY = { train: 1, validation: 0, start: -1, test: -2 } as const satisfies Record<
  Split | "start",
  number
>;

export interface ForwardDeps {
  readonly graph: Graph;
  readonly loss: Loss;
  /** Losses of nodes with targets of their own, by node. */
  readonly losses?: Readonly<Record<string, Loss>>;
  readonly choice: ModelChoice;
  /** Asks the model of a loss that needs one. */
  readonly judge?: Judge;
  readonly ask: Llm;
  /** For nodes and losses in code. Absent: they can't run. */
  readonly local?: Local;
  readonly emit: (event: RunEvent) => Promise<void>;
  /** Called with each outcome of a score: the error that left the sample unscored, or null. */
  readonly onScored?: ((error: unknown) => void) | undefined;
  /** Holds the passes whose scores are on the way. Default: nobody needs to know. */
  readonly begun?: Pending;
  /** US dollars; null if no price is known. Default: none is. */
  readonly price?: (model: string, usage: Usage) => number | null;
}

export interface ForwardOptions {
  readonly split: Split;
  readonly priority?: number;
}

/**
 * Maximum number of scored passes that hold their values. Of earlier ones, only the score is held; their values come from the
 * saved replies if they are asked for again. So a run of 100,000 samples does not hold 500,000 replies.
 */
const PASSES_HELD = 2_000;

/** Where no code can run. */
const NOWHERE: Local = {
  get sandbox(): never {
    throw new CodeUnavailable();
  },
  search: async () => {
    throw new CodeUnavailable();
  },
  keep: async () => {},
  recall: (_, ask) => ask(),
};

/** @param values of the nodes, by id */
export function codeRunner(local: Local | undefined, values: CodeRunner["values"]): CodeRunner {
  return {
    call: async (code, argument) => (local ?? NOWHERE).sandbox.call(code, argument),
    async program(code, argument) {
      const { sandbox } = local ?? NOWHERE;
      if (!sandbox.program) throw new ProgramRefused(code.file, "programs can't run here.");
      return sandbox.program(code, argument);
    },
    values,
  };
}

export interface Forward {
  (texts: Texts, sample: Sample, options: ForwardOptions): ForwardPass;
  /** Samples to score at once, for `pMap`: all of them where requests are sent in batches. */
  readonly atOnce: { readonly concurrency: number };
}

/**
 * Forward passes in topological order without a barrier: a node starts as soon as its own inputs are there
 * (docs/method.md, "One iteration"). A pass is made once per (Θ, sample): asking again returns the same one; equal node calls
 * of different Θ meet in the reply store.
 */
export function createForward({
  graph,
  loss,
  losses = {},
  choice,
  judge,
  ask,
  local = NOWHERE,
  emit,
  onScored,
  begun = new Pending(),
  price = () => null,
}: ForwardDeps): Forward {
  const orderUnder = perEdges(graph, neededOrder);
  const inFile = new Map(graph.nodes.map((node) => [node.id, node]));
  const patterns = new Patterns();
  const passes = new Map<string, ForwardPass>();
  /** By pass. */
  const scores = new Map<string, Scored>();
  /** Release the passes that were scored last, oldest first. */
  const releases: (() => void)[] = [];
  /** Samples already reported as unscored. */
  const unscored = new Set<string>();

  const atOnce = { concurrency: Math.max(SAMPLES_AT_ONCE.concurrency, ask.concurrency ?? 0) };
  return Object.assign(passOf, { atOnce });

  function passOf(texts: Texts, sample: Sample, { split, priority = 0 }: ForwardOptions): ForwardPass {
    const theta = thetaOf(texts);
    const id = `${theta} ${split} ${sample.id}`;
    const known = passes.get(id);
    if (known) return known;

    const order = orderUnder(texts);
    const earlier = scores.get(id);
    const spent = new Spent(price);
    let values: ReadonlyMap<string, () => Promise<Value>> | null = null;
    const scored = once(() => (earlier ? Promise.resolve(earlier) : begun.add(score())));
    const pass: ForwardPass = {
      theta,
      texts,
      sample,
      split,
      value: valueAt,
      get score() {
        return scored();
      },
    };
    passes.set(id, pass);
    if (earlier) hold();
    return pass;

    function hold(): void {
      releases.push(() => {
        values = null;
        if (passes.get(id) === pass) passes.delete(id);
      });
      if (releases.length > PASSES_HELD) releases.shift()?.();
    }

    function valueAt(name: string): Promise<Value> {
      values ??= openValues();
      return values.get(name)?.() ?? Promise.reject(new Error(`no value named ${name}`));
    }

    function openValues() {
      const opened = new Map<string, () => Promise<Value>>();
      for (const input of graph.inputs) {
        const text = sample.inputs[input.name] ?? "";
        const json = input.type === "json" ? structureIn(text) : undefined;
        const value = Promise.resolve({ ...given(text), ...(json !== undefined && { json }) });
        opened.set(input.name, () => value);
      }
      for (const node of order) {
        const text = fitText(inFile.get(node.id) ?? node, texts[node.id] ?? node.text, node.inputs);
        opened.set(
          node.id,
          once(() => run(node, text)),
        );
      }
      return opened;
    }

    async function run(node: GraphNode, text: string): Promise<Value> {
      const values = await Promise.all(node.inputs.map(valueAt));
      const failure = values.find((value) => value.failure)?.failure;
      if (failure) return { ...given(""), failure };
      const named = <T>(of: (value: Value) => T) =>
        values.map((value, at) => [node.inputs[at] ?? "", of(value)] as const);
      const about = { purpose: "forward", node: node.id, sample: sample.id, split, priority } as const;
      const value = await runNode(node, {
        text,
        inputs: named(({ text }) => text),
        // Most nodes have no use for it.
        get given() {
          return Object.fromEntries(named(({ json, text }) => json ?? unmarked(text)));
        },
        local,
        patterns,
        ask: async (own, messages) => {
          const asked = own ?? choice;
          const reply = await ask({ ...about, choice: asked, messages });
          spent.add(node.id, asked.model, reply);
          return reply;
        },
      });
      const { key, formatError, tokens } = value;
      if (key) void emit({ type: "value", theta, node: node.id, sample: sample.id, key, formatError, tokens });
      return value;
    }

    async function score(): Promise<Scored | null> {
      const scored = await answerAndScore().catch((error: unknown) => {
        if (endsRun(error)) throw error;
        const detail = error instanceof Error ? error.message : String(error);
        if (!unscored.has(sample.id)) void emit({ type: "warning", code: "not scored", sample: sample.id, detail });
        unscored.add(sample.id);
        onScored?.(error);
        return null;
      });
      if (scored) {
        onScored?.(null);
        scores.set(id, scored);
        hold();
      }
      void emit({
        type: "scored",
        theta,
        split,
        sample: sample.id,
        loss: scored?.loss ?? null,
        lenient: scored?.lenient ?? null,
        formatError: scored?.formatError ?? false,
        ...(scored?.votes && { votes: scored.votes }),
        ...(scored?.nodes && { nodes: logged(scored.nodes) }),
      });
      return scored;
    }

    async function answerAndScore(): Promise<Scored> {
      await ask.yieldNow();
      const all = await Promise.all(order.map(({ id }) => valueAt(id)));
      const tokens = all.reduce((sum, value) => sum + value.tokens, 0);
      const formatErrors = all.filter(({ formatError }) => formatError).length;
      const milliseconds = spent.slowestPath(order, graph.output);
      const { usd } = spent;
      const values = async () =>
        Object.fromEntries(order.map(({ id }, at) => [id, all[at]?.json ?? all[at]?.text ?? ""]));
      const scores = await Promise.all(
        scoredIn(sample).map(async ({ id, loss, targets }) => {
          return [id, await scoreOf(id, loss, { ...sample, targets }, values)] as const;
        }),
      );
      const [only] = scores;
      // Written out, because V8 takes several times longer to spread one object into another that has entries already.
      if (!graph.targets && only) return { ...only[1], tokens, formatErrors, milliseconds, usd };
      return {
        ...joinedScore(scores, graph.output),
        nodes: Object.fromEntries(scores),
        tokens,
        formatErrors,
        milliseconds,
        usd,
      };
    }

    async function scoreOf(id: string, loss: Loss, asked: Sample, values: CodeRunner["values"]): Promise<NodeScore> {
      const value = await valueAt(id);
      if (value.failure) return unusable(value.failure);
      const askVote = judge?.({ sample: asked, answer: value.text, split, priority });
      const found = await loss.score(asked, value.text, askVote, codeRunner(local, values));
      const score = { ...found, loss: roundedLoss(found.loss), lenient: roundedLoss(found.lenient) };
      if (!value.formatError) return { ...score, formatError: false };
      const format = "The reply is not in the form that is asked for, so no answer could be read from it.";
      return { ...score, loss: 1, criticism: `${format} ${score.criticism}`.trim(), formatError: true };
    }
  }

  /** Whether the output is scored, and the nodes that are: the output is left out if only other nodes have targets. */
  function scoredIn({ targets, nodeTargets = {} }: Sample) {
    const own = Object.entries(nodeTargets).flatMap(([id, targets]) => {
      const ofNode = Object.hasOwn(losses, id) ? losses[id] : undefined;
      return ofNode ? [{ id, loss: ofNode, targets }] : [];
    });
    const isScored = own.length === 0 || targets.length > 0 || loss.targetless === true;
    return [...(isScored ? [{ id: graph.output, loss, targets }] : []), ...own];
  }
}

/**
 * Combines scores into one: the mean of the losses, so that each node with targets counts as much as the answer.
 * @param scores of nodes, by id
 */
export function joinedScore(scores: readonly (readonly [string, NodeScore])[], output: string): NodeScore {
  const mean = (of: (score: NodeScore) => number) =>
    roundedLoss(scores.reduce((sum, [, score]) => sum + of(score), 0) / Math.max(1, scores.length));
  const answer = scores.find(([id]) => id === output)?.[1];
  return {
    loss: mean(({ loss }) => loss),
    lenient: mean(({ lenient }) => lenient),
    criticism: scores
      .filter(([, { criticism }]) => criticism !== "")
      .map(([id, { criticism }]) => (id === output ? criticism : `The step ${id}: ${criticism}`))
      .join("\n"),
    formatError: scores.some(([, { formatError }]) => formatError),
    ...(answer?.votes && { votes: answer.votes }),
    ...(answer?.failed !== undefined && { failed: answer.failed }),
  };
}

/** Node scores for the log, without criticism: it can be derived from the values there. */
function logged(nodes: Readonly<Record<string, NodeScore>>) {
  const entries = Object.entries(nodes).map(([id, { loss, lenient, formatError }]) => [
    id,
    { loss, lenient, formatError },
  ]);
  return Object.fromEntries(entries);
}

/** The nodes that the answer depends on, in topological order. */
function neededOrder(graph: Graph): readonly GraphNode[] {
  const { order, isNeeded } = topologyOf(graph);
  return order.filter(({ id }) => isNeeded(id));
}

/** Runs `make` once. A rejection reaches those who wait for the result, and no one else. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    if (!made) {
      made = make();
      made.catch(() => {});
    }
    return made;
  };
}

/** The forward function of a task, with its judge if the loss asks one. */
export function forwardOf(
  { graph, loss, losses, models }: Task,
  deps: Pick<ForwardDeps, "ask" | "local" | "emit" | "onScored" | "begun" | "price">,
): Forward {
  const judge = createJudge({ graph, choice: models.judge, ask: deps.ask });
  return createForward({ graph, loss, ...(losses && { losses }), choice: models.forward, judge, ...deps });
}

/** The score of an answer that does not exist because a node could not use its inputs. */
function unusable({ node, problem }: Failure) {
  const criticism = `The step ${node} could not use its inputs, so there is no answer: ${problem}.`;
  return { loss: 1, lenient: 1, criticism, formatError: true, failed: node };
}

function given(text: string): Value {
  return { text, formatError: false, tokens: 0 };
}
