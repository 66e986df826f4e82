import { describe, expect, it } from "vitest";
import type { Sample } from "../../../src/data/sample.ts";
import { optimize } from "../../../src/engine/optimize.ts";
import type { Graph } from "../../../src/graph/graph.ts";
import { methods } from "../../../src/methods/registry.ts";
import type { ModelRequest } from "../../../src/models/model.ts";
import { graphOf, llm, textNode, verbatim } from "../engine/fixtures.ts";
import { prepare } from "../engine/runs.ts";
import { reply } from "../models/fakes.ts";

/** Names that every object inherits. */
const INHERITED = {
  plan: "constructor",
  side: "isPrototypeOf",
  answer: "toString",
  style: "valueOf",
  question: "hasOwnProperty",
};
type Names = typeof INHERITED;
/** Names of the same length and in the same order, which no object inherits. */
const PLAIN = Object.fromEntries(
  Object.entries(INHERITED).map(([part, name]) => [part, `${name.charAt(0)}x${name.slice(2)}`]),
) as Names;

function graphNamed({ plan, side, answer, style, question }: Names): Graph {
  return {
    ...graphOf(
      [
        textNode(style, "Write plainly."),
        llm(plan, [question]),
        llm(side, [plan, style], { text: `Read {{${plan}}} and {{${style}}}.` }),
        llm(answer, [question, side, style], { tunesInputs: true }),
      ],
      { targets: [plan, answer] },
    ),
    inputs: [{ name: question, description: "a question" }],
  };
}

const IDS = ["__proto__", "length", "prototype", "toLocaleString", "a", "b"];

/** Every third row has a target for one node alone. */
function samplesNamed({ plan, answer, question }: Names, set: string): Sample[] {
  return IDS.map((id, at) => ({
    id: set === "t" ? id : `${id}${set}`,
    inputs: { [question]: `question ${set} ${at}` },
    targets: [],
    nodeTargets: { ...(at % 3 > 0 && { [plan]: [`right ${set} ${at}`] }), [answer]: [`right ${set} ${at}`] },
    feedback: null,
  }));
}

/** A text gets right what says BETTER, in every form in which methods ask for one. */
function answered({ tag: { purpose }, messages, schema }: ModelRequest, names: Names): string {
  const all = messages.map(({ content }) => content).join("\n");
  if (purpose === "forward") {
    const [, set, at] = /(?:question|right) (\w) (\d)/.exec(all) ?? [];
    return all.includes("BETTER") ? `right ${set} ${at}` : `wrong question ${set} ${at}`;
  }
  const keys = Object.keys((schema?.schema.properties ?? {}) as object);
  if (purpose !== "optimizer") return JSON.stringify(Object.fromEntries(keys.map((key) => [key, "Say it better."])));
  const text = "Do it BETTER.";
  if (keys.includes("suggestion")) return JSON.stringify({ reasoning: "", suggestion: { [names.answer]: text } });
  if (keys.length > 0) return JSON.stringify(Object.fromEntries(keys.map((key) => [key, text])));
  const tag = ["new_text", "improved_text", names.answer].find((one) => all.includes(`<${one}>`));
  return tag ? `<${tag}>${text}</${tag}>` : text;
}

/** Everything that a run asks and reports, with the names of its parts in place of those of its graph. */
async function runNamed(method: string, names: Names) {
  const asked: string[] = [];
  const { task, deps } = prepare({
    options: { method, budget: { calls: 400, tokens: null, usd: null } },
    instead: async (request) => {
      asked.push(request.messages.map(({ content }) => content).join("\n"));
      return reply(answered(request, names));
    },
  });
  const data = {
    train: samplesNamed(names, "t"),
    validation: samplesNamed(names, "v"),
    test: samplesNamed(names, "s"),
  };
  const losses = { [names.plan]: verbatim, [names.answer]: verbatim };
  const events: string[] = [];
  const graph = graphNamed(names);
  for await (const event of optimize(methods)({ ...task, graph, data, losses }, deps, new AbortController().signal)) {
    events.push(JSON.stringify(event));
  }
  const inGeneral = (text: string) =>
    Object.entries(names)
      .reduce((general, [part, name]) => general.replaceAll(name, `@${part}@`), text)
      .replace(/"[0-9a-f]{8,64}"/g, '"hash"');
  return { asked: asked.map(inGeneral), events: events.map(inGeneral) };
}

describe("names that every object inherits are names like others", () => {
  it.each(Object.keys(methods))("for %s", async (method) => {
    expect(await runNamed(method, INHERITED)).toEqual(await runNamed(method, PLAIN));
  });
});
