import type { Sample, Split } from "../data/sample.ts";
import type { Graph, ModelChoice } from "../graph/graph.ts";
import type { AskVote, Vote } from "../loss/loss.ts";
import { askJson, type Llm } from "./forward/llm.ts";
import { block, escapeTags, fill } from "./forward/prompt.ts";
import judgeTemplate from "./prompts/judge.md";
import caseTemplate from "./prompts/judge-case.md";
import repairTemplate from "./prompts/judge-repair.md";

export interface Judged {
  readonly sample: Sample;
  readonly answer: string;
  readonly split: Split;
  readonly priority: number;
}

/**
 * Asks for votes on one answer, in the role `judge`. The calls go through the run's log, budget and reply store like
 * all others.
 */
export type Judge = (judged: Judged) => AskVote;

export interface JudgeDeps {
  readonly graph: Graph;
  readonly choice: ModelChoice;
  readonly ask: Llm;
}

const WORDS = 80;

/** The reason comes first: a model that weighs the answer in words first gives a better score. */
const SCHEMA = {
  type: "object",
  properties: {
    reason: { type: "string", description: "What meets the rubric, and what is missing or wrong." },
    score: { type: "number", description: "From 0 to 1." },
  },
  required: ["reason", "score"],
  additionalProperties: false,
};

export function createJudge({ graph, choice, ask }: JudgeDeps): Judge {
  return ({ sample, answer, split, priority }) =>
    (rubric, index) => {
      const system = fill(judgeTemplate, { words: String(WORDS) });
      const user = fill(caseTemplate, {
        rubric: escapeTags(rubric),
        query: graph.inputs.map(({ name }) => escapeTags(`${name}: ${sample.inputs[name] ?? ""}`)).join("\n"),
        accepted: sample.targets.map((target) => block("accepted_answer", target)).join("\n\n"),
        answer: escapeTags(answer),
      });
      const question = {
        purpose: "judge",
        node: null,
        sample: sample.id,
        split,
        choice,
        messages: [
          { role: "system", content: system },
          { role: "user", content: user },
        ],
        schema: { name: "vote", schema: SCHEMA },
        index,
        priority,
      } as const;
      return askJson(ask, question, { read: readVote, repair: () => fill(repairTemplate, {}) });
    };
}

/** null if there is no score from 0 to 1: the scale of another number is not guessed. */
function readVote(value: unknown): Vote | null {
  if (typeof value !== "object" || value === null || !("score" in value)) return null;
  const score = scoreIn(value.score);
  if (score === null) return null;
  return { score, reason: "reason" in value && typeof value.reason === "string" ? value.reason : "" };
}

/** Maximum characters of a score. */
const LONGEST_SCORE = 40;

/** A number from 0 to 1, also written `"0.7"`, `"7/10"` or `"70 %"`. */
function scoreIn(value: unknown): number | null {
  if (typeof value === "number") return within(value);
  if (typeof value !== "string" || value.length > LONGEST_SCORE) return null;
  const [, number, of, percent] = /^\s*([\d.]+)\s*(?:\/\s*([\d.]+)|(%))?[\s.]*$/.exec(value) ?? [];
  if (number === undefined) return null;
  return within(Number(number) / (percent ? 100 : Number(of ?? 1)));
}

function within(score: number): number | null {
  return score >= 0 && score <= 1 ? score : null;
}
