import {
  type Answer,
  type CallAnswer,
  type GradientsAnswer,
  type GradientView,
  LIMITS,
  type NodeAnswer,
  type Part,
  type Question,
  type SampleAnswer,
  type Snapshot,
  shortId,
} from "../../../webview/protocol.ts";
import { type Sample, SPLITS, type Split } from "../../data/sample.ts";
import type { Gradient, Theta } from "../../engine/events.ts";
import { promptOf } from "../../engine/nodes/behaviors.ts";
import { withTheta } from "../../graph/edges.ts";
import { type Graph, type GraphNode, ownModel } from "../../graph/graph.ts";
import { traitsOf } from "../../graph/node-kinds.ts";
import type { Message } from "../../models/model.ts";
import type { ActiveRun } from "./active-run.ts";
import { cut, line } from "./graph-view.ts";

/** First words of a sample by its id; empty if its data is unknown. */
type Excerpts = (sample: string) => string;

/**
 * Answers the page's requests by id. null: the node, sample or run is not known.
 * @param graph as in the file
 */
export async function answerTo(
  question: Question,
  graph: Graph | null,
  run: ActiveRun | null,
  excerpts: Excerpts,
): Promise<Answer | null> {
  switch (question.kind) {
    case "node":
      return aboutNode(question.node, graph, run);
    case "sample":
      return run ? aboutSample(question.sample, question.at, run) : null;
    case "call":
      return run ? aboutCall(question.node, question.sample, question.at, run, excerpts) : null;
    case "gradients":
      return run ? aboutGradients(question.node, question.from, run, excerpts) : null;
  }
}

/** The whole text of a sent prompt or of a value; null if unknown. */
export async function fullText(
  part: Part,
  node: string,
  sample: string,
  at: Snapshot,
  run: ActiveRun,
): Promise<string | null> {
  const scene = await sceneOf(sample, at, run);
  const name = scene?.byShortId.get(node);
  if (!scene || name === undefined) return null;
  if (part === "value") return valueIn(scene, name);
  const messages = await promptIn(scene, name);
  return messages.map(({ content }) => content).join("\n\n");
}

function aboutNode(node: string, graph: Graph | null, run: ActiveRun | null): NodeAnswer | null {
  const found = graph?.nodes.find(({ id }) => shortId(id) === node);
  if (!found) return null;
  const proposal = run?.state.proposals.find((change) => change.node === found.id);
  const attempt = run?.state.attempts.findLast((tried) => tried.node === found.id && tried.invalid === null);
  return {
    kind: "node",
    node,
    instruction: cut(found.kind === "tool" ? JSON.stringify(JSON.parse(found.text), null, 2) : found.text),
    hypothesis: ((proposal ?? attempt)?.hypothesis ?? "").slice(0, LIMITS.text),
    rules: {
      constraints: lines(found.constraints),
      keep: lines(found.keep),
      maxWords: found.maxWords,
    },
    source: sourceOf(found),
  };
}

function sourceOf(node: GraphNode): NodeAnswer["source"] {
  switch (node.kind) {
    case "function":
      return { kind: "function", file: line(node.file) };
    case "tool":
      return { kind: "tool", tool: line(node.tool) };
    case "map":
      return { kind: "map", over: line(node.over) };
    case "retriever":
      return { kind: "retriever", corpus: lines(node.corpus), top: node.top };
    default:
      return null;
  }
}

function lines(texts: readonly string[]): string[] {
  return texts.slice(0, LIMITS.messages).map((text) => line(text));
}

async function aboutSample(id: string, at: Snapshot, run: ActiveRun): Promise<SampleAnswer | null> {
  const scene = await sceneOf(id, at, run);
  if (!scene) return null;
  const { sample, split, theta } = scene;
  const shown = [...scene.byShortId].slice(0, LIMITS.nodes);
  const values = await Promise.all(
    shown.map(async ([node, name]) => ({ node, name, value: await valueIn(scene, name) })),
  );
  const actual = await valueIn(scene, run.graph.output);
  const score = run.state.scores[theta]?.[sample.id];
  const missed = (name: string) => {
    const own = name === run.graph.output ? undefined : score?.nodes?.[name];
    const expected = sample.nodeTargets?.[name] ?? [];
    return own && own.loss > run.threshold ? ` ≠ ${expected.join(" | ")}` : "";
  };
  return {
    kind: "sample",
    sample: id,
    at,
    split,
    expected: sample.targets.slice(0, LIMITS.messages).map(cut),
    actual: actual === null ? null : cut(actual),
    loss: score?.loss ?? null,
    right: score == null || score.loss === null ? null : score.loss <= run.threshold,
    formatError: score?.formatError ?? false,
    values: values.flatMap(({ node, name, value }) =>
      value === null ? [] : [{ node, excerpt: line(`${line(value) || "(empty)"}${missed(name)}`) }],
    ),
  };
}

async function aboutCall(
  node: string,
  id: string,
  at: Snapshot,
  run: ActiveRun,
  excerpts: Excerpts,
): Promise<CallAnswer | null> {
  const scene = await sceneOf(id, at, run);
  const name = scene?.byShortId.get(node);
  if (!scene || name === undefined) return null;
  const [value, messages] = await Promise.all([valueIn(scene, name), promptIn(scene, name)]);
  const known = scene.nodes.get(name);
  const { sample } = scene;
  return {
    kind: "call",
    node,
    sample: id,
    at,
    model: known && traitsOf(known).asksModel ? line(ownModel(known)?.model ?? run.model) : "",
    messages: messages.slice(0, LIMITS.messages).map(({ role, content }) => ({ role, content: cut(content) })),
    value: value === null ? null : cut(value),
    gradients: newest(
      run.state.gradients.filter((gradient) => gradient.node === name && gradient.sample === sample.id),
      excerpts,
    ),
  };
}

function aboutGradients(node: string, from: string | null, run: ActiveRun, excerpts: Excerpts): GradientsAnswer {
  const found = run.state.gradients.filter(
    (gradient) =>
      shortId(gradient.node) === node && (from === null || (gradient.from !== null && shortId(gradient.from) === from)),
  );
  return { kind: "gradients", node, from, gradients: newest(found, excerpts), total: found.length };
}

function newest(gradients: readonly Gradient[], excerpts: Excerpts): GradientView[] {
  return gradients
    .toReversed()
    .slice(0, LIMITS.gradients)
    .map(({ iteration, sample, of, from, text }) => ({
      iteration,
      sample: shortId(sample),
      excerpt: excerpts(sample),
      of,
      from: from === null ? null : shortId(from),
      text: cut(text),
    }));
}

/** One sample in a run under one Θ. */
interface Scene {
  readonly run: ActiveRun;
  readonly sample: Sample;
  readonly split: Split;
  readonly theta: Theta;
  /** The nodes with their texts and inputs under Θ. */
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /** Inputs and nodes by the id that the page uses. */
  readonly byShortId: ReadonlyMap<string, string>;
}

/**
 * Scene of a sample under the latest texts that it was run with: a training sample may have run with the starting
 * texts only.
 */
async function sceneOf(id: string, at: Snapshot, run: ActiveRun): Promise<Scene | null> {
  const { graph, state } = run;
  const found = sampleOf(run, id);
  if (!found) return null;
  const latest = at === "latest" && (await run.hasRun(state.theta, found.sample.id));
  const names = [...graph.inputs.map(({ name }) => name), ...graph.nodes.map((node) => node.id)];
  const { nodes } = withTheta(graph, latest ? state.texts : state.startTexts);
  return {
    run,
    ...found,
    theta: latest ? state.theta : state.startTheta,
    nodes: new Map(nodes.map((node) => [node.id, node])),
    byShortId: new Map(names.map((name) => [shortId(name), name])),
  };
}

async function valueIn({ run, sample, theta, nodes }: Scene, name: string): Promise<string | null> {
  const node = nodes.get(name);
  if (!node) return sample.inputs[name] ?? null;
  return traitsOf(node).text === "value" ? node.text : run.value(theta, sample.id, name);
}

/** The prompt of a node. Empty for inputs and text nodes, or if one of its values is unknown. */
async function promptIn(scene: Scene, name: string): Promise<readonly Message[]> {
  const node = scene.nodes.get(name);
  if (!node) return [];
  const inputs: [string, string][] = [];
  for (const input of node.inputs) {
    const value = await valueIn(scene, input);
    if (value === null) return [];
    inputs.push([input, value]);
  }
  return promptOf(node, inputs);
}

function sampleOf({ data }: ActiveRun, id: string): { sample: Sample; split: Split } | null {
  for (const split of SPLITS) {
    const sample = data[split].find((known) => shortId(known.id) === id);
    if (sample) return { sample, split };
  }
  return null;
}
