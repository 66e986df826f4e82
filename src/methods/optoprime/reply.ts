import { fill } from "../../engine/forward/prompt.ts";
import type { Draft, JsonForm, TaggedForm } from "../../engine/method.ts";
import { readProposal } from "../../engine/propose/optimizer-prompt.ts";
import type { GraphNode, Texts } from "../../graph/graph.ts";
import { memberOf } from "../../graph/replies/json.ts";
import jsonTemplate from "./reply-json.md";
import tagsTemplate from "./reply-tags.md";

/** Parameter → its new text. Empty: no change is needed. */
export type Suggestions = ReadonlyMap<string, Draft>;

interface Form<F> {
  /** Description of the reply's format, for the prompt. */
  readonly asked: string;
  readonly form: F;
}

/** Reasoning, then a tag for each text that changes. */
export function taggedForm(parameters: readonly GraphNode[], texts: Texts): Form<TaggedForm<Suggestions>> {
  const ids = parameters.map(({ id }) => id);
  const [reasoning, noChange] = ["reasoning", "no_change"].map((name) =>
    ids.includes(name) ? `the_${name}` : name,
  ) as [string, string];
  const tags = ids.map((id) => `<${id}> and </${id}>`).join(", ");
  return {
    asked: fill(tagsTemplate, { reasoning, tags }).replaceAll("no_change", noChange),
    form: {
      tags: [reasoning],
      optional: [...ids, noChange],
      read: (parts) => {
        const suggestions = suggestionsIn(parts, parameters, texts);
        const isSure = [...suggestions.values()].every(({ doubts = [] }) => doubts.length === 0);
        const isAnswer = ids.some((id) => memberOf(parts, id)) || parts[noChange] !== undefined;
        return isSure && isAnswer ? suggestions : null;
      },
    },
  };
}

/** The JSON form of OptoPrime's first version. */
export function jsonForm(parameters: readonly GraphNode[], texts: Texts): Form<JsonForm<Suggestions>> {
  const ids = parameters.map(({ id }) => id);
  const suggestion = {
    type: "object",
    properties: Object.fromEntries(ids.map((id) => [id, { type: "string" }])),
    required: ids,
    additionalProperties: false,
  };
  return {
    asked: fill(jsonTemplate, { keys: ids.map((id) => `"${id}"`).join(", ") }),
    form: {
      name: "suggestion",
      schema: {
        type: "object",
        properties: { reasoning: { type: "string" }, suggestion },
        required: ["reasoning", "suggestion"],
        additionalProperties: false,
      },
      read: (value) => {
        const given = typeof value === "object" && value !== null && "suggestion" in value ? value.suggestion : null;
        return typeof given === "object" && given !== null ? suggestionsIn({ ...given }, parameters, texts) : null;
      },
      sure: true,
      doubts: (suggestions) => [...suggestions.values()].flatMap(({ doubts = [] }) => doubts),
    },
  };
}

/** Texts that differ from the current ones. */
function suggestionsIn(
  given: Readonly<Record<string, unknown>>,
  parameters: readonly GraphNode[],
  texts: Texts,
): Suggestions {
  const drafts = parameters.flatMap((node): [string, Draft][] => {
    const base = texts[node.id] ?? node.text;
    const draft = readProposal({ text: memberOf(given, node.id) ?? "" }, node, base);
    return draft && draft.text !== base.trim() ? [[node.id, draft]] : [];
  });
  return new Map(drafts);
}
