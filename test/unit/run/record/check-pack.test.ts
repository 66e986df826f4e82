import { describe, expect, it } from "vitest";
import { evaluation } from "../../../../src/engine/evaluate.ts";
import type { Task } from "../../../../src/engine/task.ts";
import type { Model, ModelRequest } from "../../../../src/models/model.ts";
import { createStack } from "../../../../src/models/stack/stack.ts";
import { MemoryReplies, type StoredReply } from "../../../../src/models/stack/store.ts";
import { checkableIn, checkPack, mostDifferent, sampleOf } from "../../../../src/run/record/check-pack.ts";
import { choice, graphOf, llm, sampleOf as rowOf, verbatim } from "../../engine/fixtures.ts";
import { FakeClock, never, reply } from "../../models/fakes.ts";
import { noSandbox } from "../../sandboxes.ts";

const IDENTITY = "fake http://127.0.0.1";
const rows = (count: number, prefix: string) => Array.from({ length: count }, (_, index) => rowOf(`${prefix}${index}`));

const task: Task = {
  graph: graphOf([llm("plan", ["question"]), llm("answer", ["question", "plan"])]),
  data: { train: rows(10, "train"), validation: rows(10, "validation"), test: [] },
  loss: verbatim,
  models: { forward: choice, backward: choice, optimizer: choice, judge: choice },
  options: {
    method: "semantic",
    threshold: 0,
    gate: { policy: "strict", alpha: 0.05 },
    seed: 1,
    budget: { calls: null, tokens: null, usd: null },
    methodOptions: {},
  },
};

const contentOf = ({ messages }: ModelRequest) => messages.map(({ content }) => content).join("\n");

/** A model by what it answers to a prompt; `draw` differs from request to request. */
function modelOf(answer: (content: string, draw: number) => string): Model & { asked: ModelRequest[] } {
  const asked: ModelRequest[] = [];
  return {
    identity: IDENTITY,
    asked,
    async complete(request) {
      asked.push(request);
      return reply(answer(contentOf(request), request.draw));
    },
  };
}

const honest = (content: string) => `right ${/question (\w+)/.exec(content)?.[1]}`;

/** What another machine pushes after an evaluation with this model. */
async function packOf(model: Model, change: (text: string, request: ModelRequest) => string = (text) => text) {
  const pack = new Map<string, StoredReply>();
  const provider: Model = {
    identity: IDENTITY,
    async complete(request, signal) {
      const { text, usage, model: name, finish } = await model.complete(request, signal);
      pack.set(request.key ?? "", { text: change(text, request), usage, model: name, finish });
      return reply(change(text, request));
    },
  };
  const stack = createStack({
    provider,
    replies: new MemoryReplies(),
    limits: { calls: null, tokens: null, usd: null },
    concurrency: 4,
    clock: new FakeClock(),
    seed: 1,
    price: () => null,
  });
  for (const split of ["train", "validation"] as const) {
    for await (const _ of evaluation(split)(task, { ...stack, price: () => null }, never));
  }
  return pack;
}

async function checked(pack: ReadonlyMap<string, StoredReply>, provider: Model, n = 20) {
  const clock = new FakeClock();
  const all = await checkableIn(pack, task, IDENTITY, { clock, sandbox: noSandbox }, never);
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % below;
  };
  const limits = { calls: null, tokens: null, usd: null };
  const sample = sampleOf(all, n, random);
  return {
    all,
    check: await checkPack(sample, task, { provider, limits, concurrency: 4, clock, price: () => null }, never),
  };
}

describe("a pack of replies without a signature", () => {
  it("is checked by the requests of the graph that it answers, and sends nothing to find them", async () => {
    const model = modelOf(honest);
    const pack = await packOf(model);
    const strange = new Map([...pack, ["0".repeat(64), { ...[...pack.values()][0]! }]]);
    const { all } = await checked(strange, model, 0);
    expect(all).toHaveLength(40);
    expect(new Set(all.map(({ request }) => request.tag.node))).toEqual(new Set(["plan", "answer"]));
  });

  it("that is honest passes, with two requests for each reply of the sample", async () => {
    const model = modelOf(honest);
    const pack = await packOf(model);
    const before = model.asked.length;
    const { check } = await checked(pack, model);
    expect(check).toMatchObject({ same: 20, varying: 0, failed: 0, mismatch: null, spent: { calls: 40 } });
    expect(model.asked.length - before).toBe(40);
    expect(mostDifferent(check)).toBeCloseTo(0.139, 3);
  });

  it("with one changed reply is dropped if the sample has it, and names it", async () => {
    const model = modelOf(honest);
    const forge = (text: string, { tag }: ModelRequest) =>
      tag.sample === "train3" && tag.node === "answer" ? "forged" : text;
    const { check } = await checked(await packOf(model, forge), model, 40);
    expect(check.mismatch).toEqual({ node: "answer", pulled: "forged", asked: "loss 0" });
  });

  it("of which a tenth is changed is found out by a sample of 20 in most cases", async () => {
    const model = modelOf(honest);
    const forge = (text: string, { tag }: ModelRequest) =>
      /[05]$/.test(tag.sample ?? "") && tag.node === "plan" ? "forged" : text;
    const pack = await packOf(model, forge);
    expect((await checked(pack, model)).check.mismatch).not.toBeNull();
  });

  it("of a model that words its plans differently each time is judged by what can be compared", async () => {
    const model = modelOf((content, draw) =>
      content.includes("Do plan.") ? `plan ${draw} ${content.length}` : honest(content),
    );
    const pack = await packOf(model);
    const { check } = await checked(pack, model, 40);
    expect(check).toMatchObject({ same: 20, varying: 20, mismatch: null });
  });

  it("is not dropped for a reply that the model gives now and then", async () => {
    let count = 0;
    // Every third answer is another one, whoever asks.
    const model = modelOf((content) => (++count % 3 === 0 ? "wrong" : honest(content)));
    const { check } = await checked(await packOf(model), model, 40);
    expect(check.mismatch).toBeNull();
    expect(check.same + check.varying).toBe(40);
    expect(check.varying).toBeGreaterThan(0);
  });
});
