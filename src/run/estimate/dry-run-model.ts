import { randomLcg } from "d3";
import type { Sample } from "../../data/sample.ts";
import type { Sandbox } from "../../deps.ts";
import { wilson } from "../../engine/gate/statistics.ts";
import type { Local } from "../../engine/nodes/node-behavior.ts";
import type { Task } from "../../engine/task.ts";
import { shortHash } from "../../engine/theta.ts";

import type { Extractor, GraphNode } from "../../graph/graph.ts";
import { withoutImages } from "../../graph/images.ts";
import { programExtension } from "../../graph/program-file.ts";
import type { Locale } from "../../i18n/locale.ts";
import type { AskVote, CodeRunner, Loss, Score } from "../../loss/loss.ts";
import { scoreOf } from "../../loss/normalize.ts";
import type { Message, Model, ModelReply, ModelRequest } from "../../models/model.ts";

/**
 * A model for dry runs: makes up the replies that are not cached, so that a run can be estimated without calls
 * (`estimate.ts`).
 */

/** Minimum number of samples with known answers for these to replace the guess. */
const TELLING = 5;
/** Assumptions where no earlier reply is known. */
export interface Guess {
  /** Share of samples that are right at the start. */
  readonly right: number;
  /**
   * Which share of right samples is assumed once answers are known: their share, or the lower or upper end of its
   * interval (Wilson, 95%).
   */
  readonly known: "share" | "lower" | "upper";
  /** Share of a node's inputs and instruction without feedback. */
  readonly content: number;
  /** Length of replies, in multiples of short ones. */
  readonly length: number;
}

/** The typical assumption, and those with the lowest and highest cost. */
export const GUESSES = {
  usual: { right: 0.4, known: "share", content: 1 / 3, length: 1 },
  little: { right: 0.95, known: "upper", content: 1, length: 0.5 },
  much: { right: 0.2, known: "lower", content: 0, length: 6 },
} as const satisfies Record<string, Guess>;

/** For English prose; learned from known replies. */
const CHARACTERS_PER_TOKEN = 4;
/** Tokens of a reply, or of each of its entries; learned for nodes whose replies are known. */
const REPLY = { forward: 12, backward: 16, hypothesis: 12, judge: 30 } as const;
/** Number of words that a rewrite adds. */
const ADDED = 8;
/** Elements of a list that a map node goes over. */
const MAPPED = 5;
/** Start of a made-up value. */
const MARK = "\u2248";

/** What known replies tell of the others. */
export interface Learned {
  /** Of known replies, by purpose and node. */
  readonly lengths: ReadonlyMap<string, { readonly tokens: number; readonly replies: number }>;
  readonly size: { readonly characters: number; readonly tokens: number };
  /** Sample → whether its first known answer is right. */
  readonly answers: ReadonlyMap<string, boolean>;
}

const NOTHING: Learned = { lengths: new Map(), size: { characters: 0, tokens: 0 }, answers: new Map() };

/** Replies of the expected format and length, each one different. */
export class DryRunModel implements Model {
  readonly #nodes: ReadonlyMap<string, GraphNode>;
  readonly #lengths: Map<string, { tokens: number; replies: number }>;
  readonly #size: { characters: number; tokens: number };
  readonly #random = randomLcg(0.5);
  #count = 0;

  /** @param identity of the provider that it replaces, for which cached replies are looked up */
  constructor(
    readonly identity: string,
    nodes: readonly GraphNode[],
    readonly guess: Guess,
    { lengths, size }: Omit<Learned, "answers"> = NOTHING,
  ) {
    this.#nodes = new Map(nodes.map((node) => [node.id, node]));
    this.#lengths = new Map(lengths);
    this.#size = { ...size };
  }

  get learned(): Omit<Learned, "answers"> {
    return { lengths: this.#lengths, size: this.#size };
  }

  async complete(request: ModelRequest): Promise<ModelReply> {
    const text = this.#completion(request);
    const prompt = this.#tokens(charactersOf(request.messages));
    const usage = { prompt, completion: this.#tokens(text.length), estimated: true };
    const { model } = request;
    return { text, usage, model, finish: "stop", key: "", source: "provider", requests: 1, milliseconds: 0 };
  }

  /** A made-up value of a computed node, as long as its inputs. */
  computed(characters: number): string {
    return this.#reply(characters / this.#charactersPerToken);
  }

  /** Learns reply lengths and characters per token from known replies. */
  learningFrom(model: Model): Model {
    return {
      identity: model.identity,
      complete: async (request, signal) => {
        const reply = await model.complete(request, signal);
        if (reply.source === "cached" && !reply.usage.estimated) this.#learn(request, reply);
        return reply;
      },
    };
  }

  #learn({ messages, tag }: ModelRequest, { text, usage }: ModelReply): void {
    this.#size.characters += charactersOf(messages) + text.length;
    this.#size.tokens += usage.prompt + usage.completion;
    const key = `${tag.purpose} ${tag.node}`;
    const { tokens, replies } = this.#lengths.get(key) ?? { tokens: 0, replies: 0 };
    this.#lengths.set(key, { tokens: tokens + usage.completion, replies: replies + 1 });
  }

  get #charactersPerToken(): number {
    const { characters, tokens } = this.#size;
    return tokens > 0 ? characters / tokens : CHARACTERS_PER_TOKEN;
  }

  #tokens(characters: number): number {
    return Math.ceil(characters / this.#charactersPerToken);
  }

  #completion({ tag, schema }: ModelRequest): string {
    const node = tag.node === null ? undefined : this.#nodes.get(tag.node);
    const known = this.#lengths.get(`${tag.purpose} ${tag.node}`);
    const tokens = known && known.tokens / known.replies;
    const keys = Object.keys(schema?.schema.properties ?? {});
    switch (tag.purpose) {
      case "forward":
        return this.#forward(tokens ?? this.#usual("forward"), node);
      case "backward": {
        const each = tokens ? tokens / keys.length : this.#usual("backward");
        return JSON.stringify(Object.fromEntries(keys.map((key) => [key, this.#feedback(each)])));
      }
      case "optimizer":
        return this.#optimized(node, schema?.schema ?? null, tag.form ?? []);
      case "judge":
        return JSON.stringify({ reason: this.#reply(tokens ?? this.#usual("judge")), score: 0.5 });
    }
  }

  #forward(tokens: number, node: GraphNode | undefined): string {
    const isMapped = node !== undefined && this.#isList(node);
    const made = isMapped ? () => this.list(tokens * this.#charactersPerToken) : () => this.#reply(tokens);
    return inForm(made(), node?.kind === "map" ? node.each : (node?.output ?? null));
  }

  /** Whether a map node iterates over the values of this file's code. */
  isMapped(file: string): boolean {
    return [...this.#nodes.values()].some((one) => one.kind === "function" && one.file === file && this.#isList(one));
  }

  /** Whether nodes go over the elements of its value. */
  #isList({ id, perElement }: GraphNode): boolean {
    if (perElement) return false;
    const readers = [...this.#nodes.values()];
    return readers.some((one) => (one.kind === "map" && one.over === id) || one.perElement?.includes(id));
  }

  /** A list of a usual length for a map node. */
  list(characters: number): string {
    return JSON.stringify(Array.from({ length: MAPPED }, () => this.computed(characters / MAPPED)));
  }

  /** A reply in the form that a method asks for: texts of nodes are rewrites, other strings are short. */
  #optimized(node: GraphNode | undefined, schema: Readonly<Record<string, unknown>> | null, tags: readonly string[]) {
    const write = (name: string) => this.#written(name, node);
    if (schema) return JSON.stringify(filledSchema(schema, "", write));
    return tags.length > 0 ? tags.map((tag) => `<${tag}>${write(tag)}</${tag}>`).join("\n") : this.#rewrite(node);
  }

  #written(name: string, node: GraphNode | undefined): string {
    const named = this.#nodes.get(name);
    const isText = named !== undefined || TEXTS.test(name);
    return isText ? this.#rewrite(named ?? node) : this.#reply(this.#usual("hypothesis"));
  }

  #usual(what: keyof typeof REPLY): number {
    return REPLY[what] * this.guess.length;
  }

  #feedback(tokens: number): string {
    return this.#random() < this.guess.content ? "" : this.#reply(tokens);
  }

  /** Longer by some words, up to the maximum length. */
  #rewrite(node: GraphNode | undefined): string {
    this.#count += 1;
    const { text = "", maxWords = null } = node ?? {};
    return maxWords === null
      ? `${text} ${filler(ADDED * this.guess.length)} ${this.#count}.`
      : `${text}·${this.#count}`;
  }

  #reply(tokens: number): string {
    this.#count += 1;
    const start = `${MARK}${this.#count} `;
    return start + filler((tokens * this.#charactersPerToken - start.length) / WORD.length);
  }
}

/**
 * Runs code on known values only: a made-up input gives a made-up output of the same length. Programs may not be
 * confirmed yet.
 */
export function dryRunSandbox(model: DryRunModel, real: Sandbox | undefined): Sandbox {
  return {
    check: async () => null,
    async call(code, argument) {
      const given = JSON.stringify(argument);
      if (real && !given.includes(MARK) && programExtension(code.file) === null) return real.call(code, argument);
      return model.isMapped(code.file) ? JSON.parse(model.list(given.length)) : model.computed(given.length);
    },
    within: () => dryRunSandbox(model, real),
  };
}

/** Searches corpora; a made-up query finds the first passages. */
export function dryRunSearch({ corpora = {} }: Task): Local["search"] {
  return async (node, query, top) => {
    const passages = corpora[node] ?? [];
    if (query.includes(MARK)) return passages.slice(0, top);
    const { search } = await import("../../data/retrieval.ts");
    return search(passages, query, top);
  };
}

const WORD = "words ";

function filler(words: number): string {
  return WORD.repeat(Math.max(1, Math.round(words))).trim();
}

/** Names that methods give to a new text. */
const TEXTS = /text|instruction|prompt|variable|value|candidate/i;

/** A value that fits a JSON schema. @param write makes the string of this name */
function filledSchema(schema: unknown, name: string, write: (name: string) => string): unknown {
  const of = (key: string): unknown =>
    typeof schema === "object" && schema !== null ? Reflect.get(schema, key) : null;
  const [first] = [of("enum"), of("anyOf"), of("oneOf")].filter(Array.isArray);
  if (of("const") != null) return of("const");
  if (first) return first === of("enum") ? first[0] : filledSchema(first[0], name, write);
  switch (of("type")) {
    case "string":
      return write(name);
    case "number":
      return 0.5;
    case "integer":
      return of("minimum") ?? 1;
    case "boolean":
      return true;
    case "array": {
      const least = of("minItems");
      const length = Math.max(1, typeof least === "number" ? least : 1);
      return Array.from({ length }, () => filledSchema(of("items"), name, write));
    }
    case "object":
      return Object.fromEntries(
        Object.entries(of("properties") ?? {}).map(([key, inner]) => [key, filledSchema(inner, key, write)]),
      );
    default:
      return null;
  }
}

/**
 * In the format of the node's `output`. Text that matches a pattern can't be made up, so such a reply counts as a
 * format error.
 */
function inForm(text: string, output: Extractor | null): string {
  switch (output?.kind) {
    case "after":
      return `${output.after} ${text}`;
    case "tag":
      return `<${output.tag}>${text}</${output.tag}>`;
    case "json":
      return JSON.stringify(output.json.split(".").reduceRight<unknown>((value, key) => ({ [key]: value }), text));
    default:
      return text;
  }
}

function charactersOf(messages: readonly Message[]): number {
  return messages.reduce((sum, { content }) => sum + withoutImages(content).length, 0);
}

/**
 * Known answers keep their score. A made-up answer is right if the known answer of its sample is; of the other samples,
 * the same share is right.
 */
export class DryRunLoss implements Loss {
  readonly kind: string;
  readonly calls: number;
  readonly #known: Map<string, boolean>;

  /**
   * @param threshold τ
   * @param guess assumptions if nothing better is known
   * @param draw varies which samples are right
   * @param answers that are known already
   */
  constructor(
    readonly loss: Loss,
    readonly threshold: number,
    readonly guess: Pick<Guess, "right" | "known">,
    readonly draw: number,
    { answers }: Pick<Learned, "answers"> = NOTHING,
  ) {
    this.kind = loss.kind;
    this.calls = loss.calls ?? 0;
    this.#known = new Map(answers);
  }

  get learned(): Pick<Learned, "answers"> {
    return { answers: this.#known };
  }

  describe(locale: Locale): string {
    return this.loss.describe(locale);
  }

  async score(sample: Sample, answer: string, askVote?: AskVote, code?: CodeRunner): Promise<Score> {
    const isMade = answer.startsWith(MARK);
    const score = isMade && this.calls === 0 ? null : await this.#scored(sample, answer, askVote, code);
    if (score && !isMade && !score.votes?.some(({ reason }) => reason.startsWith(MARK))) {
      if (!this.#known.has(sample.id)) this.#known.set(sample.id, score.loss <= this.threshold);
      return score;
    }
    const wrong = this.#isRight(sample) ? 0 : 1;
    return scoreOf(sample, answer, wrong, wrong);
  }

  /**
   * Scores with the real loss, unless its code can't use the made-up values: then the answer counts as made up, too.
   */
  async #scored(...given: Parameters<Loss["score"]>): Promise<Score | null> {
    try {
      return await this.loss.score(...given);
    } catch (error) {
      if (this.loss.code) return null;
      throw error;
    }
  }

  #isRight({ id }: Sample): boolean {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const right = [...this.#known.values()].filter((isRight) => isRight).length;
    const share = this.#known.size < TELLING ? this.guess.right : this.#shareOf(right, this.#known.size);
    return Number.parseInt(shortHash([this.draw, id]).slice(0, 8), 16) / 2 ** 32 < share;
  }

  #shareOf(right: number, n: number): number {
    const [lower, upper] = wilson(right, n);
    return { share: right / n, lower, upper }[this.guess.known];
  }
}
