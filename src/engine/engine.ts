import { randomLcg } from "d3";
import pMap from "p-map";
import type { Sample } from "../data/sample.ts";
import { languageOf, type Texts } from "../graph/graph.ts";
import { codeIn } from "../graph/text/code-block.ts";
import { plainText } from "../graph/text/text.ts";
import { answersIn } from "./backward/answer-space.ts";
import { createBackward } from "./backward/backward.ts";
import type { Attempted, InvalidReason, Iterated, Judged, RunEvent, ScreenReason, Verdict } from "./events.ts";
import { PRIORITY } from "./forward/forward.ts";
import { askJson, endsRun, ReplyUnreadable } from "./forward/llm.ts";
import { isDear } from "./gate/objectives.ts";
import { policyRule } from "./gate/rules.ts";
import type { Validation } from "./gate/validation.ts";
import type { CallContext, Comparison, Draft, Engine, Method, OptimizerCall } from "./method.ts";
import type { Parameter } from "./parameters.ts";
import { allParametersOf } from "./parameters.ts";
import type { History } from "./propose/history.ts";
import { inputsViolation } from "./propose/inputs-prompt.ts";
import { leaksOf } from "./propose/leaks.ts";
import { repairOf } from "./propose/optimizer-prompt.ts";
import { violation } from "./propose/proposal-constraints.ts";
import { askTagged } from "./propose/tagged.ts";
import { RunControl } from "./run-control.ts";
import type { Session } from "./session.ts";
import type { Task } from "./task.ts";
import { proposalId, thetaOf } from "./theta.ts";

export interface EngineParts {
  readonly task: Task;
  readonly session: Session;
  readonly validation: Validation;
  readonly history: History;
  /** What the user changes while the run goes on. Default: nothing. */
  readonly control?: RunControl | undefined;
}

/** The seam between a method and everything else, for one run. */
export interface RunEngine extends Engine {
  /** Takes note of what the method yields: the iteration that its next events belong to. */
  advance(event: Iterated): void;
  /** Θ of the last accepting verdict, or the one that the method has kept since. */
  readonly incumbent: Texts;
  /** Every Θ on the way there, oldest first. */
  readonly accepted: readonly Texts[];
  /** Whether a verdict accepted every step to the incumbent. */
  readonly isGated: boolean;
  /** Texts that lowered the loss by themselves, by node. */
  readonly acceptedAlone: ReadonlyMap<string, string>;
}

/** Priority of calls that an iteration waits for. */
const OPTIMIZER_PRIORITY = 3;

export function createEngine({
  task,
  session,
  validation,
  history,
  control = new RunControl(),
}: EngineParts): RunEngine {
  const { graph, data, models, options } = task;
  const { start, ask, emit, begun } = session;
  const parameters = allParametersOf(graph);
  const answers = answersIn(graph, data.train);
  const leaks = leaksOf(data.train);
  const backward = createBackward({ graph, choice: models.backward, answers, ask, emit });
  const policy = policyRule(options.gate, options.objectives);
  const acceptedAlone = new Map<string, string>();
  let iteration = 1;
  let incumbent = start;
  let isGated = true;
  /** Θs that verdicts accepted, or that the method kept. */
  const accepted: Texts[] = [];

  return {
    start,
    parameters,
    random: seededRandom(options.seed),
    history,
    answers,
    acceptedAlone,
    get incumbent() {
      return incumbent;
    },
    accepted,
    get isGated() {
      return isGated;
    },
    advance: (event) => {
      iteration = event.iteration + 1;
      control.enter(iteration);
    },
    get isStopping() {
      return control.isStopping;
    },
    forward: (texts, sample, at) => session.forward(texts, sample, placed(at)),
    score,
    backward: (pass, style) => {
      const gradients = backward(pass, iteration, style);
      begun.add(gradients.then((contexts) => Promise.all(contexts.values())));
      return gradients;
    },
    ask: askOptimizer,
    candidate,
    compare: async (before, after, rule = policy) => ({
      before,
      after,
      verdict: await validation.compare(before, after, rule),
    }),
    pairs: validation.pairs,
    judge,
    keep: (texts) => {
      incumbent = texts;
      accepted.push(texts);
      isGated = false;
    },
    screen,
  };

  function placed({ split, priority = PRIORITY[split] }: CallContext) {
    return { split, priority };
  }

  async function score(texts: Texts, samples: readonly Sample[], at: CallContext) {
    if (at.split === "validation" && at.decides) validation.look();
    if (at.split === "validation") return validation.ensure(texts, samples, at.priority);
    const scored = await pMap(
      samples,
      async (sample) => [sample.id, await session.forward(texts, sample, placed(at)).score] as const,
      session.forward.atOnce,
    );
    return new Map(scored);
  }

  async function askOptimizer<T>(call: OptimizerCall<T>): Promise<T | null> {
    const { parameter, messages, form, index = 0, temperature } = call;
    if (parameter !== null && control.isPinned(parameter)) return null;
    control.ask(parameter);
    const { model, params } = models.optimizer;
    const choice = temperature === undefined ? models.optimizer : { model, params: { ...params, temperature } };
    const about = { purpose: "optimizer", node: parameter, sample: null, split: null, choice, index } as const;
    const question = { ...about, messages, priority: OPTIMIZER_PRIORITY };
    try {
      if ("tags" in form) return await askTagged(ask, question, form);
      const { name, schema, ...reading } = form;
      const repair = (doubts: readonly string[]) => repairOf(keysOf(schema), doubts);
      return await askJson(ask, { ...question, schema: { name, schema } }, { ...reading, repair });
    } catch (error) {
      if (endsRun(error)) throw error;
      if (error instanceof ReplyUnreadable) return call.unreadable?.(error.doubts) ?? null;
      const detail = error instanceof Error ? error.message : String(error);
      void emit({ type: "warning", code: "proposal lost", ...(parameter !== null && { node: parameter }), detail });
      return null;
    }
  }

  async function candidate(id: string, texts: Texts, draft: Draft | null) {
    const parameter = parameters.find((one) => one.id === id);
    if (!parameter) throw new Error(`There is no parameter named ${id}.`);
    if (control.isPinned(id)) return null;
    control.ask(id);
    const base = texts[id] ?? parameter.value;
    const written = draft?.text ?? "";
    // Models put code between fences, which aren't part of it.
    const isCode = parameter.kind !== "inputs" && languageOf(parameter.node) !== null;
    const text = plainText(isCode ? codeIn(written) : written).trim();
    const attempt: Attempted = {
      type: "attempt",
      iteration,
      id: proposalId(id, base, text),
      node: id,
      base,
      text,
      hypothesis: draft?.hypothesis.trim() ?? "",
      samples: draft?.samples ?? [],
      invalid: draft ? invalidity(parameter, base, text, draft) : "no reply",
    };
    history.add(attempt);
    await emit(attempt);
    return attempt.invalid === null ? { ...attempt, invalid: null } : null;
  }

  function invalidity(
    { id, kind, node }: Parameter,
    base: string,
    text: string,
    { doubts = [], demonstrations = "", mayRepeat = false }: Draft,
  ): InvalidReason | null {
    if (text === "") return doubts.length > 0 ? "ambiguous reply" : "no text in the reply";
    if (text === base.trim()) return "no change";
    if (!mayRepeat && history.refuted(id, text)) return "repeats an earlier text";
    if (kind === "inputs") return inputsViolation(graph, node, text);
    return violation(node, base, text, (before, after) =>
      leaks(
        before,
        after.replace(demonstrations, () => ""),
      ),
    );
  }

  async function judge(
    candidates: readonly { readonly id: string; readonly node: string; readonly text: string }[],
    { after, verdict }: Comparison,
    scope: Judged["scope"] = "joint",
  ): Promise<void> {
    if (verdict.decision === "accepted" && verdict.policy !== "off" && isDear(verdict)) await warnOfCost(verdict);
    for (const { id, node } of candidates) history.judge(id, node, verdict, candidates.length === 1);
    if (verdict.decision === "accepted") {
      incumbent = after;
      accepted.push(after);
      const [only, ...others] = candidates;
      if (only && others.length === 0) acceptedAlone.set(only.node, only.text);
    }
    const proposals = candidates.map(({ id }) => id);
    await emit({ type: "verdict", iteration, scope, proposals, theta: thetaOf(after), verdict });
  }

  /** Emitted before the verdict is on record, so that the user can still stop the run. */
  function warnOfCost({ lossBefore, lossAfter, tokensBefore, tokensAfter }: Verdict): Promise<void> {
    const points = Math.round(1000 * (lossBefore - lossAfter)) / 10;
    return emit({ type: "warning", code: "costly gain", points, count: tokensAfter, of: tokensBefore });
  }

  async function screen(candidates: readonly { readonly id: string; readonly node: string }[], reason: ScreenReason) {
    if (candidates.length === 0) return;
    for (const { id, node } of candidates) history.screen(id, node, reason);
    const event: RunEvent = { type: "screened", iteration, proposals: candidates.map(({ id }) => id), reason };
    await emit(event);
  }
}

/** The schema's keys in quotes, each object followed by its own keys. */
function keysOf({ properties }: Readonly<Record<string, unknown>>): string {
  return Object.entries(properties ?? {})
    .map(([key, inner]) => {
      const within = typeof inner === "object" && inner !== null && "properties" in inner ? keysOf(inner) : "";
      return within ? `"${key}" (an object with the keys ${within})` : `"${key}"`;
    })
    .join(", ");
}

/** The run of a method by its own options, checked. @throws ZodError for options that do not fit */
export function runMethod(method: Method, task: Task, engine: Engine) {
  return method.run(task, method.options.parse(task.options.methodOptions), engine);
}

/** d3's generator starts similarly for neighboring seeds, so its first numbers are left out. */
function seededRandom(seed: number): () => number {
  const random = randomLcg(seed);
  for (let skipped = 0; skipped < 8; skipped++) random();
  return random;
}
