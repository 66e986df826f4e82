import type { Sample } from "../../../src/data/sample.ts";
import { createEngine, type RunEngine } from "../../../src/engine/engine.ts";
import type { RunEvent } from "../../../src/engine/events.ts";
import { createForward } from "../../../src/engine/forward/forward.ts";
import type { Llm, LlmCall } from "../../../src/engine/forward/llm.ts";
import { Pending } from "../../../src/engine/forward/pending.ts";
import { createValidation, type Validation } from "../../../src/engine/gate/validation.ts";
import type { Candidate } from "../../../src/engine/propose/candidate.ts";
import { History } from "../../../src/engine/propose/history.ts";
import type { RunControl } from "../../../src/engine/run-control.ts";
import type { Task } from "../../../src/engine/task.ts";
import { textsOf } from "../../../src/engine/theta.ts";
import type { Graph, GraphNode, LlmNode, TextNode } from "../../../src/graph/graph.ts";
import type { Loss } from "../../../src/loss/loss.ts";
import { reply } from "../models/fakes.ts";

const base = { role: "", trainable: true, keep: [], maxWords: null, constraints: [], inputs: [], output: null };

export function llm(id: string, inputs: readonly string[], more: Partial<LlmNode> = {}): LlmNode {
  return { ...base, kind: "llm", id, text: `Do ${id}.`, inputs, model: null, message: "system", ...more };
}

export function textNode(id: string, text: string, more: Partial<TextNode> = {}): TextNode {
  return { ...base, kind: "text", id, text, ...more };
}

/** Reads one input, `question`; the last node is the output. */
export function graphOf(nodes: readonly GraphNode[], more: Partial<Graph> = {}): Graph {
  const inputs = [{ name: "question", description: "a question" }];
  return { name: "Test", description: "Answers questions.", inputs, nodes, output: nodes.at(-1)?.id ?? "", ...more };
}

/** A shared text parameter beside two branches: everything that a backward walk has to deal with. */
export const diamond = graphOf([
  textNode("style", "Write plainly.", { role: "house style" }),
  llm("plan", ["question"], { role: "plans" }),
  llm("left", ["plan", "style"], { role: "argues for it" }),
  llm("right", ["plan", "style", "question"], { role: "argues against it" }),
  llm("answer", ["question", "left", "right"], { role: "decides" }),
]);

export function sampleOf(id: string, more: Partial<Sample> = {}): Sample {
  return { id, inputs: { question: `question ${id}` }, targets: [`right ${id}`], feedback: null, ...more };
}

/** Right is the target to the letter. */
export const verbatim: Loss = {
  kind: "exact",
  describe: () => "",
  score: ({ targets }, answer) => {
    const loss = targets.includes(answer) ? 0 : 1;
    return { loss, lenient: loss, criticism: loss ? `Expected ${targets.join(" or ")}, got ${answer}.` : "" };
  },
};

export const choice = { model: "fake", params: { temperature: 0 } };

export interface FakeAsk {
  readonly ask: Llm;
  readonly questions: LlmCall[];
}

/** Answers each question as told, without a provider. */
export function fakeAsk(answer: (question: LlmCall) => string | Promise<string>): FakeAsk {
  const questions: LlmCall[] = [];
  const ask = async (question: LlmCall) => {
    questions.push(question);
    return reply(await answer(question), { key: `key ${questions.length}` });
  };
  return {
    ask: Object.assign(ask, { settled: async () => {}, invalidate: async () => {}, yieldNow: async () => {} }),
    questions,
  };
}

export function recorder(): { emit: (event: RunEvent) => Promise<void>; events: RunEvent[] } {
  const events: RunEvent[] = [];
  return { emit: async (event) => void events.push(event), events };
}

export function ofType<T extends RunEvent["type"]>(
  events: readonly RunEvent[],
  type: T,
): Extract<RunEvent, { type: T }>[] {
  return events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);
}

const noCode = (): never => {
  throw new Error("there is no code here");
};

export interface EngineGiven {
  readonly graph: Graph;
  readonly ask?: Llm;
  readonly emit?: (event: RunEvent) => Promise<void>;
  readonly history?: History;
  /** Training samples. */
  readonly train?: readonly Sample[];
  readonly validation?: Validation;
  readonly options?: Partial<Pick<Task["options"], "gate" | "threshold">>;
  readonly control?: RunControl;
  /** That the next events belong to. Default: 1. */
  readonly iteration?: number;
}

/** What a method is given, over a model that answers as told. */
export function engineOf(given: EngineGiven): RunEngine {
  const { graph, emit = async () => {}, history = new History(), train = [], iteration = 1 } = given;
  const { ask = fakeAsk(() => "").ask } = given;
  const options = {
    method: "semantic",
    threshold: 0,
    gate: { policy: "strict", alpha: 0.05 },
    seed: 1,
    budget: { calls: null, tokens: null, usd: null },
    methodOptions: {},
    ...given.options,
  } as const;
  const { validation = createValidation({ samples: [], options, score: async () => null }) } = given;
  const data = { train, validation: [], test: [] };
  const models = { forward: choice, backward: choice, optimizer: choice, judge: choice };
  const task = { graph, data, loss: verbatim, models, options };
  const forward = createForward({ graph, loss: verbatim, choice, ask, emit });
  const session = {
    start: textsOf(graph),
    ask,
    forward,
    begun: new Pending(),
    emit,
    local: undefined,
    code: noCode,
    nothingScored: () => null,
  };
  const engine = createEngine({ task, session, validation, history, control: given.control });
  const rest = { theta: "", accepted: [], batch: [], looked: 0, validationLoss: [0, 1] } as const;
  engine.advance({ type: "iteration", iteration: iteration - 1, ...rest });
  return engine;
}

/** A proposal whose id can be read. */
export function candidate(node: string, text: string): Candidate {
  const rest = { base: "", hypothesis: "", samples: [], invalid: null };
  return { type: "attempt", iteration: 1, id: `${node} ${text}`, node, text, ...rest };
}
