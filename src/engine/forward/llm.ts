import type { Split } from "../../data/sample.ts";
import type { ModelChoice, Role } from "../../graph/graph.ts";
import { CUT, type Read, readReply } from "../../graph/replies/read-reply.ts";
import {
  AnswerMissing,
  BodyBroken,
  BudgetReached,
  ProviderFault,
  ReplyWithheld,
  reachOf,
} from "../../models/errors.ts";
import type { Message, Model, ModelReply, Usage } from "../../models/model.ts";
import { wordsOfCutPrompt } from "../../models/prompt-cut.ts";
import { outputLimit } from "../../models/stack/tokens.ts";
import type { RunEvent } from "../events.ts";
import { shortHash } from "../theta.ts";
import { Pending } from "./pending.ts";

/** One call to a model on behalf of a run. */
export interface LlmCall {
  readonly purpose: Role;
  readonly node: string | null;
  readonly sample: string | null;
  readonly split: Split | null;
  readonly choice: ModelChoice;
  readonly messages: readonly Message[];
  readonly schema?: { readonly name: string; readonly schema: Readonly<Record<string, unknown>> };
  /** Distinguishes repeats of a request; identical requests with the same index share one reply. Default 0. */
  readonly index?: number | string;
  readonly priority?: number;
  /** Whether it repeats a request whose reply could not be read. */
  readonly isRepair?: boolean;
  /** Tags that the reply must contain, if it has no schema. */
  readonly tags?: readonly string[];
}

export interface LlmDeps {
  readonly model: Model;
  readonly seed: number;
  /** Aborting it stops every call of the run. */
  readonly stop: AbortController;
  readonly emit: (event: RunEvent) => Promise<void>;
  readonly price: (model: string, usage: Usage) => number | null;
}

export interface Llm {
  (question: LlmCall): Promise<ModelReply>;
  /** Maximum number of concurrent requests of the model; absent if it is unknown. */
  readonly concurrency?: number;
  /** Marks a reply as unreadable: this run keeps it, but it is not served to other runs. */
  invalidate(reply: ModelReply): Promise<void>;
  /**
   * Resolves when it is this caller's turn: after many calls start or end at once, other work in the process is not
   * blocked.
   */
  yieldNow(): Promise<void>;
  /**
   * Starts no further calls. Resolves when none is in progress: every reply that was paid for has arrived and is on
   * record.
   */
  settled(): Promise<void>;
}

/** The run is over: cancelled, or the provider can't be used. `cause` says why. */
export class RunStopped extends Error {
  override readonly name = "RunStopped";
  constructor(override readonly cause: unknown) {
    super("the run was stopped");
  }
}

/** The error behind a `RunStopped`, or the error itself. */
export function causeOf(error: unknown): unknown {
  return error instanceof RunStopped ? error.cause : error;
}

/** Number of consecutive failed calls after which the provider counts as down. */
const FAILURES_IN_A_ROW = 3;

/**
 * Records each request before it is sent and each reply when it arrives. An error that every other call would meet
 * too (a refused key, an unknown model, a wrong address, several failures of the provider in a row) stops the run. A
 * request that is refused by itself, or fails while others succeed, costs only its sample, however many there are.
 */
export function createLlm({ model, seed, stop, emit, price }: LlmDeps): Llm {
  const pending = new Pending();
  const drawOf = createDraws(seed);
  /** Nodes and samples that the server failed while it answered others. */
  const lost = new Set<string>();
  /** Nodes and samples of whose prompts the server read only a part. */
  const cut = new Set<string>();
  let failures = 0;
  /** Number of replies from the provider. */
  let answers = 0;
  let ended = false;

  const ask = (question: LlmCall): Promise<ModelReply> => pending.add(answered(question));
  const settled = async () => {
    ended = true;
    await pending.settled();
  };
  const invalidate = async ({ key }: ModelReply) => model.invalidate?.(key);
  const yieldNow = async () => model.yieldNow?.();
  const { concurrency } = model;
  return Object.assign(ask, { settled, invalidate, yieldNow, ...(concurrency !== undefined && { concurrency }) });

  async function answered(question: LlmCall): Promise<ModelReply> {
    const { model: name, params } = question.choice;
    const reply = await askOnce(question);
    const isWithheld = reply.finish === "filter";
    const words = wordsOfCutPrompt(question.messages, reply.usage);
    if (words !== null) warnOfCut(question, reply.usage.prompt, words);
    // With other server settings, a reply that these settings cut or withheld can be complete.
    if (isWithheld || words !== null || (reply.finish === "length" && !outputLimit(params))) await invalidate(reply);
    if (isWithheld)
      throw new ReplyWithheld(model.identity, name, reply.withheld ?? "its content filter withheld the reply");
    if (!question.schema && reply.finish === "length" && reply.text.trim() === "") {
      const detail = `${reply.usage.completion} tokens`;
      throw new AnswerMissing(model.identity, name, "cut", detail, reply.usage);
    }
    return reply;
  }

  function warnOfCut(question: LlmCall, tokens: number, of: number): void {
    const { purpose, choice } = question;
    const key = keyOf(question);
    if (cut.has(key)) return;
    cut.add(key);
    void emit({ type: "warning", code: "prompt cut", purpose, ...placeOf(question), detail: choice.model, tokens, of });
  }

  async function askOnce(question: LlmCall): Promise<ModelReply> {
    const { purpose, node, sample, split, choice } = question;
    const about = { purpose, node, sample, split };
    let requests = 0;
    /** Whether this call sent the request itself: a request that several calls share is lost only once. */
    let own = false;
    const answersBefore = answers;
    // Nothing starts after the end, because it would not be recorded.
    if (ended) throw new RunStopped(new Error("the run has ended"));
    try {
      if (stop.signal.aborted) throw stop.signal.reason;
      const reply = await model.complete(
        {
          model: choice.model,
          params: choice.params,
          messages: question.messages,
          ...(question.schema && { schema: question.schema }),
          draw: drawOf(question),
          tag: { purpose, node, sample, ...(question.tags && { form: question.tags }) },
          priority: question.priority ?? 0,
          ...(split === "test" && { reservation: "test" }),
          onRequest: async (attempt) => {
            requests++;
            own = true;
            await emit({ type: "requested", ...about, attempt });
          },
          onWithdrawn: (attempt) => {
            requests--;
            void emit({ type: "withdrawn", ...about, attempt });
          },
        },
        stop.signal,
      );
      if (reply.source === "provider") {
        failures = 0;
        answers++;
      }
      const { key, usage, milliseconds, source, finish } = reply;
      // A replayed reply cost this when it was requested: it counts once, also if a crash lost its record.
      // By the requested name, as in the budget: the name that the server returns can have no price, or another one.
      const usd = source === "provider" || source === "replayed" ? price(choice.model, usage) : 0;
      // Written out, because V8 takes several times longer to spread one object into another that has entries already.
      const call = {
        type: "call",
        purpose,
        node,
        sample,
        split,
        key,
        model: reply.model,
        source,
        usage,
        usd,
        milliseconds,
        requests: reply.requests,
        error: null,
      } as const;
      const recorded = emit(finish === "length" || finish === "filter" ? { ...call, finish } : call);
      // Recorded replies arrive faster than events are written: without a pause, calls that wait for the log would pile up.
      if (source !== "provider") await recorded;
      if (question.isRepair) void emit({ type: "warning", code: "reply repaired", ...placeOf(question) });
      return reply;
    } catch (error) {
      if (requests > 0) void emit({ type: "call", ...about, ...failedCall(choice.model, requests, error, price) });
      const isAlone = mayBeOfOneRequest(error) && (answers > answersBefore || lost.has(keyOf(question)));
      // Later texts ask the same of it, perhaps when all other replies are known: that says no more about the server.
      if (isAlone && sample !== null) lost.add(keyOf(question));
      if (!stop.signal.aborted && isLasting(error, own && !isAlone)) stop.abort(error);
      if (!stop.signal.aborted) throw error;
      await yieldNow();
      throw new RunStopped(stop.signal.reason);
    }
  }

  function isLasting(error: unknown, own: boolean): boolean {
    const reach = reachOf(error);
    if (reach === "provider" && own) failures++;
    return reach === "run" || (reach === "provider" && failures >= FAILURES_IN_A_ROW);
  }
}

/** A server can fail repeatedly at one request while it answers others: this doesn't show that it is down. */
function mayBeOfOneRequest(error: unknown): boolean {
  return error instanceof BodyBroken || (error instanceof ProviderFault && error.status === 500);
}

function keyOf({ purpose, node, sample }: LlmCall): string {
  return JSON.stringify([purpose, node, sample]);
}

function placeOf({ node, sample }: LlmCall) {
  return { ...(node !== null && { node }), ...(sample !== null && { sample }) };
}

function failedCall(model: string, requests: number, error: unknown, price: LlmDeps["price"]) {
  const none = { prompt: 0, completion: 0, estimated: false };
  const usage = error instanceof AnswerMissing ? error.usage : none;
  return {
    key: "",
    model,
    usage,
    usd: usage === none ? 0 : price(model, usage),
    milliseconds: 0,
    source: "provider",
    requests,
    error: error instanceof Error ? error.name : String(error),
  } as const;
}

/** 0 at temperature 0 without repeats; otherwise determined by the run's seed, purpose and index. */
function createDraws(seed: number): (question: LlmCall) => number {
  /** Of first requests: most are. */
  const first = new Map<Role, number>();
  const drawn = (purpose: Role, index: number | string) =>
    Number.parseInt(shortHash([seed, purpose, index]).slice(0, 8), 16);
  return ({ choice, purpose, index = 0 }) => {
    if (index !== 0) return drawn(purpose, index);
    if (choice.params.temperature === 0) return 0;
    const draw = first.get(purpose) ?? drawn(purpose, index);
    first.set(purpose, draw);
    return draw;
  };
}

/** Whether an error ends the run; other errors cost one sample. */
export function endsRun(error: unknown): boolean {
  return error instanceof RunStopped || error instanceof BudgetReached;
}

/** The reply contained no JSON of the requested form, even when it was requested again. */
export class ReplyUnreadable extends Error {
  override readonly name = "ReplyUnreadable";
  constructor(
    readonly reply: string,
    /** Number of tokens at which it was cut; null if it is complete. */
    readonly cutAt: number | null = null,
    /** Why it is ambiguous; empty: it contained nothing of the requested form. */
    readonly doubts: readonly string[] = [],
  ) {
    super(unreadable(reply, cutAt, doubts));
  }
}

function unreadable(reply: string, cutAt: number | null, doubts: readonly string[]): string {
  if (cutAt !== null) {
    return `the reply was cut at ${cutAt} tokens, before it held what was asked for; raise the model's max_tokens`;
  }
  return doubts.length > 0
    ? `the reply could be read in more than one way (${doubts.join(", ")}), and so could the repaired one: ${reply}`
    : `the reply was not the JSON that was asked for, nor was the repaired one: ${reply}`;
}

/** Factor for a token limit that cut a reply, when it is requested again. */
const LONGER = 4;

/** What a reply must contain. */
export interface AskOptions<T> {
  /** null: the value can't be used. */
  readonly read: (value: unknown) => T | null;
  /** Message that requests it again. @param doubts why the first reply is ambiguous */
  readonly repair: (doubts: readonly string[]) => string;
  /** Rejects ambiguous replies: for texts that are written to files. Default: false. */
  readonly sure?: boolean;
  /** Further doubts about a value. */
  readonly doubts?: (value: T) => readonly string[];
}

/**
 * Asks for JSON. If `read` can't use the reply, one repair request shows it and says what was wrong. A reply that
 * was cut would be cut again: if the limit is ours, it is requested anew with a larger one; otherwise it is used as
 * far as it goes.
 * @throws ReplyUnreadable if the second reply can't be used either
 */
export async function askJson<T>(
  ask: Llm,
  question: LlmCall,
  { read, repair, sure = false, doubts = () => [] }: AskOptions<T>,
): Promise<T> {
  const keys = Object.keys(question.schema?.schema.properties ?? {});
  const readIn = ({ text }: ModelReply): Read<T> | null => {
    const found = readReply(text, { keys, read, loosely: true });
    return found && { value: found.value, doubts: [...found.doubts, ...doubts(found.value)] };
  };
  const sureOf = (found: Read<T> | null): Read<T> | null =>
    found && (!sure || found.doubts.length === 0) ? found : null;
  const first = await ask(question);
  const found = readIn(first);
  // The part before the cut can be a draft.
  const isCut = first.finish === "length" && (!found || sure || found.doubts.includes(CUT));
  const value = sureOf(found);
  if (value && !isCut) return value.value;
  const { messages, choice } = question;
  const limit = outputLimit(choice.params);
  if (isCut && !limit) {
    if (value && !sure) return value.value;
    throw new ReplyUnreadable(first.text.slice(0, 200), first.usage.completion);
  }
  if (!isCut) await ask.invalidate(first);
  const shown = [
    { role: "assistant", content: first.text },
    { role: "user", content: repair(found?.doubts ?? []) },
  ] as const;
  const params = { ...choice.params, ...(limit && { [limit.name]: LONGER * limit.tokens }) };
  const again = await ask(
    isCut
      ? { ...question, choice: { ...choice, params } }
      : { ...question, isRepair: true, messages: [...messages, ...shown] },
  );
  const second = readIn(again);
  const isCutAgain = sure && again.finish === "length";
  const last = isCutAgain ? null : (sureOf(second) ?? (isCut && sure ? null : value));
  if (last) return last.value;
  await ask.invalidate(again);
  const cutAt = again.finish === "length" ? again.usage.completion : null;
  throw new ReplyUnreadable(again.text.slice(0, 200), cutAt, second?.doubts ?? found?.doubts ?? []);
}
