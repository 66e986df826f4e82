import type { Sample, Split } from "../data/sample.ts";
import type { GraphNode } from "../graph/graph.ts";
import { traitsOf } from "../graph/node-kinds.ts";
import { topologyOf } from "../graph/topology.ts";
import type { Message } from "../models/model.ts";
import { answersIn } from "./backward/answer-space.ts";
import { createBackward } from "./backward/backward.ts";
import type { Gradient, RunEvent } from "./events.ts";
import type { ForwardPass, Scored } from "./forward/forward.ts";
import { causeOf, endsRun } from "./forward/llm.ts";
import { mostCallsOf, promptOf } from "./nodes/behaviors.ts";
import type { Value } from "./nodes/node-behavior.ts";
import { streamEvents } from "./runner.ts";
import { type EngineDeps, openSession } from "./session.ts";
import type { Emit } from "./stream.ts";
import { callsOfLosses, type Task } from "./task.ts";

/** One forward pass of a sample through the current graph, and a backward pass if its answer is wrong. */
export interface Inspection {
  readonly sample: Sample;
  readonly split: Split;
  /** Whether the answer had to be scored: an input that a user typed may have no known answer. */
  readonly asked: boolean;
  /** null: unscored, because a call failed or the answer did not have to be scored. */
  readonly score: Scored | null;
  /** Whether the loss is at most τ. */
  readonly right: boolean;
  /** In topological order. */
  readonly nodes: readonly InspectedNode[];
}

export interface InspectedNode {
  readonly node: GraphNode;
  /** As sent; empty for a text node, or if one of its values is missing. */
  readonly prompt: readonly Message[];
  /** null: its call failed, or an earlier one. */
  readonly value: Value | null;
  /** What should change in its value, by successor, and in its own text. Empty ones are left out. */
  readonly gradients: readonly Pick<Gradient, "of" | "from" | "text">[];
}

/** Maximum calls of an inspection, not counting retries. */
export function mostCalls(task: Task): number {
  const { graph } = task;
  const topology = topologyOf(graph);
  const asked = topology.order.filter((node) => traitsOf(node).asksModel);
  const leads = ({ id, tunesInputs }: GraphNode) =>
    tunesInputs === true || topology.predecessors(id).some((name) => topology.leadsToTrainable(name));
  return mostCallsOf(topology.order) + callsOfLosses(task) + asked.filter(leads).length;
}

/**
 * @param scores false: only the values, for a sample without a known answer
 * @throws what ends a run: a refused key, an unknown model, the budget, the signal's reason
 */
export async function* inspect(
  task: Task,
  split: Split,
  sample: Sample,
  deps: EngineDeps,
  signal: AbortSignal,
  scores = true,
): AsyncGenerator<RunEvent, Inspection> {
  try {
    return yield* streamEvents(signal, (stop, emit) => inspectOne(task, split, sample, deps, stop, emit, scores));
  } catch (error) {
    throw causeOf(error);
  }
}

async function inspectOne(
  task: Task,
  split: Split,
  sample: Sample,
  deps: EngineDeps,
  stop: AbortController,
  emit: Emit,
  scores: boolean,
): Promise<Inspection> {
  const { graph, data, models, options } = task;
  const gradients: Gradient[] = [];
  const listening: Emit = (event) => {
    if (event.type === "gradient" && event.text !== "") gradients.push(event);
    return emit(event);
  };
  const { start, ask, forward } = openSession(task, deps, stop, listening);
  const answers = answersIn(graph, data.train);
  const backward = createBackward({ graph, choice: models.backward, answers, ask, emit: listening });
  try {
    const pass = forward(start, sample, { split });
    const score = scores ? await pass.score : null;
    const right = score !== null && score.loss <= options.threshold;
    if (score && !right) await Promise.all((await backward(pass, 0)).values());
    const { order, isNeeded } = topologyOf(graph);
    const nodes = order.filter(({ id }) => isNeeded(id));
    return {
      sample,
      split,
      asked: scores,
      score,
      right,
      nodes: await Promise.all(nodes.map((node) => inspected(node, pass))),
    };
  } finally {
    await ask.settled();
  }

  async function inspected(node: GraphNode, pass: ForwardPass): Promise<InspectedNode> {
    const lost = (error: unknown) => {
      if (endsRun(error)) throw error;
      return null;
    };
    const value = await pass.value(node.id).catch(lost);
    const prompt = await promptIn(node, pass).catch(lost);
    return { node, prompt: prompt ?? [], value, gradients: gradients.filter((one) => one.node === node.id) };
  }
}

async function promptIn(node: GraphNode, pass: ForwardPass): Promise<readonly Message[]> {
  const inputs = await Promise.all(node.inputs.map(async (name) => [name, (await pass.value(name)).text] as const));
  return promptOf(node, inputs);
}
