/** The graph as the engine sees it: every text decoded, every file reference read. Made by `readGraph`. */
export interface Graph {
  readonly name: string;
  readonly description: string;
  readonly inputs: readonly GraphInput[];
  /** In the order of the file. */
  readonly nodes: readonly GraphNode[];
  /** Id of the node whose value is the answer A. */
  readonly output: string;
}

export interface GraphInput {
  readonly name: string;
  readonly description: string;
}

export type GraphNode = LlmNode | TextNode;

interface NodeBase {
  readonly id: string;
  /** What the node is for, in the author's words; may be empty. */
  readonly role: string;
  /** The instruction of an `llm` node, the text of a `text` node: the value of the parameter θ. */
  readonly text: string;
  readonly trainable: boolean;
  readonly keep: readonly string[];
  readonly maxWords: number | null;
  readonly constraints: readonly string[];
}

export interface LlmNode extends NodeBase {
  readonly kind: "llm";
  /** Names of predecessors: graph inputs and nodes, in the order of the file. */
  readonly inputs: readonly string[];
  /** Which part of the reply is the value. */
  readonly output: Extractor | null;
  /** The node's own model, winning over the role's. */
  readonly model: ModelChoice | null;
  /** `user`: instruction and inputs in one user message. */
  readonly message: "system" | "user";
}

/** A parameter node: its value is its text. */
export interface TextNode extends NodeBase {
  readonly kind: "text";
  /** The text holds demonstrations, one JSON object a line (`rowsText`), and has to stay so. */
  readonly form?: "rows";
}

export type Extractor =
  | { readonly kind: "after"; readonly after: string }
  | { readonly kind: "tag"; readonly tag: string }
  | { readonly kind: "pattern"; readonly pattern: string }
  | { readonly kind: "json"; readonly json: string };

/** A model's name with what is passed through to it (temperature, top_p, max_tokens, reasoning_effort, …). */
export interface ModelChoice {
  readonly model: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export const ROLES = ["forward", "backward", "optimizer", "judge"] as const;
export type Role = (typeof ROLES)[number];

/** Θ: node id → text, of the trainable nodes and of those that stay fixed. */
export type Texts = Readonly<Record<string, string>>;
