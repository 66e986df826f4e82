import { CodeLimit, type Sandbox } from "../../deps.ts";
import type { Local } from "../../engine/nodes/node-behavior.ts";
import type { Task } from "../../engine/task.ts";
import type { Extractor, Graph, GraphNode } from "../../graph/graph.ts";
import { withoutImages } from "../../graph/images.ts";
import { programExtension } from "../../graph/program-file.ts";
import type { Message, Model, ModelReply, ModelRequest } from "../../models/model.ts";
import { contentNumber, type DryRunProgress, isRewrite, MARK, type Rewrites } from "./dry-run-progress.ts";

/**
 * A model for dry runs: makes up the replies that are not cached, so that a run can be estimated without calls
 * (`estimate.ts`).
 */

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
  readonly rewrites: Rewrites;
}

/** The typical assumption, those with the lowest cost, and that with the highest. */
export const GUESSES = {
  usual: {
    right: 0.4,
    known: "share",
    content: 1 / 3,
    length: 1,
    rewrites: { rules: 3, useless: 0.15, ruinous: 0.1, hopeless: 0.1 },
  },
  little: {
    right: 0.95,
    known: "upper",
    content: 1,
    length: 0.5,
    rewrites: { rules: 1, useless: 0, ruinous: 0, hopeless: 0 },
  },
  // Methods that learn from right answers end early without any.
  none: {
    right: 0.03,
    known: "lower",
    content: 1,
    length: 0.5,
    rewrites: { rules: 1, useless: 0, ruinous: 0, hopeless: 1 },
  },
  // The longest runs improve all the time, little by little.
  much: {
    right: 0.2,
    known: "lower",
    content: 0,
    length: 6,
    rewrites: { rules: 6, useless: 0.2, ruinous: 0.1, hopeless: 0.1 },
  },
} as const satisfies Record<string, Guess>;

/** For English prose; learned from known replies. */
const CHARACTERS_PER_TOKEN = 4;
/** Tokens of a reply, or of each of its entries; learned for nodes whose replies are known. */
const REPLY = { forward: 12, backward: 16, hypothesis: 12, judge: 30 } as const;
/** Number of words that a rewrite adds, if replies are short. */
const ADDED = 8;
/** Elements of a list that a map node goes over. */
const MAPPED = 5;

/** What known replies tell of the others. */
export interface Learned {
  /** Of known replies, by purpose and node. */
  readonly lengths: ReadonlyMap<string, { readonly tokens: number; readonly replies: number }>;
  readonly size: { readonly characters: number; readonly tokens: number };
  /** Sample → whether its first known answer is right. */
  readonly answers: ReadonlyMap<string, boolean>;
}

export const NOTHING: Learned = { lengths: new Map(), size: { characters: 0, tokens: 0 }, answers: new Map() };

/** Replies of the expected format and length, each one different. */
export class DryRunModel implements Model {
  readonly #nodes: ReadonlyMap<string, GraphNode>;
  /** Nodes whose value is a list, because others go over its elements. */
  readonly #lists: ReadonlySet<string>;
  readonly #lengths: Map<string, { tokens: number; replies: number }>;
  readonly #size: { characters: number; tokens: number };

  /** @param identity of the provider that it replaces, for which cached replies are looked up */
  constructor(
    readonly identity: string,
    { nodes }: Pick<Graph, "nodes">,
    readonly guess: Guess,
    readonly progress: DryRunProgress,
    { lengths, size }: Omit<Learned, "answers"> = NOTHING,
  ) {
    this.#nodes = new Map(nodes.map((node) => [node.id, node]));
    this.#lists = new Set(
      nodes.flatMap((node) => [...(node.kind === "map" ? [node.over] : []), ...(node.perElement ?? [])]),
    );
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

  /** A made-up value of a computed node. @param length characters */
  computed(given: string, length = given.length): string {
    return this.#reply(length / this.#charactersPerToken, this.progress.computed(given));
  }

  /** Learns reply lengths and characters per token from a known reply. */
  learn({ messages, tag }: ModelRequest, { text, usage }: ModelReply): void {
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

  #completion(request: ModelRequest): string {
    const { tag, schema, messages, draw } = request;
    const node = tag.node === null ? undefined : this.#nodes.get(tag.node);
    const known = this.#lengths.get(`${tag.purpose} ${tag.node}`);
    const tokens = known && known.tokens / known.replies;
    if (tag.purpose === "forward") return this.#forward(tokens ?? this.#usual("forward"), node, request);
    // A reply follows from its request alone, so that it does not matter which request comes first.
    const asked = contentNumber(messages, tag.node, draw);
    switch (tag.purpose) {
      case "backward": {
        const keys = Object.keys(schema?.schema.properties ?? {});
        const each = tokens ? tokens / keys.length : this.#usual("backward");
        return JSON.stringify(
          Object.fromEntries(keys.map((key) => [key, this.#feedback(each, contentNumber(asked, key))])),
        );
      }
      case "optimizer":
        return this.#optimized(node, schema?.schema ?? null, tag.form ?? [], contentOf(messages), asked);
      case "judge":
        return JSON.stringify({ reason: this.#reply(tokens ?? this.#usual("judge"), asked), score: 0.5 });
    }
  }

  #forward(tokens: number, node: GraphNode | undefined, { tag, messages, draw }: ModelRequest): string {
    const id = this.progress.valueOf(node?.id ?? "", tag.sample, contentOf(messages), draw, tokens);
    const isMapped = node !== undefined && this.#isList(node);
    const made = isMapped ? this.list(`${MARK}${id}`, tokens * this.#charactersPerToken) : this.#reply(tokens, id);
    return inForm(made, node?.kind === "map" ? node.each : (node?.output ?? null));
  }

  /** Whether a map node iterates over the values of this file's code. */
  isMapped(file: string): boolean {
    return [...this.#nodes.values()].some((one) => one.kind === "function" && one.file === file && this.#isList(one));
  }

  /** Whether nodes go over the elements of its value. */
  #isList({ id, perElement }: GraphNode): boolean {
    return !perElement && this.#lists.has(id);
  }

  /** A list of a usual length for a map node. @param length characters */
  list(given: string, length = given.length): string {
    const elements = Array.from({ length: MAPPED }, (_, index) => this.computed(`${given} ${index}`, length / MAPPED));
    return JSON.stringify(elements);
  }

  /**
   * A reply in the form that a method asks for: texts of nodes are rewrites, other strings are short.
   * @param shown the prompt
   * @param asked its number
   */
  #optimized(
    node: GraphNode | undefined,
    schema: Readonly<Record<string, unknown>> | null,
    tags: readonly string[],
    shown: string,
    asked: number,
  ) {
    let count = 0;
    const write = (name: string) => this.#written(name, node, shown, contentNumber(asked, name, count++));
    if (schema) return JSON.stringify(filledSchema(schema, "", write));
    return tags.length > 0
      ? tags.map((tag) => `<${tag}>${write(tag)}</${tag}>`).join("\n")
      : this.#rewrite(node, shown, asked);
  }

  #written(name: string, node: GraphNode | undefined, shown: string, number: number): string {
    const named = this.#nodes.get(name);
    const isText = named !== undefined || TEXTS.test(name);
    return isText ? this.#rewrite(named ?? node, shown, number) : this.#reply(this.#usual("hypothesis"), number);
  }

  #usual(what: keyof typeof REPLY): number {
    return REPLY[what] * this.guess.length;
  }

  #feedback(tokens: number, number: number): string {
    return number / 2 ** 32 < this.guess.content ? "" : this.#reply(tokens, number);
  }

  /** Longer by some words, up to the maximum length. */
  #rewrite(node: GraphNode | undefined, shown: string, number: number): string {
    const { id = "", maxWords = null } = node ?? {};
    const current = currentTextIn(shown, id) ?? node?.text ?? "";
    const mark = this.progress.rewrite(id, current, CASE.test(shown), number);
    if (mark === null) return current;
    return maxWords === null
      ? `${current} ${filler(ADDED * Math.sqrt(this.guess.length))} ${mark}.`
      : `${current}·${mark}`;
  }

  #reply(tokens: number, id: number): string {
    const start = `${MARK}${id} `;
    return start + filler((tokens * this.#charactersPerToken - start.length) / WORD.length);
  }
}

/** The text of a node as an optimizer prompt shows it, alone or among those of other nodes. */
function currentTextIn(shown: string, node: string): string | null {
  const own = shown.indexOf(`<variable name="${node}">`);
  return /<current_text>\n([\s\S]*?)\n<\/current_text>/.exec(shown.slice(Math.max(0, own)))?.[1] ?? null;
}

/**
 * Runs code of the graph on known values only: a made-up input or a made-up rewrite gives a made-up output of the input's
 * length, and so does code that reaches a limit. Programs may not be confirmed yet.
 */
export function dryRunSandbox(model: DryRunModel, real: Sandbox | undefined): Sandbox {
  return {
    check: async () => null,
    async call(code, argument) {
      const given = JSON.stringify(argument);
      const isMade = given.includes(MARK) || isRewrite(given) || isRewrite(code.text);
      const madeUp = () => (model.isMapped(code.file) ? JSON.parse(model.list(given)) : model.computed(given));
      if (!real || isMade || programExtension(code.file) !== null) return madeUp();
      try {
        return await real.call(code, argument);
      } catch (error) {
        if (error instanceof CodeLimit) return madeUp();
        throw error;
      }
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

/** A run of the graph in an optimizer prompt. */
const CASE = /<case\b/;

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

function contentOf(messages: readonly Message[]): string {
  return messages.map(({ content }) => content).join("\n");
}

function charactersOf(messages: readonly Message[]): number {
  return messages.reduce((sum, { content }) => sum + withoutImages(content).length, 0);
}
