import type { Sample } from "../../data/sample.ts";
import type { GradientContext } from "../../engine/backward/batch-gradients.ts";
import { nodeDescriptions } from "../../engine/backward/node-description.ts";
import type { RunEvent } from "../../engine/events.ts";
import type { Scored } from "../../engine/forward/forward.ts";
import { block, escapeTags, fill, verbatimBlock } from "../../engine/forward/prompt.ts";
import type { BackwardStyle, Engine, Method } from "../../engine/method.ts";
import type { Candidate } from "../../engine/propose/candidate.ts";
import { caseBlock, constraintsOf } from "../../engine/propose/optimizer-prompt.ts";
import { taggedText } from "../../engine/propose/tagged-text.ts";
import type { Task } from "../../engine/task.ts";
import { parametersOf } from "../../engine/theta.ts";
import type { GraphNode, Texts } from "../../graph/graph.ts";
import { translatable } from "../../i18n/locale.ts";
import { minibatches } from "../minibatches.ts";
import { StepGate } from "../step-gate.ts";
import backwardTemplate from "./backward.md";
import backwardCaseTemplate from "./backward-case.md";
import lossTemplate from "./loss.md";
import lossCaseTemplate from "./loss-case.md";
import optimizerTemplate from "./optimizer.md";
import optimizerCaseTemplate from "./optimizer-case.md";
import { type TextgradOptions, textgradOptions } from "./options.ts";

/**
 * TextGrad (arXiv 2406.07496) with textual gradient descent: feedback flows back over each edge of the graph, with
 * one call per predecessor that is a parameter or leads to one, and each text is rewritten from all feedback on it.
 * The loss is criticized in a separate call, and right samples take part, too: no path ends early, and every step
 * rewrites every text. The paper keeps every step. Its script reverts steps that do worse on the validation set but
 * keeps ties, through which ruined texts enter. Here, ties are reverted, too (`revert`).
 */
export const textgrad: Method<TextgradOptions> = {
  name: "textgrad",
  describes: translatable("Textual gradients: feedback flows backward edge by edge, and every text is rewritten."),
  options: textgradOptions,
  iterations: ({ iterations }) => iterations,
  run,
};

const TRAIN = { split: "train" } as const;

const STYLE: BackwardStyle = {
  per: "edge",
  own: "asked",
  showsAll: true,
  seed: ({ criticism }: Scored) => criticism || "The answer is right.",
  otherwise: "No change is needed.",
  templates: { system: backwardTemplate, case: backwardCaseTemplate },
  lossTemplates: { system: lossTemplate, case: lossCaseTemplate },
};

async function* run(task: Task, options: TextgradOptions, engine: Engine): AsyncGenerator<RunEvent, Texts> {
  const { graph, data } = task;
  const gate = new StepGate(task, engine, options.revert);
  const batches = minibatches(data.train, options.batch, engine.random);
  const roleOf = nodeDescriptions(graph);
  const nodes = parametersOf(graph);
  /** Text → its feedback in each step so far. */
  const memory = new Map<string, string[]>();

  for (let iteration = 1; iteration <= options.iterations && !engine.isStopping; iteration++) {
    const batch = batches.next().value;
    const candidates = await propose(gate.texts, batch);
    const isTaken = await gate.take(candidates);
    yield gate.iteration(iteration, batch, candidates, isTaken);
  }
  return gate.end();

  async function propose(texts: Texts, samples: readonly Sample[]): Promise<Candidate[]> {
    const gradients = await Promise.all(
      samples.map(async (sample) => {
        const pass = engine.forward(texts, sample, TRAIN);
        return (await pass.score) ? engine.backward(pass, STYLE) : null;
      }),
    );
    const candidates = await Promise.all(
      nodes.map(async (node) => {
        const contexts = await Promise.all(gradients.map((pass) => pass?.get(node.id)));
        const cases = contexts.flatMap((context) => context ?? []);
        const feedback = cases.flatMap(({ gradient }) => (gradient === "" ? [] : [gradient]));
        if (feedback.length === 0) return null;
        const draft = await askOptimizer(node, texts[node.id] ?? node.text, cases);
        memory.set(node.id, [...(memory.get(node.id) ?? []), feedback.join("\n")]);
        const samples = cases.map(({ sample }) => sample);
        return engine.candidate(node.id, texts, draft && { ...draft, samples, mayRepeat: true });
      }),
    );
    return candidates.filter((one) => one !== null);
  }

  function askOptimizer(node: GraphNode, text: string, cases: readonly GradientContext[]) {
    const shown = cases.map((one) => caseBlock("case", one, { feedback: one.gradient !== "", expected: false }));
    const earlier = options.gradientMemory > 0 ? (memory.get(node.id) ?? []).slice(-options.gradientMemory) : [];
    const rules = [constraintsOf(node, text), ...options.constraints.map((rule) => `- ${rule}`)];
    return engine.ask({
      parameter: node.id,
      messages: [
        { role: "system", content: fill(optimizerTemplate, { constraints: rules.join("\n") }) },
        {
          role: "user",
          content: fill(optimizerCaseTemplate, {
            role: escapeTags(roleOf(node)),
            text: verbatimBlock("current_text", text),
            cases: shown.join("\n\n"),
            memory: earlier.map((one) => block("earlier_feedback", one)).join("\n\n"),
            examples: options.examples.map((one) => block("good_example", one)).join("\n\n"),
          }),
        },
      ],
      ...taggedText("improved_text", node, text),
    });
  }
}
