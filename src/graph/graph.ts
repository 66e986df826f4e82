import * as z from "zod";
import { textPart } from "./places/part.ts";
import type { ReadOnly } from "./read-only.ts";
import { TEMPLATINGS } from "./text/templating.ts";

/**
 * The graph as the engine sees it and as a run keeps it: every text decoded, every file reference read. Made by
 * `readGraph`; what the file itself may contain is in `schema.ts`.
 */
export const ROLES = ["forward", "backward", "optimizer", "judge"] as const;
export type Role = (typeof ROLES)[number];

/** A model's name with what is passed through to it (temperature, top_p, max_tokens, reasoning_effort, …). */
export const modelChoice = z.object({ model: z.string(), params: z.record(z.string(), z.unknown()) });

const extractor = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("after"), after: z.string() }),
  z.object({ kind: z.literal("tag"), tag: z.string() }),
  z.object({ kind: z.literal("pattern"), pattern: z.string() }),
  z.object({ kind: z.literal("json"), json: z.string() }),
]);

const anyNode = {
  id: z.string(),
  /** Purpose of the node, in the author's words; can be empty. */
  role: z.string(),
  /** The instruction of an `llm` node, the text of a `text` node: the value of the parameter θ. */
  text: z.string(),
  trainable: z.boolean(),
  keep: z.array(z.string()),
  maxWords: z.number().nullable(),
  constraints: z.array(z.string()),
  /** Names of predecessors: graph inputs and nodes, in the order of the file. Empty for a kind that reads nothing. */
  inputs: z.array(z.string()).default([]),
  /**
   * Inputs that are lists with an entry for each run of the node: it runs once for each entry, and its value is the list of
   * its values. Absent: it runs once.
   */
  perElement: z.array(z.string()).optional(),
  /** Id of the map node whose graph it is from. Absent: it is in the graph file. */
  within: z.string().optional(),
  /** Whether a run can change its inputs (`optimize.edges`). Absent: it can't. */
  tunesInputs: z.literal(true).optional(),
  /** The part of the reply that is the value; null: the whole reply. */
  output: extractor.nullable().default(null),
  /** How the text names its inputs; absent: `mustache`. */
  templating: z.enum(TEMPLATINGS).optional(),
  /** Names in the text for inputs with other names: variable → input. */
  variables: z.record(z.string(), z.string()).optional(),
  /** Names of the graph that its language can't have, such as `Customer Message`. Absent: none. */
  looseNames: z.array(z.string()).optional(),
  /** The part of its file that contains the text; absent: the whole file, or the text is in the graph file. */
  part: textPart.optional(),
};

const asking = {
  /** The node's own model, which overrides the role's. */
  model: modelChoice.nullable(),
  /** `user`: instruction and inputs in one user message. */
  message: z.enum(["system", "user"]),
  /** The text sent around the instruction. */
  frame: z.string().optional(),
};

const llmNode = z.object({ kind: z.literal("llm"), ...anyNode, ...asking });

/** The same call for each element of a list, in order. `output` is null: `each` extracts the value from each reply. */
const mapNode = z.object({
  kind: z.literal("map"),
  ...anyNode,
  ...asking,
  /** The input that is the list. In the instruction, its name stands for one element. */
  over: z.string(),
  each: extractor.nullable(),
  /** Separator of the values; null: they become a JSON list. */
  join: z.string().nullable(),
});

/** A parameter node: its value is its text. */
const textNode = z.object({
  kind: z.literal("text"),
  ...anyNode,
  /** The text contains demonstrations, one JSON object per line (`rowsText`), and must keep this form. */
  form: z.literal("rows").optional(),
  /** The programming language of a text that is code: its braces are not placeholders. */
  language: z.string().optional(),
});

/** A program: its value is the result of the default export for the values of its inputs. */
const functionNode = z.object({
  kind: z.literal("function"),
  ...anyNode,
  /** Names the program in messages: its file, or its place in the graph file. */
  file: z.string(),
});

/** A tool on one of the user's servers: its value is the tool's result. */
const toolNode = z.object({
  kind: z.literal("tool"),
  ...anyNode,
  /** Its name on the server, or `server/tool`. */
  tool: z.string(),
  /** JSON whose strings name inputs as `{{name}}`. `text` is the same as text, for prompts that show the step. */
  arguments: z.record(z.string(), z.unknown()),
});

/** A search in the repository's files. Its text is the query. */
const retrieverNode = z.object({
  kind: z.literal("retriever"),
  ...anyNode,
  /** Patterns of the files, relative to the graph file. */
  corpus: z.array(z.string()),
  /** Maximum number of passages. */
  top: z.number(),
});

/** What a node gave for each element of a list, in order. */
const joinNode = z.object({
  kind: z.literal("join"),
  ...anyNode,
  /** Between the values; null: they become a JSON list. */
  join: z.string().nullable(),
});

const graphInput = z.object({
  name: z.string(),
  description: z.string(),
  /** Absent: text. */
  type: z.enum(["json", "image"]).optional(),
});
const graphNode = z.discriminatedUnion("kind", [
  llmNode,
  textNode,
  mapNode,
  functionNode,
  retrieverNode,
  toolNode,
  joinNode,
]);

export const graph = z.object({
  name: z.string(),
  description: z.string(),
  inputs: z.array(graphInput),
  /** In the order of the file. */
  nodes: z.array(graphNode),
  /** Id of the node whose value is the answer A. */
  output: z.string(),
  /** Ids of the nodes besides the output that have targets of their own. Absent: none. */
  targets: z.array(z.string()).optional(),
});

export type Graph = ReadOnly<z.infer<typeof graph>>;
export type GraphInput = ReadOnly<z.infer<typeof graphInput>>;
export type GraphNode = ReadOnly<z.infer<typeof graphNode>>;
export type LlmNode = ReadOnly<z.infer<typeof llmNode>>;
export type MapNode = ReadOnly<z.infer<typeof mapNode>>;
export type TextNode = ReadOnly<z.infer<typeof textNode>>;
export type RetrieverNode = ReadOnly<z.infer<typeof retrieverNode>>;
export type FunctionNode = ReadOnly<z.infer<typeof functionNode>>;
export type JoinNode = ReadOnly<z.infer<typeof joinNode>>;
export type ToolNode = ReadOnly<z.infer<typeof toolNode>>;
export type Extractor = ReadOnly<z.infer<typeof extractor>>;
export type ModelChoice = ReadOnly<z.infer<typeof modelChoice>>;

/** The node's own model; null if it has none. */
export function ownModel(node: GraphNode): ModelChoice | null {
  return "model" in node ? node.model : null;
}

/** Whether the node asks a model exactly once for its value. */
export function asksOnce(node: GraphNode): node is LlmNode {
  return "model" in node && !("over" in node) && node.perElement === undefined;
}

/** The programming language of a node's text; null if that is not code, or code that can't change. */
export function languageOf(node: GraphNode): string | null {
  return "language" in node ? (node.language ?? null) : null;
}

/** Θ: node id → text, for trainable and fixed nodes. */
export type Texts = Readonly<Record<string, string>>;
