import { shuffler } from "d3";
import type { Sample } from "../../data/sample.ts";
import type { GradientContext } from "../../engine/backward/batch-gradients.ts";
import type { RunEvent } from "../../engine/events.ts";
import { fill, verbatimBlock } from "../../engine/forward/prompt.ts";
import { policyRule } from "../../engine/gate/rules.ts";
import { lossBounds } from "../../engine/gate/statistics.ts";
import type { BackwardStyle, Engine, Method } from "../../engine/method.ts";
import { type Candidate, withTexts } from "../../engine/propose/candidate.ts";
import { caseBlock, constraintsOf } from "../../engine/propose/optimizer-prompt.ts";
import { taggedText } from "../../engine/propose/tagged-text.ts";
import type { Task } from "../../engine/task.ts";
import { parametersOf, thetaOf } from "../../engine/theta.ts";
import type { GraphNode, Texts } from "../../graph/graph.ts";
import { translatable } from "../../i18n/locale.ts";
import backwardTemplate from "./backward.md";
import backwardCaseTemplate from "./backward-case.md";
import optimizerTemplate from "./optimizer.md";
import optimizerCaseTemplate from "./optimizer-case.md";
import { type SemanticReferenceOptions, semanticReferenceOptions } from "./options.ts";

/**
 * Semantic gradient descent as in the public code of arXiv 2412.03624: it scores the whole training set and draws a
 * few failing samples; feedback on a node's output is the gradient of its instruction; each text is rewritten once,
 * and all rewrites are kept or dropped together. By default, the training set decides, so the same samples teach and
 * judge; `gateOn: "validation"` separates them.
 */
export const semanticReference: Method<SemanticReferenceOptions> = {
  name: "semantic-reference",
  describes: translatable("Semantic gradient descent as in the paper's own code: all texts change together, or none."),
  options: semanticReferenceOptions,
  iterations: ({ iterations }) => iterations,
  run,
};

const TRAIN = { split: "train" } as const;
const STRICTLY_BETTER = policyRule({ policy: "strict", alpha: 1 });

async function* run(
  { graph, data, options: { threshold } }: Task,
  options: SemanticReferenceOptions,
  engine: Engine,
): AsyncGenerator<RunEvent, Texts> {
  const { gateOn, iterations } = options;
  const style = styleOf(options);
  const shuffle = shuffler(engine.random);
  const nodes = parametersOf(graph);
  let texts = engine.start;

  for (let iteration = 1; iteration <= iterations && !engine.isStopping; iteration++) {
    const scores = await engine.score(texts, data.train, TRAIN);
    const failing = data.train.filter(({ id }) => (scores.get(id)?.loss ?? 0) > threshold);
    if (failing.length === 0) {
      const isScored = [...scores.values()].some((score) => score !== null);
      yield { type: "warning", code: isScored ? "nothing to learn" : "nothing scored" };
      break;
    }
    const errors = shuffle([...failing]).slice(0, options.errors);
    const candidates = await propose(errors);
    const accepted = candidates.length > 0 && (await isBetter(candidates));
    if (accepted) texts = withTexts(texts, candidates);
    yield {
      type: "iteration",
      iteration,
      theta: thetaOf(texts),
      accepted: accepted ? candidates.map(({ id }) => id) : [],
      batch: errors.map(({ id }) => id),
      looked: data.train.length,
      validationLoss: lossBounds(engine.pairs(texts, texts)),
    };
  }
  return texts;

  async function propose(samples: readonly Sample[]): Promise<Candidate[]> {
    const passes = await Promise.all(samples.map((one) => engine.backward(engine.forward(texts, one, TRAIN), style)));
    const drawn = await Promise.all(
      nodes.map(async (node) => {
        const contexts = await Promise.all(passes.map((pass) => pass.get(node.id)));
        const cases = contexts.flatMap((context) => context ?? []);
        if (cases.length === 0) return null;
        const draft = await askOptimizer(node, cases);
        const samples = cases.map(({ sample }) => sample);
        return engine.candidate(node.id, texts, draft && { ...draft, samples, mayRepeat: true });
      }),
    );
    // The random number is drawn for every text, so that later draws don't depend on which replies are usable.
    return drawn.filter((one) => {
      const keepsOld = options.update === "coin" && engine.random() < 0.5;
      return one !== null && !keepsOld;
    }) as Candidate[];
  }

  function askOptimizer(node: GraphNode, cases: readonly GradientContext[]) {
    const text = texts[node.id] ?? node.text;
    const shown = cases.map((one) => caseBlock("case", one, { feedback: one.gradient !== "", expected: false }));
    return engine.ask({
      parameter: node.id,
      messages: [
        { role: "system", content: fill(optimizerTemplate, { constraints: constraintsOf(node, text) }) },
        {
          role: "user",
          content: fill(optimizerCaseTemplate, {
            text: verbatimBlock("current_text", text),
            cases: shown.join("\n\n"),
          }),
        },
      ],
      ...taggedText("new_text", node, text),
    });
  }

  /** Judges all candidates together; a tie is not better. */
  async function isBetter(candidates: readonly Candidate[]): Promise<boolean> {
    const after = withTexts(texts, candidates);
    if (gateOn === "validation") {
      await Promise.all([texts, after].map((one) => engine.score(one, data.validation, { split: "validation" })));
      const comparison = await engine.compare(texts, after);
      await engine.judge(candidates, comparison);
      return comparison.verdict.decision === "accepted";
    }
    const [was, is] = await Promise.all([texts, after].map((one) => engine.score(one, data.train, TRAIN)));
    const pairs = data.train.map((sample) => ({
      sample,
      before: was?.get(sample.id)?.loss,
      after: is?.get(sample.id)?.loss,
    }));
    // A sample that could not be scored is not a wrong answer: if it could change the decision, the old texts stay.
    const better = STRICTLY_BETTER(pairs)?.decision === "accepted";
    if (better) engine.keep(after);
    else await engine.screen(candidates, "no gain on training samples");
    return better;
  }
}

function styleOf({ gradients, neighbors }: SemanticReferenceOptions): BackwardStyle {
  const templates = { system: backwardTemplate, case: backwardCaseTemplate };
  if (!gradients) return { per: "none" };
  return { per: neighbors ? "node" : "edge", own: "output", templates };
}
