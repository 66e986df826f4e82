import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";
import type { Split } from "../data/sample.ts";
import type { ModelChoice, Role } from "../graph/graph.ts";
import { AccessRefused, BudgetReached, KeyRefused, RequestRefused } from "../models/errors.ts";
import type { Message, Model, ModelReply, Usage } from "../models/model.ts";
import type { RunEvent } from "./events.ts";
import { shortHash } from "./texts.ts";

/** What one call of the method says to a model. */
export interface Question {
  readonly purpose: Role;
  readonly node: string | null;
  readonly sample: string | null;
  readonly split: Split | null;
  readonly choice: ModelChoice;
  readonly messages: readonly Message[];
  readonly schema?: { readonly name: string; readonly schema: Readonly<Record<string, unknown>> };
  /** Tells repeats of one question apart; equal questions of equal index share one reply. Default 0. */
  readonly index?: number | string;
  readonly priority?: number;
  /** Asks once more for what could not be read. */
  readonly isRepair?: boolean;
}

export interface AskDeps {
  readonly model: Model;
  readonly seed: number;
  /** Aborting it stops every call of the run. */
  readonly stop: AbortController;
  readonly emit: (event: RunEvent) => Promise<void>;
  readonly price: (model: string, usage: Usage) => number | null;
}

export interface Ask {
  (question: Question): Promise<ModelReply>;
  /** The reply could not be decoded: it stays with this run, but no other run is served it (rule R1). */
  discredit(reply: ModelReply): Promise<void>;
  /** No call begins any more. Resolves when none is under way: what was paid for has arrived and is on record. */
  settled(): Promise<void>;
}

/** The run is over: cancelled, or the provider cannot be used. `cause` says why. */
export class RunStopped extends Error {
  override readonly name = "RunStopped";
  constructor(override readonly cause: unknown) {
    super("the run was stopped");
  }
}

/** What went wrong, behind the word that the run is over. */
export function causeOf(error: unknown): unknown {
  return error instanceof RunStopped ? error.cause : error;
}

/** Characters of a reply in which JSON is looked for: no answer is as long, and a hostile one must not hold everything up. */
const LONGEST_JSON = 2 ** 20;

/** Calls that failed for good, one after another, before the provider counts as down. */
const FAILURES_IN_A_ROW = 3;

/**
 * Puts each request on record before it leaves and each reply when it has come. A refused key, an unknown model or
 * several lost calls in a row stop the whole run: what every other call would meet too is not tried again and again.
 */
export function createAsk({ model, seed, stop, emit, price }: AskDeps): Ask {
  const pending = new Set<Promise<unknown>>();
  let failures = 0;
  let ended = false;

  const ask = (question: Question): Promise<ModelReply> => {
    const call = askOnce(question);
    pending.add(call);
    const done = () => pending.delete(call);
    call.then(done, done);
    return call;
  };
  const settled = async () => {
    ended = true;
    while (pending.size > 0) await Promise.allSettled([...pending]);
  };
  const discredit = async ({ key }: ModelReply) => model.discredit?.(key);
  return Object.assign(ask, { settled, discredit });

  async function askOnce(question: Question): Promise<ModelReply> {
    const { purpose, node, sample, split, choice } = question;
    const about = { purpose, node, sample, split };
    let requests = 0;
    // What was begun ahead and is not needed goes no further: nobody would put it on record.
    if (ended) throw new RunStopped(new Error("the run has ended"));
    try {
      if (stop.signal.aborted) throw stop.signal.reason;
      const reply = await model.complete(
        {
          model: choice.model,
          params: choice.params,
          messages: question.messages,
          ...(question.schema && { schema: question.schema }),
          draw: drawOf(question, seed),
          tag: { purpose, node, sample },
          priority: question.priority ?? 0,
          ...(split === "test" && { reservation: "test" }),
          onRequest: async (attempt) => {
            requests = attempt;
            await emit({ type: "requested", ...about, attempt });
          },
          onWithdrawn: (attempt) => {
            requests = attempt - 1;
            void emit({ type: "withdrawn", ...about, attempt });
          },
        },
        stop.signal,
      );
      if (reply.source === "provider") failures = 0;
      const { key, usage, milliseconds, source } = reply;
      // What was replayed cost this when it was asked for: it counts once, also where a crash lost the record of that.
      const usd = source === "provider" || source === "replayed" ? price(reply.model, usage) : 0;
      const spent = { usage, usd, milliseconds, requests: reply.requests };
      void emit({ type: "call", ...about, key, model: reply.model, source, ...spent, error: null });
      if (question.isRepair) void emit({ type: "warning", code: "reply repaired", ...placeOf(question) });
      return reply;
    } catch (error) {
      if (requests > 0) void emit({ type: "call", ...about, ...failedCall(choice.model, requests, error) });
      if (!stop.signal.aborted && isLasting(error, requests > 0)) stop.abort(error);
      if (stop.signal.aborted) throw new RunStopped(stop.signal.reason);
      throw error;
    }
  }

  /** @param own whether the request was this call's own: one that several calls share is lost once. */
  function isLasting(error: unknown, own: boolean): boolean {
    if (error instanceof BudgetReached) return false;
    if (error instanceof KeyRefused || error instanceof AccessRefused) return true;
    if (error instanceof RequestRefused && [403, 404].includes(error.status)) return true;
    if (own) failures++;
    return failures >= FAILURES_IN_A_ROW;
  }
}

function placeOf({ node, sample }: Question) {
  return { ...(node !== null && { node }), ...(sample !== null && { sample }) };
}

function failedCall(model: string, requests: number, error: unknown) {
  return {
    key: "",
    model,
    usage: { prompt: 0, completion: 0, estimated: false },
    usd: 0,
    milliseconds: 0,
    source: "provider",
    requests,
    error: error instanceof Error ? error.name : String(error),
  } as const;
}

/** 0 at temperature 0 without repeats; else fixed by run seed, purpose and index (rule R1). */
function drawOf({ choice, purpose, index = 0 }: Question, seed: number): number {
  if (choice.params.temperature === 0 && index === 0) return 0;
  return Number.parseInt(shortHash([seed, purpose, index]).slice(0, 8), 16);
}

/** An error that ends the run, where others cost one sample. */
export function endsRun(error: unknown): boolean {
  return error instanceof RunStopped || error instanceof BudgetReached;
}

/** The reply held no JSON of the asked shape, not even after one repair. */
export class ReplyUnreadable extends Error {
  override readonly name = "ReplyUnreadable";
  constructor(readonly reply: string) {
    super(`the reply was not the JSON that was asked for, nor was the repaired one: ${reply}`);
  }
}

/**
 * Asks for JSON. A reply that `read` cannot make sense of gets one repair request that shows it and says what was
 * wrong (method.md §3).
 * @param read returns null for a value it cannot use.
 * @throws ReplyUnreadable after the repair failed too.
 */
export async function askJson<T>(
  ask: Ask,
  question: Question,
  read: (value: unknown) => T | null,
  repair: (reply: string) => string,
): Promise<T> {
  const keys = Object.keys(question.schema?.schema.properties ?? {});
  const readReply = (text: string) => read(looseJson(text)) ?? read(keyedLines(text, keys));
  const first = await ask(question);
  const value = readReply(first.text);
  if (value !== null) return value;
  await ask.discredit(first);
  const again = await ask({
    ...question,
    isRepair: true,
    messages: [
      ...question.messages,
      { role: "assistant", content: first.text },
      { role: "user", content: repair(first.text) },
    ],
  });
  const repaired = readReply(again.text);
  if (repaired !== null) return repaired;
  await ask.discredit(again);
  throw new ReplyUnreadable(again.text.slice(0, 200));
}

/** Lines that begin with a key of the asked object (`plan: …`, `**plan**: …`), as small models write it. */
export function keyedLines(text: string, keys: readonly string[]): unknown {
  const lines = text
    .slice(0, LONGEST_JSON)
    .split("\n")
    .map((line) => {
      for (const key of keys) {
        const start = new RegExp(`^[\\s*_#>-]*${escaped(key)}[\\s*_]*:[*_]*`, "i").exec(line);
        if (start) return { key, text: line.slice(start[0].length) };
      }
      return { key: undefined, text: line };
    });
  const found = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const { key, text: said } of lines) {
    if (key !== undefined) {
      current = found.get(key) ?? [];
      found.set(key, current);
    }
    current?.push(said);
  }
  if (found.size === 0) return undefined;
  return Object.fromEntries([...found].map(([key, said]) => [key, said.join("\n").trim()]));
}

/**
 * JSON as models really write it: fenced, with words around it, with trailing commas, line breaks inside a text, or cut at
 * the end. A text that was cut is left out: half an instruction is none.
 */
export function looseJson(text: string): unknown {
  const fenced = inFence(text.slice(0, LONGEST_JSON));
  const start = fenced.search(/[{[]/);
  if (start < 0) return undefined;
  const json = fenced.slice(start).replace(/"(?:[^"\\]|\\[\s\S])*"?/g, (one) => one.replace(/\r?\n/g, "\\n"));
  const errors: ParseError[] = [];
  try {
    const value: unknown = parse(json, errors, { allowTrailingComma: true });
    const cut = errors.find(({ error }) => printParseErrorCode(error) === "UnexpectedEndOfString");
    return cut ? parse(json.slice(0, cut.offset), [], { allowTrailingComma: true }) : value;
  } catch {
    // Brackets in brackets, deeper than the stack.
    return undefined;
  }
}

/** What stands in the first fence; all of the text where there is none that is closed. Reads each line once. */
function inFence(text: string): string {
  const open = /```(?:json)?[^\S\n]*\n/.exec(text);
  if (!open) return text;
  const inside: string[] = [];
  for (const line of text.slice(open.index + open[0].length).split("\n")) {
    if (line.trimStart().startsWith("```")) return inside.join("\n");
    inside.push(line);
  }
  return text;
}

/** Node ids and input names hold nothing that a pattern reads otherwise but `-`, which stands for itself outside a class. */
function escaped(key: string): string {
  return key.replace(/[^\w-]/g, "\\$&");
}
