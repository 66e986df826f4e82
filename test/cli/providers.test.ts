import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { RunReport } from "../../src/cli/output/json.ts";
import type { ServerOptions } from "../server/server.ts";
import { type Bench, type Ended, KEY, openBench } from "./cli.ts";

/** Providers as they are — parameters refused, counts missing, slow, Azure's own ways — through the real command line. */

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function bench(options: Partial<ServerOptions> = {}): Promise<Bench> {
  const opened = await openBench(options);
  open.push(opened);
  return opened;
}

/** A server that answers everything with the same. @returns its address, without a path */
async function serve(status: number, body: unknown): Promise<{ url: string; requests(): number }> {
  let requests = 0;
  const server = createServer(({ method }, response) => {
    // Lists of models are no requests of a run.
    if (method === "POST") requests++;
    response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push({
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests: () => requests };
}

function report({ stdout, stderr }: Ended): RunReport {
  return stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
}

function outcome({ status, proposals, validation, test, final }: RunReport) {
  return { status, validation, test, final, verdicts: proposals.map(({ verdict }) => verdict) };
}

describe("a model that refuses parameters", () => {
  it("is learned once per parameter, reported and counted, and changes no result", async () => {
    const plain = await bench();
    const expected = report(await plain.online("optimize", plain.graph, "--json"));
    const picky = await bench({ refuses: ["temperature"], format: "none", latency: [1, 20] });
    const got = report(await picky.online("optimize", picky.graph, "--json"));
    expect(outcome(got)).toEqual(outcome(expected));
    const refused = picky.server.log.filter(({ body }) => "temperature" in body || body.response_format);
    expect(refused).toHaveLength(3);
    expect(picky.server.requests()).toBe(plain.server.requests() + 3);
    expect(got.calls.total).toBe(picky.server.requests());
    expect(got.warnings.join("\n")).toMatch(/accept a parameter.+temperature/);
  });

  it("of which one renames another: max_tokens becomes max_completion_tokens", async () => {
    const picky = await bench({ refuses: ["max_tokens", "temperature"] });
    const set = 'models.forward={"model":"simulated","params":{"max_tokens":300}}';
    const { code } = await picky.online("evaluate", picky.graph, "--set", set);
    expect(code).toBe(0);
    expect(picky.server.log.filter(({ body }) => "max_tokens" in body)).toHaveLength(1);
    expect(picky.server.log.at(-1)?.body).toMatchObject({ max_completion_tokens: 300 });
  });
});

describe("a local server", () => {
  it("that counts no tokens, knows no schema, is slow and takes one request at a time gives the same run", async () => {
    const plain = await bench();
    const args = ["--json", "--set", "optimize.iterations=1", "--set", 'data.test=[{"question":"x","answer":1}]'];
    const expected = report(await plain.online("optimize", plain.graph, ...args));
    const local = await bench({ usage: false, format: "json_object", latency: 40, key: undefined });
    const got = report(await local.online("optimize", local.graph, ...args, "--concurrency", "1"));
    expect(outcome(got)).toEqual(outcome(expected));
    expect(local.server.inFlight().most).toBe(1);
    expect(got.tokens.prompt).toBeGreaterThan(0);
    expect(got.warnings.join("\n")).toMatch(/estimated/);
  });

  it("that needs no key gets none", async () => {
    const local = await bench({ key: undefined });
    const { code } = await local.run("evaluate", local.graph, "--base-url", local.server.url, "--model", "simulated");
    expect(code).toBe(0);
    expect(local.server.log.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });
});

describe("Azure", () => {
  const azure = () => bench({ azure: true, models: ["mine"] });
  const at = ({ server }: Bench, path: string) => server.url.replace(/\/v1$/, path);
  const ask = (one: Bench, address: string, model: string, ...args: string[]) =>
    one.keyed(...args, "--base-url", address, "--model", model);

  it("accepts a deployment's target URI as its portal shows it", async () => {
    const one = await azure();
    const target = at(one, "/openai/deployments/mine/chat/completions?api-version=2025-01-01-preview");
    expect(await ask(one, target, "mine", "evaluate", one.graph)).toMatchObject({ code: 0 });
    const [first] = one.server.log;
    expect(first).toMatchObject({
      path: "/openai/deployments/mine/chat/completions",
      query: "?api-version=2025-01-01-preview",
    });
    expect(first?.headers).toMatchObject({ "api-key": KEY });
    expect(first?.headers.authorization).toBeUndefined();
  });

  it("accepts an endpoint with a version, and names a missing deployment", async () => {
    const one = await azure();
    const version = ["--azure-api-version", "2024-10-21"];
    expect(await ask(one, at(one, "/openai"), "mine", "optimize", one.graph, ...version)).toMatchObject({ code: 0 });
    expect(one.server.log.at(-1)?.query).toBe("?api-version=2024-10-21");
    const { code, stderr } = await ask(one, at(one, "/openai"), "other", "evaluate", one.graph, ...version);
    expect(code).toBe(4);
    expect(stderr).toMatch(/other.+deployment for this resource does not exist.+--model/);
  });
});

describe("an error is reported with its remedy, after one request", () => {
  it.each<[string, number, unknown, RegExp]>([
    [
      "a wrong key",
      401,
      { error: { message: "Incorrect API key provided: sk-…", code: "invalid_api_key" } },
      /rejected the API key \(401\).+AGENTGRAPH_API_KEY/,
    ],
    [
      "Azure's wrong key",
      401,
      { error: { code: "401", message: "Access denied due to invalid subscription key or wrong API endpoint." } },
      /rejected the API key \(401\)/,
    ],
    [
      "no credit at OpenAI",
      429,
      { error: { message: "You exceeded your current quota.", code: "insufficient_quota" } },
      /exceeded your current quota\. Add credit/,
    ],
    [
      "no credit at DeepSeek",
      402,
      { error: { message: "Insufficient Balance", type: "unknown_error", code: "invalid_request_error" } },
      /Insufficient Balance\. Add credit/,
    ],
    [
      "a model that is not the project's",
      403,
      { error: { message: "Project `p` does not have access to model `m`", code: "model_not_found" } },
      /does not have access to model `m`\. .*Check the model name \(--model\)/,
    ],
    [
      "a model that Ollama lacks",
      404,
      { error: { message: 'model "m" not found, try pulling it first', type: "api_error" } },
      /try pulling it first\. .*Check the model name/,
    ],
    ["Ollama without /v1", 404, "404 page not found", /404 page not found.+\/v1/],
    [
      "llama.cpp without /v1",
      404,
      { error: { code: 404, message: "File Not Found", type: "not_found_error" } },
      /File Not Found.+Try http:\S+\/v1/,
    ],
    ["vLLM without /v1", 404, { detail: "Not Found" }, /Try http:\S+\/v1/],
    [
      "LM Studio without /v1",
      200,
      { error: "Unexpected endpoint or method. (POST /chat/completions)" },
      /Try http:\S+\/v1/,
    ],
  ])("%s", async (_, status, body, words) => {
    const one = await bench();
    const server = await serve(status, body);
    for (const command of ["evaluate", "optimize"]) {
      const ended = await one.keyed(command, one.graph, "--base-url", server.url, "--model", "m");
      expect(ended.code).toBe(4);
      expect(ended.stderr).toMatch(words);
    }
    expect(server.requests()).toBe(2);
  });
});
