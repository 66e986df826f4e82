import { describe, expect, it, onTestFinished } from "vitest";
import { createSimulated } from "../../src/models/simulated/simulated.ts";
import type { Fault } from "../server/faults.ts";
import { startServer } from "../server/server.ts";
import { AUTHORITY, HOST, startProxy, startTls } from "../server/tls.ts";
import { open } from "./cli.ts";

/** Whom the command line asks, on which way, with which key, and how long it waits: as a process of its own. */

const OWN = "sk-canary-own-5f1c9a7e";
const OPENAI = "sk-canary-openai-7c2b";
const model = ["--model", "simulated-server"];

async function anyServer() {
  const server = await startServer({ model: createSimulated() });
  onTestFinished(() => server.close());
  return server;
}

const keysAt = ({ log }: Awaited<ReturnType<typeof anyServer>>) => [
  ...new Set(log.map(({ headers }) => headers.authorization)),
];

describe("an address and its key", () => {
  it("belong together: each key goes to its own address, and which were used is reported", async () => {
    const one = await open();
    const [own, other] = [await anyServer(), await anyServer()];
    const both = { AGENTGRAPH_API_KEY: OWN, OPENAI_API_KEY: OPENAI, OPENAI_BASE_URL: other.url };
    const args = ["evaluate", one.graph, ...model];

    const flag = await one.within(both, ...args, "--base-url", own.url);
    expect(flag.code).toBe(0);
    expect(keysAt(own)).toEqual([`Bearer ${OWN}`]);
    expect(flag.stderr).toContain(
      `Model server: ${new URL(own.url).origin} (--base-url), key from AGENTGRAPH_API_KEY.`,
    );

    const pair = await one.within({ OPENAI_API_KEY: OPENAI, OPENAI_BASE_URL: other.url }, ...args);
    expect(pair.code).toBe(0);
    expect(keysAt(other)).toEqual([`Bearer ${OPENAI}`]);
    expect(pair.stderr).toContain("(OPENAI_BASE_URL), key from OPENAI_API_KEY.");

    const variable = await anyServer();
    const named = await one.within({ ...both, AGENTGRAPH_BASE_URL: variable.url }, ...args);
    expect(named.code).toBe(0);
    expect(keysAt(variable)).toEqual([`Bearer ${OWN}`]);
    for (const { stderr } of [flag, pair, named]) expect(stderr).not.toMatch(/canary/);
  });

  it("are not mixed: OpenAI's key is not sent to another server, and that is reported", async () => {
    const one = await open();
    const server = await anyServer();
    const ended = await one.within(
      { OPENAI_API_KEY: OPENAI },
      "evaluate",
      one.graph,
      ...model,
      "--base-url",
      server.url,
    );
    expect(ended.code).toBe(0);
    expect(keysAt(server)).toEqual([undefined]);
    expect(ended.stderr).toMatch(/no key\.\nOPENAI_API_KEY isn't sent to .+ set AGENTGRAPH_API_KEY/);
  });

  it("that do not fit are refused before anything is sent", async () => {
    const one = await open();
    const server = await anyServer();
    const env = { AGENTGRAPH_API_KEY: OWN, OPENAI_BASE_URL: server.url };
    const ended = await one.within(env, "evaluate", one.graph, ...model);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/AGENTGRAPH_API_KEY isn't sent to OPENAI_BASE_URL.+--base-url or AGENTGRAPH_BASE_URL/);
    const wrong = await one.within(
      { OPENAI_API_KEY: OPENAI, OPENAI_BASE_URL: "http://example.com" },
      "evaluate",
      one.graph,
      ...model,
    );
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/OPENAI_BASE_URL: .+https/);
    expect(server.requests()).toBe(0);
  });
});

describe("the way to the server", () => {
  it("goes through the proxy, with custom certificates", async () => {
    const one = await open();
    const inner = await anyServer();
    // TLS in front of the model server.
    const outer = await startTls(async (request, response) => {
      const body: Buffer[] = [];
      for await (const part of request) body.push(part);
      const answer = await fetch(new URL(request.url ?? "", inner.url), { method: "POST", body: Buffer.concat(body) });
      response.writeHead(answer.status).end(await answer.text());
    });
    onTestFinished(outer.close);
    const proxy = await startProxy(outer.port);
    onTestFinished(proxy.close);
    const env = { AGENTGRAPH_API_KEY: OWN, HTTPS_PROXY: `http://user:hush@127.0.0.1:${proxy.port}` };
    const args = ["evaluate", one.graph, ...model, "--base-url", `https://${HOST}/v1`];
    const untrusted = await one.within(env, ...args);
    expect(untrusted).toMatchObject({ code: 4, stderr: expect.stringMatching(/certificate/i) });
    const ended = await one.within(env, ...args, "--ca-file", AUTHORITY);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).toContain(`Proxy: http://127.0.0.1:${proxy.port}.`);
    expect(ended.stderr).not.toContain("hush");
    expect(inner.requests()).toBeGreaterThan(0);
    expect(proxy.asked[0]?.host).toBe(`${HOST}:443`);

    const byNode = await one.launch({ ...env, NODE_EXTRA_CA_CERTS: AUTHORITY }, ...args).ended;
    expect(byNode).toMatchObject({ code: 0 });
  });
});

describe("a wait", () => {
  const limited: Fault = "429 for hours";

  it("of hours is not waited for: it is reported at once, and the run can be resumed", async () => {
    const one = await open({ faults: ({ count }) => (count > 3 ? limited : null) });
    const ended = await one.online("evaluate", one.graph, "--concurrency", "1");
    expect(ended.code).toBe(4);
    expect(ended.stderr).toMatch(/7,?200 s|2 h/);
    expect(one.server.requests()).toBe(4);
  });

  it("without end is shown while it lasts, and ended by --max-wait", async () => {
    const one = await open({ faults: ({ count }) => (count > 3 ? "429" : null) });
    const ended = await one.online("evaluate", one.graph, "--max-wait", "6");
    expect(ended.code).toBe(4);
    expect(ended.stderr).toMatch(/Waiting for 127\.0\.0\.1:\d+ until .+\(rate limit\)/);
    expect(ended.stderr).toMatch(/6 s/);
  });

  it("for a lost server is shown with its name and time, and does not count as a call", async () => {
    const one = await open({ latency: 5 });
    const run = one.start("evaluate", one.graph, "--json", "--max-wait", "20", "--concurrency", "1");
    while (one.server.requests() < 3 && run.child.exitCode === null) await new Promise((next) => setTimeout(next, 1));
    await one.server.close();
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(4);
    expect(stderr).toMatch(/Waiting for 127\.0\.0\.1:\d+ until .+\(no answer\)/);
    expect(JSON.parse(stdout).calls).toBeLessThanOrEqual(one.server.requests() + 1);
  });

  it("for a reply is bounded by --timeout", async () => {
    const one = await open({ faults: ({ count }) => (count === 2 ? "hang" : null) });
    const ended = await one.online("evaluate", one.graph, "--timeout", "1");
    expect(ended.code).toBe(0);
  });
});
