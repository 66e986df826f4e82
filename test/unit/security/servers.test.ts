import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import type { ModelReply } from "../../../src/models/model.ts";
import { createOpenAI } from "../../../src/models/protocols/openai.ts";
import type { ServerModel } from "../../../src/models/protocols/server-model.ts";
import { nodeDeps } from "../../../src/platform/node.ts";

/** What a server can put into an answer to hold up, confuse or outlast who reads it. */
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function answering(status: number, body: string, key = ""): Promise<ServerModel> {
  const server = createServer((_, response) => response.writeHead(status).end(body)).listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => [server.closeAllConnections(), server.close()]);
  const { port } = server.address() as AddressInfo;
  return createOpenAI({ baseUrl: `http://127.0.0.1:${port}/v1`, key, clock: nodeDeps().clock });
}

function complete(model: ServerModel): Promise<ModelReply> {
  const tag = { purpose: "forward", node: null, sample: null } as const;
  const messages = [{ role: "user", content: "hi" }] as const;
  return model.complete({ model: "m", messages, params: {}, draw: 0, tag }, new AbortController().signal);
}

const DEEP = "[".repeat(100_000) + "]".repeat(100_000);
const BROKEN = { name: "BodyBroken" };
const FAULT = { name: "ProviderFault" };

it.each<[string, number, string, object]>([
  ["an error", 500, `{"error":{"message":${DEEP}}}`, FAULT],
  ["an error page", 500, "[".repeat(10_000_000), FAULT],
  ["an error that is none", 200, `{"error":{"message":${DEEP}}}`, BROKEN],
  ["a choice that broke off", 200, `{"choices":[{"message":{"content":"x"},"error":${DEEP}}]}`, BROKEN],
])("brackets in brackets, deeper than the stack, in %s are a failure like others", async (_, status, body, failure) => {
  await expect(complete(await answering(status, body))).rejects.toMatchObject(failure);
});

it.each(["1e999", "1e300", "-1", '"7"', "null", "{}"])(
  "usage that is not a count (%s) is none: it could neither be paid nor be written down",
  async (count) => {
    const usage = `{"prompt_tokens":${count},"completion_tokens":${count}}`;
    const body = `{"choices":[{"message":{"content":"four"}}],"usage":${usage}}`;
    const reply = await complete(await answering(200, body));
    expect(reply).toMatchObject({ text: "four", usage: { estimated: true } });
    expect(JSON.parse(JSON.stringify(reply.usage))).toEqual(reply.usage);
  },
);

it("an answer longer than any is cut, and said to be", async () => {
  const body = JSON.stringify({ choices: [{ message: { content: "{x}".repeat(2 ** 21) }, finish_reason: "stop" }] });
  const { text, finish } = await complete(await answering(200, body));
  expect({ length: text.length, finish }).toEqual({ length: 2 ** 20, finish: "length" });
});

it("of a list of models without end some are offered; what is not a name is none", async () => {
  const ids = Array.from({ length: 300_000 }, (_, index) => `{"id":"m${index}"}`);
  const odd = ["null", "7", '{"id":7}', '{"id":{"toString":1}}', `{"id":"${"x".repeat(100_000)}"}`];
  const model = await answering(200, `{"data":[${[...odd, ...ids].join(",")}]}`);
  const names = await model.listModels(new AbortController().signal);
  expect(names).toHaveLength(2_000);
  expect(names.every(({ name }) => /^m\d+$/.test(name))).toBe(true);
  for (const body of ['{"data":7}', DEEP]) {
    const none = (await answering(200, body)).listModels(new AbortController().signal);
    await expect(none).rejects.toMatchObject(BROKEN);
  }
});

it.each(["\n", "\r\nx-evil: 1", "\u0000", "é", "”", " "])(
  "a key with %j in it is refused before anything quotes it, and one with white space around it is used",
  async (sign) => {
    const quoted = await answering(200, "{}", `sk-canary${sign}more`).catch((error: Error) => error);
    expect(quoted).toMatchObject({ name: "KeyUnusable", message: expect.not.stringContaining("canary") });
    const body = JSON.stringify({ choices: [{ message: { content: "four" } }] });
    expect(await complete(await answering(200, body, "sk-canary\n"))).toMatchObject({ text: "four" });
  },
);
