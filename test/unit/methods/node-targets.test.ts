import { describe, expect, it } from "vitest";
import type { Sample } from "../../../src/data/sample.ts";
import type { RunEvent } from "../../../src/engine/events.ts";
import { optimize } from "../../../src/engine/optimize.ts";
import { methods } from "../../../src/methods/registry.ts";
import type { ModelRequest } from "../../../src/models/model.ts";
import { graphOf, llm, ofType, verbatim } from "../engine/fixtures.ts";
import { prepare } from "../engine/runs.ts";
import { reply } from "../models/fakes.ts";

/** Two steps side by side, each with targets of its own. `kind` is wrong until its text says BETTER, `urgency` never is. */
const graph = graphOf(
  [llm("urgency", ["question"]), llm("kind", ["question"]), llm("answer", ["kind", "urgency"], { trainable: false })],
  { targets: ["kind", "urgency"] },
);

function samples(set: string): Sample[] {
  return Array.from({ length: 6 }, (_, at) => ({
    id: `${set}${at}`,
    inputs: { question: `question ${set} ${at}` },
    targets: [],
    nodeTargets: { kind: [`sort ${set} ${at}`], urgency: [`haste ${set} ${at}`] },
    feedback: null,
  }));
}

async function runOf(method: string) {
  const asked: ModelRequest[] = [];
  const { task, deps } = prepare({
    options: { method, budget: { calls: 400, tokens: null, usd: null } },
    instead: async (request) => {
      const { purpose, node, sample } = request.tag;
      const own = (sample ?? "").replace(/(\D)(\d)/, "$1 $2");
      if (purpose === "forward") {
        if (node === "urgency") return reply(`haste ${own}`);
        if (node === "kind") return reply(request.messages[0]?.content.includes("BETTER") ? `sort ${own}` : "none");
        return reply("an answer");
      }
      asked.push(request);
      return reply(purpose === "optimizer" ? written(request) : filled(request));
    },
  });
  const events: RunEvent[] = [];
  const data = { train: samples("t"), validation: samples("v"), test: [] };
  const ofNodes = { kind: verbatim, urgency: verbatim };
  for await (const event of optimize(methods)(
    { ...task, graph, data, losses: ofNodes },
    deps,
    new AbortController().signal,
  )) {
    events.push(event);
  }
  return { events, asked };
}

/** A reply in every form that the methods ask for. */
function written({ tag, messages, schema }: ModelRequest): string {
  const text = `Do ${tag.node ?? "kind"} BETTER.`;
  const keys = Object.keys((schema?.schema.properties ?? {}) as object);
  if (keys.includes("suggestion")) return JSON.stringify({ reasoning: "", suggestion: { kind: text, urgency: "" } });
  if (keys.length > 0) return JSON.stringify(Object.fromEntries(keys.map((key) => [key, text])));
  const tags = /<(kind|new_text|improved_text)>/.exec(messages.map(({ content }) => content).join("\n"));
  return `<${tags?.[1] ?? "kind"}>${text}</${tags?.[1] ?? "kind"}>`;
}

function filled({ schema }: ModelRequest): string {
  const keys = Object.keys((schema?.schema.properties ?? {}) as object);
  return JSON.stringify(Object.fromEntries(keys.map((key) => [key, "Say it better."])));
}

const promptOf = ({ messages }: ModelRequest) => messages.map(({ content }) => content).join("\n");
const rewrites = (asked: readonly ModelRequest[], node: string) =>
  asked.filter(({ tag }) => tag.purpose === "optimizer" && tag.node === node);

describe("nodes with targets of their own", () => {
  it.each(Object.keys(methods).filter((name) => name !== "chain-of-thought"))("are improved by %s", async (method) => {
    const { events } = await runOf(method);
    expect(ofType(events, "finished")[0]?.texts.kind).toContain("BETTER");
  });

  it("show GEPA the feedback of the step that it rewrites, and no step that is right is rewritten", async () => {
    const { asked } = await runOf("gepa");
    expect(rewrites(asked, "urgency")).toEqual([]);
    const [first] = rewrites(asked, "kind");
    const prompt = first ? promptOf(first) : "";
    expect(prompt).toMatch(/<feedback>\nExpected sort t \d, got none\.\nScore: 0\.00 of 1\.\n<\/feedback>/);
    expect(prompt).not.toMatch(/haste t|The step/);
    expect(prompt).toContain("feedback` on the step's own result where a right one is known");
  });

  it("show OptoPrime the feedback of each", async () => {
    const { asked } = await runOf("optoprime");
    const prompt = asked[0] ? promptOf(asked[0]) : "";
    expect(prompt).toMatch(/<feedback step="kind">\nExpected sort t \d, got none\.\n<\/feedback>/);
    expect(prompt).toContain('<feedback step="urgency">\nThis value is right.\n</feedback>');
  });

  it.each(["textgrad", "semantic-reference"])("keep the feedback of the one from the other in %s", async (method) => {
    const { asked } = await runOf(method);
    const ofUrgency = asked.filter(({ tag }) => tag.purpose === "backward" && tag.node === "urgency");
    expect(ofUrgency.filter((one) => promptOf(one).includes("got none"))).toEqual([]);
    const ofKind = asked.filter(({ tag }) => tag.purpose === "optimizer" && tag.node === "kind");
    expect(ofKind.length).toBeGreaterThan(0);
    expect(ofKind.filter((one) => promptOf(one).includes("haste"))).toEqual([]);
  });

  it("show MIPROv2 the right results of the rows that it sums up", async () => {
    const { asked } = await runOf("miprov2");
    const shown = asked.map(promptOf).find((prompt) => prompt.includes("<row>"));
    expect(shown).toMatch(/<result step="kind">\nsort t 0\n<\/result>/);
  });
});
