import { afterEach, describe, expect, it } from "vitest";
import type { Clock } from "../../../../src/deps.ts";
import type { ModelRequest } from "../../../../src/models/model.ts";
import type { Memory } from "../../../../src/models/parameters/learned.ts";
import { createOpenAI } from "../../../../src/models/protocols/openai.ts";
import { nodeDeps } from "../../../../src/platform/node.ts";
import { type Server, type ServerOptions, startServer } from "../../../server/server.ts";
import { FakeProvider, never, reply, request, stackOver } from "../fakes.ts";

/** What models refuse is known before they are asked: from the table of models, or from earlier runs. */

const open: Server[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function serve(more: Partial<ServerOptions> = {}): Promise<Server> {
  const model = new FakeProvider(async ({ schema }) => reply(schema ? '{"said":"yes"}' : "yes"));
  const server = await startServer({ model, ...more });
  open.push(server);
  return server;
}

function memoryOf(text = ""): Memory & { text: string } {
  const memory = {
    text,
    read: async () => memory.text,
    write: async (now: string) => {
      memory.text = now;
    },
  };
  return memory;
}

const { clock: real } = nodeDeps();
const clockAt = (days: number): Clock => ({ ...real, now: () => real.now() + days * 86_400_000 });

/** One run: what it was told to leave out, and how many calls it counted. */
async function run(server: Server, memory: Memory, asked: ModelRequest, clock = clockAt(0)) {
  const told: string[] = [];
  const provider = createOpenAI({ baseUrl: server.url, key: "", clock, memory });
  const { model, budget } = stackOver(provider, clock, {
    onRefused: ({ parameter, renamedTo }) => told.push(renamedTo === null ? parameter : `${parameter} → ${renamedTo}`),
  });
  const before = server.requests();
  await model.complete(asked, never);
  return { told, requests: server.requests() - before, calls: budget.spent.calls };
}

const schema = { name: "said", schema: { type: "object" } };

describe("what a model is known to refuse", () => {
  it("is a temperature while it thinks: left out without a request, said, and sent if it does not think", async () => {
    const server = await serve();
    const asked = request("hi", { model: "gpt-6-luna", params: { temperature: 0 } });
    expect(await run(server, memoryOf(), asked)).toEqual({ told: ["temperature"], requests: 1, calls: 1 });
    expect(server.log.at(-1)?.body).not.toHaveProperty("temperature");
    const calm = { temperature: 0, reasoning_effort: "none" };
    expect(await run(server, memoryOf(), { ...asked, params: calm })).toEqual({ told: [], requests: 1, calls: 1 });
    expect(server.log.at(-1)?.body).toMatchObject(calm);
  });

  it("is learned once for all runs of a week, and said in each", async () => {
    const server = await serve({ refuses: ["temperature", "max_tokens"], format: "json_object" });
    const memory = memoryOf();
    const asked = request("hi", { schema, params: { temperature: 0, max_tokens: 9 } });
    const said = [
      "temperature",
      "max_tokens → max_completion_tokens",
      "response_format json_schema → response_format json_object",
    ];
    const first = await run(server, memory, asked);
    expect(first.requests).toBe(4);
    expect(new Set(first.told)).toEqual(new Set(said));
    const second = await run(server, memory, asked);
    expect(second).toMatchObject({ requests: 1, calls: 1 });
    expect(new Set(second.told)).toEqual(new Set(said));
    const other = await run(server, memory, { ...asked, model: "other" });
    expect(other.requests).toBe(4);
  });

  it("is asked again after a week, and where the memory is none", async () => {
    const server = await serve({ refuses: ["temperature"] });
    const memory = memoryOf();
    await run(server, memory, request("hi"));
    expect((await run(server, memory, request("hi"), clockAt(6))).requests).toBe(1);
    expect((await run(server, memory, request("hi"), clockAt(8))).requests).toBe(2);
    for (const text of ["", "{", "[1]", `{"x":{"at":"now"}}`]) {
      expect((await run(server, memoryOf(text), request("hi"))).requests).toBe(2);
    }
  });
});
