import { rowsText } from "../../graph/example-rows.ts";
import { type Graph, type GraphNode, languageOf } from "../../graph/graph.ts";
import { ruleFor } from "../../graph/places/place.ts";
import { parseLoose } from "../../graph/replies/loose-parser.ts";
import { plainKey } from "../../graph/replies/unescaped-quotes.ts";
import { rolesOf } from "../../graph/text/role-marks.ts";
import { placeholderOf, placeholders } from "../../graph/text/templating.ts";
import { topologyOf } from "../../graph/topology.ts";
import type { Message } from "../../models/model.ts";
import type { AnswersOf } from "../backward/answer-space.ts";
import type { GradientContext } from "../backward/batch-gradients.ts";
import { isInstruction, nodeDescriptions } from "../backward/node-description.ts";
import { block, escapeTags, fill, verbatimBlock } from "../forward/prompt.ts";
import newTextTemplate from "../prompts/new-text.md";
import optimizerTemplate from "../prompts/optimizer.md";
import caseTemplate from "../prompts/optimizer-case.md";
import repairTemplate from "../prompts/repair.md";
import { isWrittenAsRows } from "./proposal-constraints.ts";
import { unwrapText } from "./proposal-text.ts";

/** JSON Schema of ϕ's reply. */
export const PROPOSAL_SCHEMA = {
  name: "proposal",
  schema: {
    type: "object",
    properties: {
      hypothesis: { type: "string", description: "What changes and why it should help, in one sentence." },
      text: { type: "string", description: "The complete new text." },
    },
    required: ["hypothesis", "text"],
    additionalProperties: false,
  },
} as const;

/** ϕ's new text, without its wrapping. */
export interface Draft {
  readonly hypothesis: string;
  readonly text: string;
  /** Why the reply is ambiguous; empty: it is not. */
  readonly doubts: readonly string[];
}

export interface OptimizerPrompt {
  readonly node: GraphNode;
  /** The text to improve. */
  readonly text: string;
  /** Failing cases, and some that are right. */
  readonly cases: readonly GradientContext[];
  readonly right: readonly GradientContext[];
  /** Earlier versions with their scores. */
  readonly history: string;
  /** Index of the draft: those after the first must differ from it. */
  readonly index: number;
}

export interface OptimizerPromptDeps {
  readonly graph: Graph;
  /** Off: ϕ sees inputs and outputs only (ablation). */
  readonly gradients: boolean;
  /** What is known about correct results. */
  readonly answers: AnswersOf;
}

/** The request to ϕ for one text (docs/method.md, "Proposals"). */
export function createOptimizerPrompt({ graph, gradients, answers }: OptimizerPromptDeps) {
  const topology = topologyOf(graph);
  const placeOf = nodeDescriptions(graph);
  const givesAnswer = (id: string) => id === graph.output || topology.successors(id).includes(graph.output);

  return ({ node, text, cases, right, history, index }: OptimizerPrompt): Message[] => {
    // A step in the middle doesn't give the answer: with the expected answer, ϕ would tell it to.
    const isScored = node.id === graph.output || graph.targets?.includes(node.id) === true;
    const isLast = isInstruction(node) ? isScored : givesAnswer(node.id);
    const parts = { feedback: gradients, expected: isLast };
    const system = fill(optimizerTemplate, { constraints: constraintsOf(node, text, index) });
    const user = fill(caseTemplate, {
      purpose: escapeTags(graph.description || graph.name),
      place: escapeTags(placeOf(node)),
      answers: escapeTags(answers(node.id)),
      text: verbatimBlock("current_text", text),
      cases: cases.map((context) => caseBlock("case", context, parts)).join("\n\n"),
      right: right.map((context) => caseBlock("correct_case", context, { ...parts, feedback: false })).join("\n\n"),
      history,
    });
    return [
      { role: "system", content: system },
      { role: "user", content: user },
    ];
  };
}

/** Requests the same object in a readable form. @param keys of the object, in quotes, separated by commas */
export function repairOf(keys: string, doubts: readonly string[]): string {
  return fill(repairTemplate, { keys, unclear: doubts.length > 0 ? `This was not clear: ${doubts.join(", ")}.` : "" });
}

/** The end of a system prompt that asks for a new text: rules for all new texts, and the form of the reply. */
export function newTextRules(node: GraphNode, base: string): string {
  return fill(newTextTemplate, { constraints: constraintsOf(node, base) });
}

/** The rules for a new text, one per line. @param index of the draft: those after the first must differ from it */
export function constraintsOf(node: GraphNode, base: string, index = 0): string {
  const place = ruleFor(node.part);
  const language = languageOf(node);
  const kept = [
    ...new Set([
      ...(language === null ? placeholders(base, node) : []).map((name) => placeholderOf(name, node.templating)),
      ...node.keep,
    ]),
  ];
  return [
    ...kept.map((text) => `- Keep this exactly as it stands: ${text}`),
    ...(rolesOf(base).length > 0
      ? ['- Keep the lines that name a role ("system:", "user:", "assistant:") in their order: each begins a message.']
      : []),
    ...(node.maxWords === null ? [] : [`- At most ${node.maxWords} words.`]),
    ...node.constraints.map((rule) => `- ${rule}`),
    ...(place === null ? [] : [`- ${place}`]),
    ...(language === null ? [] : [`- The text is code (${language}). Write the whole of it, and nothing else.`]),
    ...(isWrittenAsRows(node)
      ? [
          "- The text is a list of worked examples: one JSON object a line, with the keys of the current ones, nothing else.",
        ]
      : []),
    "- Stay in the language of the current text.",
    ...(index > 0
      ? [`- The obvious improvement is being written by others. Take another approach: idea ${index + 1}.`]
      : []),
  ].join("\n");
}

/** One element of G_θ, as ϕ sees it. */
export function caseBlock(
  tag: string,
  { sample, inputs, output, expected, gradient }: GradientContext,
  shown: { readonly feedback: boolean; readonly expected: boolean },
): string {
  const parts = [
    ...inputs.map(({ name, value }) => block("input", value, { id: name })),
    block("output", output),
    ...(shown.expected ? expected.map((target) => block("expected", target)) : []),
    ...(shown.feedback ? [block("feedback", gradient)] : []),
  ];
  return `<${tag} id="${sample.replace(/["<>\n]/g, " ")}">\n${parts.join("\n")}\n</${tag}>`;
}

/** The draft in a reply; null if it has no text that fits the node. @param base the text that it improves */
export function readProposal(value: unknown, node: GraphNode, base: string): Draft | null {
  if (typeof value !== "object" || value === null) return null;
  const names = Object.keys(value).filter((key) => TEXT_KEYS.has(plainKey(key)));
  const [name] = names;
  if (name === undefined) return null;
  const draft = draftOf({ ...value, text: Reflect.get(value, name) }, node, base);
  return draft && names.length > 1 ? { ...draft, doubts: [...draft.doubts, "more than one text"] } : draft;
}

/** Keys under which models put the new text. */
const TEXT_KEYS: ReadonlySet<string> = new Set(
  ["text", "new text", "improved text", "revised text", "updated text", "final text"].map(plainKey),
);

function draftOf(value: { readonly text: unknown }, node: GraphNode, base: string): Draft | null {
  const said = Array.isArray(value.text) && value.text.every(isString) ? value.text.join("\n") : value.text;
  const hypothesis = "hypothesis" in value && isString(value.hypothesis) ? value.hypothesis : "";
  const rows = isWrittenAsRows(node) ? rowsText(value.text) : null;
  if (rows !== null) return { hypothesis, text: rows, doubts: [] };
  // Dots, or words in angle brackets, are a placeholder copied from the form.
  if (!isString(said) || !/[\p{L}\p{N}]/u.test(said) || /^\s*<[^<>\n]*>\s*$/.test(said)) return null;
  const inner = proposalIn(said);
  if (inner) return inner;
  return { hypothesis, ...unwrapText(said, base) };

  /** The proposal inside a text that is itself JSON. */
  function proposalIn(text: string): Draft | null {
    if (!/^\s*\{/.test(text) || base.trimStart().startsWith("{")) return null;
    const parsed = parseLoose(text.trim(), 0);
    const isWhole = parsed && text.trim().length === parsed.end && Object.hasOwn(Object(parsed.value), "hypothesis");
    const draft = isWhole ? readProposal(parsed.value, node, base) : null;
    return draft && { ...draft, doubts: [...draft.doubts, ...(parsed?.doubts ?? [])] };
  }
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}
