import type { BatchGradients, GradientContext } from "../../engine/backward/batch-gradients.ts";
import type { ScreenReason } from "../../engine/events.ts";
import type { Engine } from "../../engine/method.ts";
import type { Parameter } from "../../engine/parameters.ts";
import { askForText } from "../../engine/propose/ask-for-text.ts";
import type { Candidate } from "../../engine/propose/candidate.ts";
import type { Entry } from "../../engine/propose/history.ts";
import { createAskForInputs } from "../../engine/propose/inputs-prompt.ts";
import { createOptimizerPrompt } from "../../engine/propose/optimizer-prompt.ts";
import { isWrittenAsRows } from "../../engine/propose/proposal-constraints.ts";
import { type Graph, languageOf, type Texts } from "../../graph/graph.ts";
import { plainText } from "../../graph/text/text.ts";
import type { SemanticOptions } from "./options.ts";

export type Propose = (
  batch: BatchGradients,
  parameters: readonly Parameter[],
  incumbent: Texts,
) => Promise<Candidate[]>;

export interface ProposeDeps {
  readonly graph: Graph;
  readonly options: Pick<SemanticOptions, "gradients" | "proposals">;
  readonly engine: Pick<Engine, "ask" | "candidate" | "history" | "answers">;
}

/**
 * ϕ(θ, G_θ) for every parameter with a gradient (docs/method.md, "Proposals"). Each request is sent as soon as the
 * parameter's own gradients are available.
 */
export function createPropose({ graph, options, engine }: ProposeDeps): Propose {
  const { gradients, proposals } = options;
  const about = { graph, gradients, answers: engine.answers };
  const promptFor = createOptimizerPrompt(about);
  const askForInputs = createAskForInputs(about);

  return async (batch, parameters, incumbent) => {
    const candidates = await Promise.all(parameters.map((parameter) => proposeFor(parameter, batch, incumbent)));
    return candidates.flat();
  };

  async function proposeFor(parameter: Parameter, batch: BatchGradients, incumbent: Texts): Promise<Candidate[]> {
    const { id, value } = parameter;
    const base = incumbent[id] ?? value;
    const contexts = leastTried(await batch.contexts(id), engine.history.of(id), base);
    if (contexts.length === 0) return [];
    const present = batch.texts[id] ?? value;
    const right = await batch.right(id);
    const samples = contexts.map(({ sample }) => sample);
    const drafts = await Promise.all(
      Array.from({ length: proposals }, (_, index) => askOptimizer(parameter, present, contexts, right, index)),
    );
    const candidates: Candidate[] = [];
    for (const draft of drafts) {
      const text = plainText(draft?.text ?? "").trim();
      // The batch already contains this text, or another draft is the same: it is not a new proposal.
      if (base !== present && text === present.trim()) continue;
      if (candidates.some((other) => other.text === text)) continue;
      const candidate = await engine.candidate(id, incumbent, draft && { ...draft, samples });
      if (candidate) candidates.push(candidate);
    }
    return candidates;
  }

  function askOptimizer(
    parameter: Parameter,
    base: string,
    cases: readonly GradientContext[],
    right: readonly GradientContext[],
    index: number,
  ) {
    const { id, kind, node } = parameter;
    const isProse = kind !== "inputs" && languageOf(node) === null && !isWrittenAsRows(node);
    const shown = { text: base, cases, right, history: engine.history.shown(id, base, isProse), index };
    if (kind === "inputs") return askForInputs(engine, parameter, shown);
    return askForText(engine, { node, base, messages: promptFor({ node, ...shown }), index });
  }
}

/**
 * The cases to write for: all, or, once texts made from the same base have failed on some of them, the half that fewest were
 * written for, so that ϕ does not write the same again.
 * @param attempts for this parameter
 */
export function leastTried(
  cases: readonly GradientContext[],
  attempts: readonly Pick<Entry, "attempt" | "verdict" | "screened">[],
  base: string,
): readonly GradientContext[] {
  const failed = attempts.filter((entry) => hasFailed(entry) && entry.attempt.base === base);
  const triesOf = ({ sample }: GradientContext) =>
    failed.filter(({ attempt }) => attempt.samples.includes(sample)).length;
  const counted = cases.map((one) => ({ one, tries: triesOf(one) }));
  if (counted.every(({ tries }) => tries === 0)) return cases;
  const byTries = counted.toSorted((a, b) => a.tries - b.tries);
  return byTries.slice(0, Math.ceil(cases.length / 2)).map(({ one }) => one);
}

/** Number of texts that were written for a sample and tried: all that were not dropped before they were run on it. */
export function triesFor({ parameters, history }: Pick<Engine, "parameters" | "history">, sample: string): number {
  const tried = parameters.flatMap(({ id }) => history.of(id).filter(isTried));
  return tried.filter(({ attempt }) => attempt.samples.includes(sample)).length;
}

function isTried({ attempt, screened }: Pick<Entry, "attempt" | "screened">): boolean {
  return attempt.invalid === null && (screened === null || TRIED.has(screened));
}

const TRIED: ReadonlySet<ScreenReason> = new Set(["no gain on training samples", "superseded"]);

/** The gate rejected the text, or it mended none of its training samples. */
function hasFailed({ verdict, screened }: Pick<Entry, "verdict" | "screened">): boolean {
  return screened === "no gain on training samples" || verdict?.decision === "rejected";
}
