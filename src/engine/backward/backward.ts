import { nodeTargetsOf } from "../../data/sample.ts";
import { fitText, inputsIdOf, nodeOfInputs, perEdges, readableNames } from "../../graph/edges.ts";
import type { Graph, GraphNode, ModelChoice } from "../../graph/graph.ts";
import { traitsOf } from "../../graph/node-kinds.ts";
import { topologyOf } from "../../graph/topology.ts";
import type { Gradient } from "../events.ts";
import { codeBlock, feedbackGraphOf } from "../forward/computed.ts";
import type { ForwardPass } from "../forward/forward.ts";
import { endsRun, type Llm } from "../forward/llm.ts";
import { block, escapeTags, fill, shorten } from "../forward/prompt.ts";
import type { BackwardStyle } from "../method.ts";
import { behaviorOf } from "../nodes/behaviors.ts";
import { allParametersOf, type Parameter } from "../parameters.ts";
import backwardTemplate from "../prompts/backward.md";
import caseTemplate from "../prompts/backward-case.md";
import edgesTemplate from "../prompts/backward-edges.md";
import type { Emit } from "../stream.ts";
import { shortHash } from "../theta.ts";
import type { AnswersOf } from "./answer-space.ts";
import { createAskFor } from "./ask-for.ts";
import { backpropagate, type Contributions } from "./backpropagation.ts";
import type { BackwardPass, GradientContext } from "./batch-gradients.ts";
import { EarlierFeedback } from "./earlier-feedback.ts";
import { joinGradients, quoted, readContributions } from "./feedback-reply.ts";
import { perElementNote } from "./node-description.ts";
import { judgedIn, scoresIn } from "./scored-nodes.ts";
import { ShownImages } from "./shown-images.ts";

const WORDS_PER_ENTRY = 80;

/** Maximum characters shown of a value that the node doesn't read. */
const OTHER = 1000;

const CODE_NOTE =
  "Some values are computed by code or tools, which can't change. Feedback on such a value has to say how the values that they read should change.";

export interface BackwardDeps {
  readonly graph: Graph;
  readonly choice: ModelChoice;
  /** What is known about correct answers, and correct values of nodes. Default: nothing. */
  readonly answers?: AnswersOf;
  readonly ask: Llm;
  readonly emit: Emit;
}

/** What one backward call asks for. */
interface Question {
  /** Names of the inputs whose values it shows, including what computed ones are made from. */
  readonly shown: readonly string[];
  /** Names of the inputs that get a gradient. */
  readonly about: readonly string[];
  /** Whether the node's instruction gets a gradient, too. */
  readonly own: boolean;
  /** Whether the node's edges get a gradient, too. Default: false. */
  readonly edges?: boolean;
}

export type Backward = (pass: ForwardPass, iteration: number, style?: BackwardStyle) => Promise<BackwardPass>;

/**
 * Semantic backpropagation of one sample (arXiv 2412.03624; docs/method.md, "Backward"): ∇_A from the loss, then one
 * call per node that sees all its predecessors and gives a gradient to each of them, to the node's own instruction and,
 * where a run can change them, to its edges: what it lacked and what misled it.
 */
export function createBackward(deps: BackwardDeps): Backward {
  const under = perEdges(deps.graph, (graph) => backwardOn(graph, deps));
  return (pass, iteration, style) => under(pass.texts)(pass, iteration, style);
}

/** @param graph with the edges of Θ */
function backwardOn(graph: Graph, { graph: file, choice, answers = () => "", ask, emit }: BackwardDeps): Backward {
  const inFile = new Map(file.nodes.map((node) => [node.id, node]));
  const readable = readableNames(file);
  const askFor = createAskFor(ask, choice);
  const images = new ShownImages(choice.model, emit);
  const topology = topologyOf(graph);
  const nodes = new Map(topology.order.map((node) => [node.id, node]));
  const { isNeeded } = topology;
  const parameters = allParametersOf(graph).filter(({ node }) => isNeeded(node.id));
  const feedback = feedbackGraphOf(graph, topology);
  const earlierFeedback = new EarlierFeedback();
  const leadingInputs = (id: string) => feedback.sources(topology.predecessors(id)).filter(topology.leadsToTrainable);

  return async (pass, iteration, style = { per: "node" }) => {
    if (style.per !== "none") return differentiate(pass, iteration, style);
    return contextsOf(pass, async () => "");
  };

  /** Of each parameter; null where a call was lost. */
  function contextsOf(pass: ForwardPass, gradientOf: (parameter: Parameter) => Promise<string>): BackwardPass {
    const drop = (error: unknown) => {
      if (endsRun(error)) throw error;
      return null;
    };
    return new Map(
      parameters.map((parameter) => {
        const context = contextOf(parameter.node, pass, () => gradientOf(parameter)).catch(drop);
        // No one has to ask for each of them.
        context.catch(() => {});
        return [parameter.id, context];
      }),
    );
  }

  async function differentiate(pass: ForwardPass, iteration: number, style: BackwardStyle): Promise<BackwardPass> {
    const about = { type: "gradient", iteration, theta: pass.theta, sample: pass.sample.id } as const;
    const { seeds, known, comparison } = await seedsOf(pass, style, about);
    const openInputs = (id: string) => leadingInputs(id).filter((name) => !known.has(name));

    const gradients = backpropagate<string>({
      seeds,
      known,
      successors: (id) => {
        const reader = nodeOfInputs(id);
        return reader === null ? feedback.readers(id) : [reader];
      },
      leadsToParameter: (id) =>
        openInputs(id).length > 0 || asksOwnText(nodeAt(id), style) || nodeAt(id).tunesInputs === true,
      isZero: (gradient) => gradient === "",
      aggregate: joinGradients,
      backward: async (id, gradient) => {
        const given = await contributionsOf(nodeAt(id), gradient, comparison, pass, style, known).catch(
          (error: unknown) => {
            const detail = error instanceof Error ? error.message : String(error);
            const lost = { node: id, sample: pass.sample.id, detail };
            if (!endsRun(error)) void emit({ type: "warning", code: "sample dropped", ...lost });
            throw error;
          },
        );
        for (const [to, text] of given.to) {
          if (topology.leadsToTrainable(to)) void emit({ ...about, node: to, of: "value", from: id, text });
          else if (nodeOfInputs(to) !== null) void emit({ ...about, node: to, of: "text", from: id, text });
        }
        void emit({ ...about, node: id, of: "text", from: id, text: given.own });
        return given;
      },
    });
    return contextsOf(pass, ({ id, kind, node }) =>
      kind !== "inputs" && traitsOf(node).text === "instruction" ? gradients.ofText(id) : gradients.of(id),
    );
  }

  /**
   * ∇_A, and the gradients of nodes with targets of their own. A target says what the node's value should be, so
   * `known` nodes ignore feedback from their successors, and get none where their value is right.
   */
  async function seedsOf(
    pass: ForwardPass,
    style: BackwardStyle,
    about: Pick<Gradient, "type" | "iteration" | "theta" | "sample">,
  ) {
    const score = await pass.score;
    const seeds = new Map<string, string>();
    const known = new Set<string>();
    const comparison: string[] = [];
    const scored = scoresIn(score);
    const isAnswerScored = scored.some(([id]) => id === graph.output);
    if (!isAnswerScored && (scored.length === 0 || pass.sample.feedback)) {
      scored.unshift([graph.output, score?.nodes ? null : score]);
    }
    for (const [id, one] of scored) {
      const said = one && style.seed ? style.seed(one) : (one?.criticism ?? "");
      const human = id === graph.output ? (pass.sample.feedback ?? "") : "";
      const seed = [said, human].filter(Boolean).join("\n");
      const criticism = (await askOnValue(id, seed, pass, style)) || seed;
      if (criticism !== "") comparison.push(id === graph.output ? criticism : `The step ${id}: ${criticism}`);
      const judged = one?.failed ?? id;
      void emit({ ...about, node: judged, of: "value", from: null, text: criticism });
      const sources = feedback.sources([judged]);
      if (graph.targets && one && sources.includes(id)) known.add(id);
      for (const source of sources) {
        const isVia = source !== judged && criticism !== "";
        const text = isVia ? `${viaCode(judged)} ${criticism}` : criticism;
        seeds.set(source, [seeds.get(source), text].filter(Boolean).join("\n"));
        if (isVia && topology.leadsToTrainable(source)) {
          void emit({ ...about, node: source, of: "value", from: judged, text });
        }
      }
    }
    return { seeds, known, comparison: comparison.join("\n") };
  }

  async function contextOf(
    node: GraphNode,
    pass: ForwardPass,
    gradientOf: () => Promise<string>,
  ): Promise<GradientContext> {
    const gradient = await gradientOf();
    const readers = topology.successors(node.id).filter(isNeeded);
    const values = (names: readonly string[]) => valuesOf(names, pass);
    const context = await behaviorOf(node).context(node, { query: queryOf(pass), readers, values });
    const { sample } = pass;
    const expected = graph.targets?.includes(node.id) ? nodeTargetsOf(sample, node.id) : sample.targets;
    return { sample: sample.id, ...context, expected, gradient };
  }

  /** Asks a model for the gradient of a scored value; empty if no call is needed, or if it is lost. */
  async function askOnValue(
    id: string,
    seed: string,
    pass: ForwardPass,
    { lossTemplates }: BackwardStyle,
  ): Promise<string> {
    if (!lossTemplates || seed === "") return "";
    const { system, ...user } = lossTemplates;
    const values = {
      query: queryOf(pass)
        .map(({ name, value }) => escapeTags(`${name}: ${value}`))
        .join("\n"),
      output: escapeTags((await pass.value(id)).text),
      loss: escapeTags(seed),
    };
    const content = fill(system, { words: String(WORDS_PER_ENTRY), keys: '"answer"' });
    const given = await askFor(nodeAt(id), ["answer"], content, fill(user.case, values), pass, (value) =>
      readContributions(value, ["answer"], null),
    ).catch((error: unknown) => {
      if (endsRun(error)) throw error;
      return null;
    });
    return given?.to.get("answer") ?? "";
  }

  function nodeAt(id: string): GraphNode {
    const node = nodes.get(id);
    if (!node) throw new Error(`no node named ${id}`);
    return node;
  }

  async function contributionsOf(
    node: GraphNode,
    gradient: string,
    loss: string,
    pass: ForwardPass,
    style: BackwardStyle,
    known: ReadonlySet<string>,
  ): Promise<Contributions<string>> {
    const isOpen = (name: string) => !known.has(name);
    const ask = (question: Question) => askBackward(node, question, gradient, loss, pass, style);
    const isOwnAsked = style.own === undefined || style.own === "asked";
    const leading = leadingInputs(node.id).filter(isOpen);
    const edges = node.tunesInputs === true;
    if (style.per === "node") {
      const about = feedback.sources(node.inputs).filter(isOpen);
      if (isOwnAsked) return ask({ shown: node.inputs, about, own: true, edges });
      return { ...(await ask({ shown: node.inputs, about: leading, own: false, edges })), own: gradient };
    }
    const through = (name: string) => node.inputs.filter((input) => feedback.sources([input]).includes(name));
    const shown = (name: string) => (style.showsAll ? node.inputs : through(name));
    const own = asksOwnText(node, style) || edges;
    const [text, ...each] = await Promise.all([
      own ? ask({ shown: node.inputs, about: [], own: asksOwnText(node, style), edges }) : null,
      ...leading.map((name) => ask({ shown: shown(name), about: [name], own: style.own === undefined })),
    ]);
    const to = new Map([text, ...each].flatMap((one) => [...(one?.to ?? [])]));
    return { to, own: asksOwnText(node, style) ? (text?.own ?? "") : gradient };
  }

  async function askBackward(
    node: GraphNode,
    { shown, about, own: isOwnAsked, edges: areEdgesAsked = false }: Question,
    gradient: string,
    loss: string,
    pass: ForwardPass,
    { templates, otherwise, tries }: BackwardStyle,
  ): Promise<Contributions<string>> {
    const [inputs, output, code, others] = await Promise.all([
      inputsOf(shown, pass),
      pass.value(node.id),
      codeAround(node, shown, pass),
      areEdgesAsked ? othersOf(node, pass) : "",
    ]);
    const isJudged = judgedIn(await pass.score, graph.output).includes(node.id);
    const own = shown.includes("instruction") ? "instruction_of_the_step" : "instruction";
    const edges = shown.includes("choice_of_inputs") ? "choice_of_inputs_of_the_step" : "choice_of_inputs";
    const keys = [...about, ...(isOwnAsked ? [own] : []), ...(areEdgesAsked ? [edges] : [])];
    const system = fill(templates?.system ?? backwardTemplate, {
      words: String(WORDS_PER_ENTRY),
      keys: quoted(keys),
      edges: areEdgesAsked ? fill(edgesTemplate, { key: edges }) : "",
    });
    const parts = {
      purpose: escapeTags(graph.description || graph.name),
      answers: escapeTags(answers(node.id)),
      query: queryOf(pass)
        .filter(({ name }) => !inputs.some((input) => input.name === name))
        .map(({ name, value }) => escapeTags(`${name}: ${value}`))
        .join("\n"),
      id: node.id,
      role: [escapeTags(node.role), perElementNote(node)].filter(Boolean).join("\n"),
      instruction: escapeTags(fitText(inFile.get(node.id) ?? node, pass.texts[node.id] ?? node.text, node.inputs)),
      inputs: inputs.map(({ tag, name, value }) => block(tag, value, { id: name, role: roleOf(name) })).join("\n\n"),
      others,
      code,
      output: escapeTags(output.text),
      gradient: escapeTags(gradient),
      // Where the loss is computed, the comparison is the feedback: it is shown once.
      loss: isJudged && loss === gradient && !templates ? "" : escapeTags(loss),
      // Only templates of methods with their own wording explain each key.
      legend: [
        ...about.map((name) => `"${name}": feedback on ${shown.includes(name) ? "the input " : ""}${name}`),
        ...(isOwnAsked ? [`"${own}": feedback on the instruction of the step`] : []),
      ].join("\n"),
    };
    const filled = (before = "") => fill(templates?.case ?? caseTemplate, { ...parts, earlier: before });
    const earlier =
      tries === undefined ? null : earlierFeedback.on(shortHash([pass.sample.id, system, filled()]), tries);
    const user = filled(earlier?.shown);
    const asked = areEdgesAsked ? [...about, edges] : about;
    const read = (value: unknown) => readContributions(value, asked, isOwnAsked ? own : null, otherwise);
    const given = await images.ask(inputs, (end) => askFor(node, keys, system, user + end, pass, read));
    earlier?.add(given, own);
    if (!areEdgesAsked) return given;
    const ofEdges = given.to.get(edges) ?? "";
    const to = [...given.to].filter(([name]) => name !== edges);
    return { to: new Map([...to, [inputsIdOf(node.id), ofEdges]]), own: given.own };
  }

  /** What else the node could read, with values where they are known: none is computed for this. */
  async function othersOf(node: GraphNode, pass: ForwardPass): Promise<string> {
    const names = (readable.get(node.id) ?? []).filter((name) => !node.inputs.includes(name));
    const isKnown = (name: string) => graph.inputs.some((input) => input.name === name) || isNeeded(name);
    const shown = await Promise.all(
      names.map(async (name) => {
        const value = isKnown(name) ? (await pass.value(name)).text : "";
        return block("other", shorten(value, OTHER), { id: name, role: roleOf(name) });
      }),
    );
    return shown.join("\n\n");
  }

  function roleOf(name: string): string {
    const input = graph.inputs.find((one) => one.name === name);
    return input?.description ?? nodes.get(name)?.role ?? "";
  }

  /** The node's inputs, and the sources of computed ones. */
  async function inputsOf(shown: readonly string[], pass: ForwardPass) {
    const before = feedback.computed(shown).flatMap(({ inputs }) => inputs);
    const values = await valuesOf([...new Set([...shown, ...before])], pass);
    return values.map((value) => ({ ...value, tag: shown.includes(value.name) ? "input" : "source" }));
  }

  /**
   * Code of the computed nodes that the feedback passes: before the node and, where a scored value is computed,
   * after it.
   */
  async function codeAround(node: GraphNode, shown: readonly string[], pass: ForwardPass): Promise<string> {
    const judged = judgedIn(await pass.score, graph.output).filter(
      (id) => id !== node.id && feedback.sources([id]).includes(node.id),
    );
    const nodes = [...new Set([...feedback.computed(shown), ...feedback.computed(judged)])];
    if (nodes.length === 0) return "";
    const results = await valuesOf(judged, pass);
    return [
      CODE_NOTE,
      ...nodes.map(codeBlock),
      ...results.map(({ name, value }) => block("result", value, { step: name })),
    ].join("\n\n");
  }

  function viaCode(judged: string): string {
    const steps = feedback.computed([judged]).map(({ id }) => id);
    const what = graph.targets && judged !== graph.output ? `the value of ${judged}` : "the answer";
    return `This value is not ${what} itself: ${steps.join(", ")} computes ${what} from it.`;
  }

  function valuesOf(names: readonly string[], pass: ForwardPass): Promise<{ name: string; value: string }[]> {
    return Promise.all(names.map(async (name) => ({ name, value: (await pass.value(name)).text })));
  }

  function queryOf(pass: ForwardPass): { name: string; value: string }[] {
    return graph.inputs.map(({ name }) => ({ name, value: pass.sample.inputs[name] ?? "" }));
  }
}

/** Whether the node's instruction gets a call of its own. */
function asksOwnText(node: GraphNode, { per, own }: BackwardStyle): boolean {
  return per === "edge" && own === "asked" && node.trainable && traitsOf(node).text === "instruction";
}
