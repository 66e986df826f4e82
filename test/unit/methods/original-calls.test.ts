import { describe, expect, it } from "vitest";
import type { Loss } from "../../../src/loss/loss.ts";
import type { ModelRequest } from "../../../src/models/model.ts";
import { ofType } from "../engine/fixtures.ts";
import { run } from "../engine/runs.ts";
import { reply } from "../models/fakes.ts";

/** The newest draft that an answer was made with: each accepted one is better than all before. */
const newest: Loss = {
  kind: "newest",
  describe: () => "",
  score: (_, answer) => {
    const loss = 1 / (1 + Number(/\d+/.exec(answer)?.[0] ?? 0));
    return { loss, lenient: loss, criticism: "Newer." };
  },
};

/** No two calls are equal, all feedback says something, and every rewrite is new: there is nothing to spare. */
function busy() {
  let rewrites = 0;
  return ({ tag, schema, messages }: ModelRequest) => {
    const prompt = messages.map(({ content }) => content).join("\n");
    const keys = Object.keys(schema?.schema.properties ?? {});
    const texts = (tag.form ?? []).map((form) => `<${form}>Version ${++rewrites}.</${form}>`);
    if (tag.purpose === "optimizer") return Promise.resolve(reply(texts.join("\n")));
    if (tag.purpose === "backward") {
      return Promise.resolve(reply(JSON.stringify(Object.fromEntries(keys.map((key) => [key, "Newer."])))));
    }
    const versions = Array.from(prompt.matchAll(/Version (\d+)/g), ([, version]) => Number(version));
    return Promise.resolve(reply(`Version ${Math.max(0, ...versions)} of ${tag.node} for ${tag.sample}`));
  };
}

/**
 * Calls by purpose up to the method's end. n = 3 nodes, of which m = 1 reads others over e = 2 edges; p = 3 texts; M = 20
 * rows (docs: the cost model).
 */
async function callsOf(options: Readonly<Record<string, unknown>>) {
  const world = { shape: "paper" } as const;
  const { events } = await run({ options, world, samples: 20, loss: newest, instead: busy(), concurrency: 64 });
  const end = events.findLastIndex(({ type }) => type === "iteration");
  const calls = ofType(events.slice(0, end), "requested");
  const count = (purpose: string, split?: string) =>
    calls.filter((one) => one.purpose === purpose && (!split || one.split === split)).length;
  return {
    train: count("forward", "train"),
    validation: count("forward", "validation"),
    backward: count("backward"),
    optimizer: count("optimizer"),
  };
}

describe("the calls of the originals, if nothing can be spared", () => {
  it("semantic-reference: M·n at the start, and b·m + p + M·n in each of four iterations", async () => {
    expect(await callsOf({ method: "semantic-reference", iterations: 4 })).toEqual({
      train: 60 + 4 * 60,
      // The engine's own, for the report.
      validation: 60,
      backward: 4 * 2,
      optimizer: 4 * 3,
    });
  });

  it("textgrad: M·n at the start, and b·n + b·(1 + p + e) + p + M·n in each of twelve steps", async () => {
    expect(await callsOf({ method: "textgrad" })).toEqual({
      train: 12 * 9,
      validation: 60 + 12 * 60,
      backward: 12 * 3 * 6,
      optimizer: 12 * 3,
    });
  });
});
