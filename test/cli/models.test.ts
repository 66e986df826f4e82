import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { open } from "./cli.ts";

/** What a server offers, as the command line lists it. */

async function serve(status: number, body: unknown): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(JSON.stringify(body)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

describe("models", () => {
  it("are listed with price and end date; the server's date has priority", async () => {
    const one = await open();
    const data = [
      { id: "gpt-6-luna", shutdown_date: null },
      { id: "gpt-4.1-mini" },
      { id: "gpt-5.1", shutdown_date: "2027-05-05" },
      { id: "mine" },
    ];
    const url = await serve(200, { object: "list", data });
    const { code, stdout } = await one.keyed("models", "--base-url", url, "--price", "mine=1,2");
    expect(code).toBe(0);
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.replace(/ {2,}/g, " | ")),
    ).toEqual([
      "gpt-4.1-mini | $0.40 / $1.60 | ends 2027-01-14",
      "gpt-5.1 | $1.25 / $10.00 | ends 2027-05-05",
      "gpt-6-luna | $0.10 / $0.50",
      "mine | $1.00 / $2.00",
      "4 models. Prices are US dollars per million tokens.",
    ]);
    const listed = JSON.parse((await one.keyed("models", "--base-url", url, "--json")).stdout);
    expect(listed.models[0]).toEqual({
      name: "gpt-4.1-mini",
      end: "2027-01-14",
      price: { prompt: 0.4, completion: 1.6 },
    });
    expect(listed.models[3]).toEqual({ name: "mine", price: null });
  });

  it.each([
    ["an array alone, as Together and GitHub Models send it", [{ id: "a" }, { id: "b" }], ["a", "b"]],
    ["nothing, as Ollama without models sends it", { object: "list", data: null }, []],
    [
      "entries that are none, and a name twice",
      { data: [{ id: "m" }, { id: "m" }, { id: "" }, { id: 5 }, null, "s"] },
      ["m"],
    ],
    [
      "vLLM's fields",
      { data: [{ id: "Qwen/Qwen3-8B", root: "Qwen/Qwen3-8B", max_model_len: 40960 }] },
      ["Qwen/Qwen3-8B"],
    ],
    ["llama.cpp's two lists", { models: [{ name: "x.gguf" }], data: [{ id: "/m/x.gguf" }] }, ["/m/x.gguf"]],
  ])("are read from %s", async (_, body, names) => {
    const one = await open();
    const { code, stdout } = await one.keyed("models", "--base-url", await serve(200, body), "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout).models.map(({ name }: { name: string }) => name)).toEqual(names);
  });

  it("have the price and the end of the server's own list, as OpenRouter's has them, unless the user names a price", async () => {
    const one = await open();
    const pricing = { prompt: "0.00000125", completion: "0.00001", input_cache_read: "0.000000125" };
    const data = [
      { id: "vendor/one", pricing, expiration_date: "2027-01-01" },
      { id: "vendor/free:free", pricing: { prompt: "0", completion: "0" } },
      { id: "openrouter/auto", pricing: { prompt: "-1", completion: "-1" } },
      { id: "vendor/mine", pricing },
    ];
    const url = await serve(200, { data });
    const { stdout } = await one.keyed("models", "--base-url", url, "--price", "vendor/mine=3,4", "--json");
    expect(JSON.parse(stdout).models).toEqual([
      { name: "openrouter/auto", price: null },
      { name: "vendor/free:free", price: { prompt: 0, completion: 0 } },
      { name: "vendor/mine", price: { prompt: 3, completion: 4 } },
      { name: "vendor/one", end: "2027-01-01", price: { prompt: 1.25, completion: 10 } },
    ]);
  });

  it.each([
    { message: "Not Found" },
    { Output: { __type: "com.amazon.coral.service#UnknownOperationException" }, Version: "1.0" },
  ])("of an address without a list, as Bedrock's and Vertex's, are the user's to name", async (body) => {
    const one = await open();
    const { code, stderr } = await one.keyed("models", "--base-url", await serve(404, body));
    expect(code).toBe(4);
    expect(stderr).toMatch(/has no list of models \(404\): .*If the address is right, enter the name of a model\./);
  });

  it("of a server that fails are listed later: there is no run to resume", async () => {
    const one = await open();
    const url = await serve(503, { error: { code: 503, message: "Loading model", type: "unavailable_error" } });
    const { code, stderr } = await one.keyed("models", "--base-url", url);
    expect(code).toBe(4);
    expect(stderr).toMatch(/Loading model\. Try again later\./);
    expect(stderr).not.toMatch(/[Rr]esume/);
  });

  it("are not taken for the command if a folder has that name", async () => {
    const one = await open();
    const url = await serve(402, { error: { message: "Insufficient Balance" } });
    const server = ["--base-url", url, "--model", "m", "--runs-dir", "models"];
    const { stderr } = await one.keyed("run", one.graph, "--input", "question=Who?", ...server);
    expect(stderr).toMatch(/Insufficient Balance\. Add credit to the account, or use another key or model\./);
  });

  it("that can't be listed are reported with the reason", async () => {
    const one = await open();
    const url = await serve(401, { error: { message: "Incorrect API key provided." } });
    const { code, stderr } = await one.keyed("models", "--base-url", url);
    expect(code).toBe(4);
    expect(stderr).toMatch(/Incorrect API key provided/);
  });

  it("that end soon are named when a run uses them", async () => {
    const one = await open();
    const ended = await one.keyed("evaluate", one.graph, "--base-url", one.server.url, "--model", "gpt-4.1");
    expect(ended.stderr).toMatch(/gpt-4\.1 end(s|ed) on 2027-01-14\. OpenAI recommends gpt-6-luna\./);
  });

  it("that end soon by the server's own list are named when a run uses them", async () => {
    const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    const ends = { soon: day(80), later: day(100), gone: day(-2) };
    const server = createServer((incoming, response) => {
      response.setHeader("content-type", "application/json");
      const data = Object.entries(ends).map(([id, shutdown_date]) => ({ id, shutdown_date }));
      if (incoming.url?.endsWith("/models")) return response.end(JSON.stringify({ data }));
      const choices = [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "1" } }];
      response.end(JSON.stringify({ id: "x", object: "chat.completion", model: "m", choices }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    const one = await open();
    const roles = ["--model", "later", "--model-forward", "soon", "--model-optimizer", "gone"];
    const { stderr } = await one.keyed("evaluate", one.graph, "--base-url", url, ...roles);
    expect(stderr).toContain(`soon ends on ${ends.soon}.`);
    expect(stderr).not.toContain("later ends");
  });

  it("are those of a provider by name, whose key goes to its own address alone", async () => {
    const one = await open();
    const seen: (string | undefined)[] = [];
    const server = createServer((incoming, response) => {
      seen.push(incoming.headers.authorization);
      response.end(JSON.stringify({ data: [{ id: "mine" }] }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    const env = { OPENROUTER_API_KEY: "sk-or-canary" };
    const at = (...args: string[]) => one.within(env, "models", ...args);
    expect(await at("--provider", "openrouter", "--base-url", url)).toMatchObject({ code: 2 });
    expect((await at("--provider", "vllm", "--base-url", url)).stdout).toMatch(/^mine/);
    expect(seen).toEqual([undefined]);
    const none = await one.within({ AGENTGRAPH_API_KEY: "x" }, "models", "--provider", "bedrock");
    expect(none).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/bedrock needs an address: set --base-url to/),
    });
  });

  it.each([
    [
      "anthropic",
      "/v1/messages",
      { type: "error", error: { type: "authentication_error", message: "invalid x-api-key" } },
    ],
    ["gemini", ":generateContent", { error: { code: 401, status: "UNAUTHENTICATED", message: "invalid x-api-key" } }],
  ])("of %s are asked by their own protocol, whose bundle is read then", async (provider, path, refusal) => {
    const one = await open();
    const paths: (string | undefined)[] = [];
    const server = createServer((incoming, response) => {
      paths.push(incoming.url);
      response.writeHead(401, { "content-type": "application/json" }).end(JSON.stringify(refusal));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ended = await one.keyed("evaluate", one.graph, "--provider", provider, "--base-url", url, "--model", "mine");
    expect(ended.code).toBe(4);
    expect(ended.stderr).toMatch(/invalid x-api-key/);
    expect(paths.every((each) => each?.endsWith(path))).toBe(true);
  });
});
