import type { Passage } from "../../data/passage.ts";
import type { Sandbox, Tools } from "../../deps.ts";
import type { GraphNode, ModelChoice } from "../../graph/graph.ts";
import type { Patterns } from "../../graph/pattern.ts";
import { namesInCode } from "../../graph/text/templating.ts";
import type { Message, ModelReply } from "../../models/model.ts";

/** A node's value for one sample under one Θ. */
export interface Value {
  readonly text: string;
  readonly formatError: boolean;
  /** Tokens of the call, prompt and reply; 0 if no model was asked. */
  readonly tokens: number;
  /** Key of the stored reply that it comes from; absent if the value is the node's own text. */
  readonly key?: string;
  /** The value as JSON if it is a list or an object; absent: it is a text. */
  readonly json?: unknown;
  /** Why no value could be computed from its inputs: nodes that read it have no value either. */
  readonly failure?: Failure;
}

/** Why a node has no value. */
export interface Failure {
  readonly node: string;
  /** With file and line, for people and models. */
  readonly problem: string;
}

/** What this machine provides for nodes that don't ask a model. */
export interface Local {
  readonly sandbox: Sandbox;
  /** The passages of a node's corpus that fit a query best. */
  search(node: string, query: string, top: number): Promise<readonly Passage[]>;
  /** Stores a value with the run, so that it can be shown. */
  keep(key: string, text: string): Promise<void>;
  /** Absent: no tools can be called. */
  readonly tools?: Tools;
  /** A value from the run's record or the shared cache; else asks for it and records it (`Stack`). */
  recall(key: string, ask: () => Promise<string>): Promise<string>;
}

/** The values that a node reads, in the order of its `inputs`. */
export type InputValues = readonly (readonly [name: string, value: string])[];

/** What a node is given when it runs. */
export interface NodeRun {
  /** Its text under Θ. */
  readonly text: string;
  readonly inputs: InputValues;
  /** The inputs by name, with lists and objects instead of their JSON. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly local: Local;
  readonly patterns: Patterns;
  /** Asks a model on behalf of the node. @param choice null: the model of the role `forward` */
  ask(choice: ModelChoice | null, messages: readonly Message[]): Promise<ModelReply>;
}

/** The sample and the other nodes' values, for the node's feedback. */
export interface NodeContext {
  /** The graph's inputs. */
  readonly query: readonly NamedValue[];
  /** Names of the nodes on the way to the answer that read this one's value. */
  readonly readers: readonly string[];
  values(names: readonly string[]): Promise<readonly NamedValue[]>;
}

export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** The context of a node whose text is about its own inputs and its own value. */
export async function inputsAndOutput({ id, inputs }: GraphNode, { values }: NodeContext) {
  const [read, [own]] = await Promise.all([values(inputs), values([id])]);
  return { inputs: read, output: own?.value ?? "" };
}

/** Inputs under the names by which code and tools know them. */
export function inCode({ variables }: GraphNode, given: NodeRun["given"]): NodeRun["given"] {
  if (!variables) return given;
  const named = Object.entries(given).flatMap(([input, value]) =>
    namesInCode(input, variables).map((name) => [name, value] as const),
  );
  return Object.fromEntries(named);
}

/** How the nodes of one kind run. `graph/node-kinds.ts` has the rest of a kind. */
export interface NodeBehavior<N extends GraphNode = GraphNode> {
  /** Model calls per value; an estimate if their number depends on the inputs. */
  readonly calls: number;
  /** Maximum number of calls per value. Default: `calls`. */
  readonly most?: number;
  /** The messages sent to a model; empty if the node asks none. */
  prompt(node: N, text: string, inputs: InputValues): readonly Message[];
  /** @throws what ends a run; ModelError, PatternTimeout or CodeLimit if there is no value */
  run(node: N, run: NodeRun): Promise<Value>;
  /** How a value is computed, as prompts show it. */
  computes?(node: N): string;
  /** What ϕ sees of one sample in addition to the gradient: the inputs of the node's text, and its output. */
  context(node: N, around: NodeContext): Promise<{ readonly inputs: readonly NamedValue[]; readonly output: string }>;
}
