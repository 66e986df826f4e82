import type { Sample } from "../../data/sample.ts";
import { nodeDescriptions } from "../../engine/backward/node-description.ts";
import { block, escapeTags, fill, verbatimBlock } from "../../engine/forward/prompt.ts";
import type { Draft, Engine } from "../../engine/method.ts";
import { askForText } from "../../engine/propose/ask-for-text.ts";
import { newTextRules } from "../../engine/propose/optimizer-prompt.ts";
import type { Graph, GraphNode } from "../../graph/graph.ts";
import type { DemonstrationSet } from "./demonstrations.ts";
import describeTemplate from "./prompts/describe.md";
import materialTemplate from "./prompts/material.md";
import observeTemplate from "./prompts/observe.md";
import rowsTemplate from "./prompts/observe-rows.md";
import proposeTemplate from "./prompts/propose.md";
import summarizeTemplate from "./prompts/summarize.md";

/** Tips for the proposer: one is drawn for each proposal; empty: no tip. */
const TIPS = [
  "",
  "- Be inventive: an unusual instruction may work best.",
  "- Keep the text short and clear.",
  "- Explain the task in detail and leave nothing open.",
  "- Describe a situation in which much depends on a right result.",
  "- Name the kind of expert who should do this work, and address the model as one.",
];

/** Training rows per observation, and maximum number of observations. */
const ROWS = 10;
const OBSERVATIONS = 10;
/** Number of replies without anything new after which observation ends. */
const COMPLETE = 5;
/** Maximum number of examples in a prompt. */
const SHOWN = 3;

interface Deps {
  readonly graph: Graph;
  readonly engine: Engine;
  readonly temperature: number;
}

/** Writes the proposals, grounded in descriptions of the data and the pipeline. */
export function createProposer({ graph, engine, temperature }: Deps) {
  const placeOf = nodeDescriptions(graph);

  return { summarize, describe, propose };

  async function summarize(samples: readonly Sample[]): Promise<string> {
    let observations = "";
    let complete = 0;
    for (let from = 0, asked = 0; from < samples.length && asked < OBSERVATIONS; from += ROWS, asked++) {
      const rows = samples.slice(from, from + ROWS).map(({ inputs, targets, nodeTargets = {} }) => {
        const parts = [
          ...Object.entries(inputs).map(([name, value]) => block("input", value, { id: name })),
          ...Object.entries(nodeTargets).flatMap(([id, right]) =>
            right.map((one) => block("result", one, { step: id })),
          ),
          ...targets.map((target) => block("answer", target)),
        ];
        return `<row>\n${parts.join("\n")}\n</row>`;
      });
      const said = await ask(
        "observations",
        observeTemplate,
        fill(rowsTemplate, { rows: rows.join("\n\n"), observations: escapeTags(observations) }),
        `observe ${asked}`,
      );
      const isComplete = /^\s*complete\b/i.test(said);
      if (isComplete) complete++;
      else observations = `${observations}\n${said}`.trim();
      if (complete >= COMPLETE) break;
    }
    if (observations === "") return "";
    return ask("summary", summarizeTemplate, block("observations", observations), "summarize");
  }

  /** @param node null: the whole pipeline */
  function describe(node: GraphNode | null): Promise<string> {
    const steps = graph.nodes.map(({ id, inputs, text }) => block("step", text, { id, reads: inputs.join(", ") }));
    const focus = node ? `. Then say what the step ${node.id} does in it` : "";
    const material = [escapeTags(graph.description || graph.name), ...steps].join("\n\n");
    return ask("description", fill(describeTemplate, { focus }), material, `describe ${node?.id ?? ""}`);
  }

  async function propose(
    node: GraphNode,
    about: { readonly data: string; readonly pipeline: string; readonly step: string },
    sets: readonly DemonstrationSet[],
    index: number,
  ): Promise<Draft | null> {
    const base = engine.start[node.id] ?? node.text;
    const tip = TIPS[Math.floor(engine.random() * TIPS.length)] ?? "";
    const examples = await examplesFor(node, sets, index);
    const material = fill(materialTemplate, {
      pipeline: escapeTags(about.pipeline || graph.description || graph.name),
      place: escapeTags(placeOf(node)),
      step: escapeTags(about.step),
      data: escapeTags(about.data),
      examples,
      text: verbatimBlock("current_text", base),
    });
    const system = fill(proposeTemplate, { tip, rules: newTextRules(node, base) });
    return askForText(engine, {
      node,
      base,
      messages: [
        { role: "system", content: system },
        { role: "user", content: material },
      ],
      index: `propose ${index}`,
      temperature,
    });
  }

  /** Examples from the proposal's own set first, then from the following sets. */
  async function examplesFor(node: GraphNode, sets: readonly DemonstrationSet[], index: number): Promise<string> {
    const own = sets.length === 0 ? 0 : index % sets.length;
    const all = await Promise.all([...sets.slice(own), ...sets.slice(0, own)].map((set) => set.of(node)));
    const examples = all.flatMap((text) => text.match(/<example>\n[\s\S]*?\n<\/example>/g) ?? []);
    return [...new Set(examples)].slice(0, SHOWN).join("\n\n");
  }

  /** Returns "" if no reply can be read: the proposal is then written without it. */
  async function ask(key: string, system: string, user: string, index: string): Promise<string> {
    const said = await engine.ask<string>({
      parameter: null,
      messages: [
        { role: "system", content: system.trim() },
        { role: "user", content: user },
      ],
      form: {
        name: key,
        schema: {
          type: "object",
          properties: { [key]: { type: "string" } },
          required: [key],
          additionalProperties: false,
        },
        read: (value) => {
          const text = typeof value === "object" && value !== null ? Reflect.get(value, key) : null;
          return typeof text === "string" ? text.trim() : null;
        },
      },
      index,
      temperature,
    });
    return said ?? "";
  }
}
