/** What a kind of node is, apart from how it runs (`engine/nodes`). Imports nothing: the page reads it, too. */
export interface NodeTraits {
  /** It has `inputs`: its value is made from other values. */
  readonly reads: boolean;
  /** A model is asked for its value, and it may name one of its own. */
  readonly asksModel: boolean;
  /** What its text is: an instruction, in which `{{name}}` stands for an input, its value, a program, or a query, in which `{{name}}` stands for an input, too. null: it has none. */
  readonly text: "instruction" | "value" | "code" | "query" | null;
  /** Its value follows from its inputs without a model, so feedback on it is feedback on them. */
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
} as const satisfies Readonly<Record<string, NodeTraits>>;

export type NodeKind = keyof typeof NODE_KINDS;

/** Kinds of nodes that later versions will run. */
export const RESERVED_KINDS: readonly string[] = ["group"];

const UNKNOWN: NodeTraits = { reads: true, asksModel: false, text: null, computed: false };

/** @param kind of a file: it may be one that this version does not run */
export function traitsOf({ kind }: { readonly kind: string }): NodeTraits {
  return isNodeKind(kind) ? NODE_KINDS[kind] : UNKNOWN;
}

/** Whether placeholders are filled in where a node's text is: in an instruction, and in a text that names inputs. */
export function fillsIn(node: { readonly kind: string; readonly inputs: readonly unknown[] }): boolean {
  const { text } = traitsOf(node);
  return text === "instruction" || text === "query" || (text === "value" && node.inputs.length > 0);
}

function isNodeKind(kind: string): kind is NodeKind {
  return Object.hasOwn(NODE_KINDS, kind);
}

/** Whether its text can change at all. */
export function canChange(node: { readonly kind: string }): boolean {
  const { text } = traitsOf(node);
  return text === "instruction" || text === "value";
}
