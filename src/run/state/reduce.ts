import type {
  Acted,
  Attempted,
  Called,
  Finished,
  Gradient,
  Iterated,
  Judged,
  LoggedEvent,
  Requested,
  Scored,
  Screened,
  Started,
  Valued,
  Withdrawn,
} from "../../engine/events.ts";
import type { Usage } from "../../models/model.ts";
import { PaidReplies } from "../record/paid-replies.ts";
import { ensure, record } from "../record/records.ts";
import { addCost, costOf, NO_COST, type RunSpending } from "./cost.ts";
import { blank, type Draft } from "./draft-state.ts";
import type { CurvePoint, NodeProgress, RecordedState, RunState, SampleScore } from "./state.ts";

/** Maximum number of gradients and warnings to keep. */
const KEPT = 5_000;

/**
 * Computes the state of a run from its events, one at a time. `state` is one object that events change in place,
 * because a run of 10,000 samples has hundreds of thousands of events. Copy what you want to keep.
 */
export class RunReducer {
  #state = blank();
  #begun = false;
  readonly #paid = new PaidReplies();
  /** Whether an iteration has ended: its counts are kept until the next one starts work. */
  #turned = false;
  #isPaused = false;
  /** Validation scores of the file's own texts: summed up as they come, because there can be 100,000. */
  #atStart = { known: 0, right: 0 };

  get state(): RecordedState {
    return this.#state;
  }

  apply(event: LoggedEvent): void {
    const state = this.#state;
    if (!this.#begun) {
      this.#begun = true;
      state.startedAt = event.at;
      state.lastAt = event.at;
    }
    if (event.type === "resumed") this.#resume(event.attempt);
    // Step by step: a clock that is set back takes away that step alone.
    else if (state.status === "running" && !this.#isPaused) state.elapsed += Math.max(0, event.at - state.lastAt);
    this.#state.lastAt = event.at;
    switch (event.type) {
      case "started":
        this.#start(event);
        break;
      case "requested":
        this.#request(event, 1);
        break;
      case "withdrawn":
        this.#request(event, -1);
        break;
      case "call":
        this.#call(event, event.at);
        break;
      case "value":
        this.#value(event);
        break;
      case "scored":
        this.#score(event);
        break;
      case "gradient":
        this.#gradient(event);
        break;
      case "attempt":
        this.#attempt(event);
        break;
      case "verdict":
        this.#judge(event);
        break;
      case "screened":
        this.#screen(event);
        break;
      case "iteration":
        this.#iterate(event);
        break;
      case "warning":
        if (this.#state.warnings.length < KEPT) this.#state.warnings.push(event);
        break;
      case "baseline":
        this.#state.baselines.push(event);
        break;
      case "solved":
        this.#state.solutions.push(event);
        break;
      case "paused":
        this.#state.paused = event.reason;
        this.#isPaused = true;
        break;
      case "continued":
        this.#continue();
        break;
      case "stopping":
        this.#state.stopAfter = event.after;
        break;
      case "pinned":
        this.#state.pins.push(event);
        break;
      case "finished":
        this.#continue();
        this.#finish(event);
        break;
      case "committed":
        this.#state.commits.push(event.sha);
        this.#act(event.type, event.proposals);
        return;
      case "applied":
      case "dismissed":
        this.#act(event.type, event.proposals);
        break;
    }
  }

  /** A new segment starts the run again: spending is kept, and results come back from the saved replies. */
  #resume(attempt: number): void {
    const { calls, tokens, usd, spending, answering, startedAt, elapsed, acts, commits, pins, stopAfter } = this.#state;
    const kept = { calls, tokens, usd, spending, answering, startedAt, elapsed, acts, commits, pins, stopAfter };
    this.#state = { ...blank(), ...kept, segments: attempt };
    this.#isPaused = false;
    this.#turned = false;
    this.#atStart = { known: 0, right: 0 };
  }

  #continue(): void {
    this.#state.paused = null;
    this.#isPaused = false;
  }

  #start({ engine, method, theta, texts, parameters, samples, iterations }: Started): void {
    const state = this.#state;
    Object.assign(state, { engine, method, theta, startTheta: theta, texts, startTexts: texts });
    Object.assign(state, { parameters, samples, iterations });
    for (const node of Object.keys(texts)) this.#progress(node);
  }

  /** @param one −1 for a request that was not sent after all */
  #request({ purpose, node, split, attempt }: Requested | Withdrawn, one: 1 | -1): void {
    const { calls } = this.#state;
    calls.total += one;
    calls[purpose] += one;
    if (split === "test") calls.test += one;
    if (attempt > 1) calls.retried += one;
    else if (node !== null && purpose !== "judge") this.#progress(node)[`${purpose}InFlight`] += one;
  }

  #call(call: Called, at: number): void {
    const { purpose, node, key, model, usage, usd, source, requests, error, finish } = call;
    const state = this.#state;
    if (node !== null && purpose !== "judge") {
      const progress = this.#progress(node);
      if (requests > 0) progress[`${purpose}InFlight`] = Math.max(0, progress[`${purpose}InFlight`] - 1);
      if (error === null && purpose !== "optimizer") progress[purpose] += 1;
      if (error === null && purpose === "forward") progress.model = model;
    }
    if (error !== null) {
      // A reply without an answer is charged, too.
      this.#spend(usage, usd);
      if (this.#paid.take(call)) this.#account(call, at);
      return;
    }
    const cut = ensure(state.cuts[purpose], node ?? "", () => ({ replies: 0, cut: 0, tokens: 0 }));
    cut.replies += 1;
    if (finish === "length") {
      cut.cut += 1;
      cut.tokens = Math.min(cut.tokens || usage.completion, usage.completion);
    }
    if (source !== "provider") state.calls.cached += 1;
    if (purpose === "forward" && !this.#paid.has(key)) {
      addUsage(
        ensure(state.answering, model, () => ({ prompt: 0, completion: 0, estimated: false })),
        usage,
      );
    }
    if (!this.#paid.take(call)) return;
    this.#spend(usage, usd);
    this.#account(call, at);
  }

  #account(call: Called, at: number): void {
    const { model, purpose } = call;
    const blank = { model, purpose, from: at, to: at, ...NO_COST };
    const sum = ensure(this.#state.spending, `${purpose} ${model}`, (): Draft<RunSpending> => blank);
    sum.from = Math.min(sum.from, at);
    sum.to = Math.max(sum.to, at);
    addCost(sum, costOf(call));
  }

  #spend(usage: Called["usage"], usd: number | null): void {
    const state = this.#state;
    addUsage(state.tokens, usage);
    state.usd = state.usd === null || usd === null ? null : state.usd + usd;
  }

  #value({ theta, node, sample, key, formatError }: Valued): void {
    this.#state.values.set(theta, sample, node, key);
    if (formatError) this.#progress(node).formatErrors += 1;
  }

  #score({ theta, split, sample, loss, lenient, formatError, votes, nodes }: Scored): void {
    const scores = ensure(this.#state.scores, theta, record<SampleScore>);
    if (theta === this.#state.startTheta) {
      this.#sumUp(scores[sample], -1);
      this.#sumUp({ split, loss }, 1);
    }
    if (!(sample in scores)) this.#state.scored[theta] = (this.#state.scored[theta] ?? 0) + 1;
    scores[sample] = {
      split,
      loss,
      lenient,
      formatError,
      ...(votes && { votes }),
      ...(nodes && { nodes }),
    };
  }

  /** @param one −1 for a score that another replaces */
  #sumUp(score: Pick<SampleScore, "split" | "loss"> | undefined, one: 1 | -1): void {
    if (score?.split !== "validation" || score.loss === null) return;
    this.#atStart.known += one;
    this.#atStart.right = this.#atStart.right + one - one * score.loss;
  }

  #gradient(gradient: Gradient): void {
    const state = this.#state;
    state.iteration = Math.max(state.iteration, gradient.iteration);
    state.gradients.push(gradient);
    if (state.gradients.length > 2 * KEPT) state.gradients.splice(0, KEPT);
    if (gradient.text !== "") this.#progress(gradient.node).gradients += 1;
  }

  #attempt({ iteration, id, node, base, text, hypothesis, samples, invalid }: Attempted): void {
    const state = this.#state;
    state.iteration = Math.max(state.iteration, iteration);
    state.attempts.push({
      id,
      iteration,
      node,
      base,
      text,
      hypothesis,
      samples,
      invalid,
      decision: null,
      screened: null,
      verdict: null,
    });
  }

  /** Verdicts on parts come after the joint one, and those on the combination after the parts. The last one counts. */
  #judge(judged: Judged): void {
    const state = this.#state;
    state.judged.push(judged);
    for (const id of judged.proposals) {
      const attempt = state.attempts.findLast((one) => one.id === id && one.invalid === null);
      if (!attempt) continue;
      attempt.decision = judged.verdict.decision;
      attempt.verdict = state.judged.length - 1;
      this.#progress(attempt.node).verdict = judged.verdict.decision;
    }
  }

  #screen({ proposals, reason }: Screened): void {
    for (const id of proposals) {
      const attempt = this.#state.attempts.findLast((one) => one.id === id && one.invalid === null);
      if (!attempt) continue;
      Object.assign(attempt, { decision: "screened", screened: reason });
      this.#progress(attempt.node).verdict = "screened";
    }
  }

  #iterate({ iteration, theta, accepted, validationLoss: [low, high] }: Iterated): void {
    const state = this.#state;
    if (state.curve.length === 0) state.curve.push(this.#startPoint());
    state.iteration = iteration;
    state.theta = theta;
    state.texts = { ...state.texts, ...Object.fromEntries(this.#textsOf(accepted)) };
    state.curve.push({ iteration, low: 1 - high, high: 1 - low, accepted: accepted.length });
    this.#turned = true;
  }

  #textsOf(proposals: readonly string[]): [string, string][] {
    return proposals.flatMap((id) => {
      const attempt = this.#state.attempts.findLast((one) => one.id === id);
      return attempt ? [[attempt.node, attempt.text]] : [];
    });
  }

  /** Bounds of the starting mean score, as far as the file's own texts have been scored on the validation set. */
  #startPoint(): CurvePoint {
    const { known, right } = this.#atStart;
    const of = Math.max(this.#state.samples.validation, known, 1);
    return { iteration: 0, low: right / of, high: (right + of - known) / of, accepted: 0 };
  }

  #finish(finished: Finished): void {
    const state = this.#state;
    const { status, error, detail, theta, texts, proposals, validation } = finished;
    Object.assign(state, { status, error, detail, theta, texts, proposals, finished });
    if (state.curve.length === 0) state.curve.push(this.#startPoint());
    settle(state.curve.at(0), validation.before);
    if (state.curve.length > 1) settle(state.curve.at(-1), validation.after);
    for (const progress of Object.values(state.nodes)) {
      Object.assign(progress, { forwardInFlight: 0, backwardInFlight: 0, optimizerInFlight: 0 });
    }
  }

  #act(act: "applied" | "dismissed" | "committed", proposals: readonly string[]): void {
    for (const id of proposals) this.#state.acts[id] = act;
  }

  #progress(node: string): Draft<NodeProgress> {
    const { nodes } = this.#state;
    if (this.#turned) {
      this.#turned = false;
      for (const one of Object.values(nodes))
        Object.assign(one, { forward: 0, backward: 0, gradients: 0, formatErrors: 0 });
    }
    return ensure(nodes, node, () => ({
      forwardInFlight: 0,
      backwardInFlight: 0,
      optimizerInFlight: 0,
      forward: 0,
      backward: 0,
      gradients: 0,
      formatErrors: 0,
      model: null,
      verdict: null,
    }));
  }
}

/** The state after a user act on a finished run. */
export function withAct(state: RunState, act: Acted): RunState {
  const acts = { ...state.acts, ...Object.fromEntries(act.proposals.map((id) => [id, act.type])) };
  return { ...state, acts, commits: act.type === "committed" ? [...state.commits, act.sha] : state.commits };
}

/** The state after all of these events. */
export function reduceAll(events: Iterable<LoggedEvent>): RecordedState {
  const reducer = new RunReducer();
  for (const event of events) reducer.apply(event);
  return reducer.state;
}

function settle(point: Draft<CurvePoint> | undefined, score: number | null): void {
  if (point && score !== null) Object.assign(point, { low: score, high: score });
}

function addUsage(sum: Draft<Usage>, { prompt, completion, estimated }: Usage): void {
  sum.prompt += prompt;
  sum.completion += completion;
  sum.estimated ||= estimated;
}
