/**
 * Traits of a kind of node, apart from how it runs (`engine/nodes`). Imports nothing, because the page uses it, too.
 */
export interface NodeTraits {
  /** Whether it has `inputs`: its value is made from other values. */
  readonly reads: boolean;
  /** Whether a model computes its value; it can name a model of its own. */
  readonly asksModel: boolean;
  /**
   * Role of its text: an instruction or a query, in which `{{name}}` stands for an input, its value, or a program.
   * null: it has no text.
   */
  readonly text: "instruction" | "value" | "code" | "query" | null;
  /** Whether its value is computed from its inputs without a model, so that feedback on it is feedback on them. */
  readonly computed: boolean;
}

/** One line for each kind. */
export const NODE_KINDS = {
  llm: { reads: true, asksModel: true, text: "instruction", computed: false },
  text: { reads: false, asksModel: false, text: "value", computed: false },
  map: { reads: true, asksModel: true, text: "instruction", computed: false },
  function: { reads: true, asksModel: false, text: "code", computed: true },
  retriever: { reads: true, asksModel: false, text: "query", computed: true },
  tool: { reads: true, asksModel: false, text: null, computed: true },
  /** A `map` over several nodes, as the file says it: joins what the last of them gave for each element. */
  join: { reads: true, asksModel: false, text: null, computed: true },
} as const satisfies Readonly<Record<string, NodeTraits>>;

export type NodeKind = keyof typeof NODE_KINDS;

/** Kinds that a file can name. */
export const FILE_KINDS: readonly string[] = Object.keys(NODE_KINDS).filter((kind) => kind !== "join");

/** Kinds of nodes that later versions will run. */
export const RESERVED_KINDS: readonly string[] = ["group"];

const UNKNOWN: NodeTraits = { reads: true, asksModel: false, text: null, computed: false };

/** @param kind from a file: this version may not support it */
export function traitsOf({ kind }: { readonly kind: string }): NodeTraits {
  return isNodeKind(kind) ? NODE_KINDS[kind] : UNKNOWN;
}

/** Whether placeholders in a node's text are filled in: in an instruction, and in a text that names inputs. */
export function fillsIn(node: { readonly kind: string; readonly inputs: readonly unknown[] }): boolean {
  const { text } = traitsOf(node);
  return text === "instruction" || text === "query" || (text === "value" && node.inputs.length > 0);
}

function isNodeKind(kind: string): kind is NodeKind {
  return Object.hasOwn(NODE_KINDS, kind);
}

/** Whether its text can change. */
export function canChange(node: { readonly kind: string }): boolean {
  const { text } = traitsOf(node);
  return text === "instruction" || text === "value";
}
