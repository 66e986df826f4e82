import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { ConfigurationTarget, commands, workspace } from "vscode";
import { networkOf } from "../../src/editor/account/network.ts";
import { createOpenAI } from "../../src/models/protocols/openai.ts";
import { HOST, type Listening, type RunningProxy, startProxy, startTls } from "../server/tls.ts";
import { Answers } from "./answers.ts";
import { at, closeAll, deps, GRAPH, newestLog, removeRuns, until } from "./helpers.ts";

const ANSWER = JSON.stringify({
  choices: [{ message: { content: "Answer: 7" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 5, completion_tokens: 3 },
});

describe("VS Code's proxy settings", () => {
  const url = `https://${HOST}/v1`;
  const opened: Listening[] = [];
  const set = (name: string, value: unknown) => {
    const [section, key] = name.split(/\.(.*)/);
    return workspace.getConfiguration(section).update(key ?? "", value, ConfigurationTarget.Global);
  };
  const answers = new Answers();
  let proxy: RunningProxy;

  async function through(answer: RequestListener): Promise<void> {
    const server = await startTls(answer);
    proxy = await startProxy(server.port);
    opened.push(server, proxy);
    await set("http.proxy", `http://127.0.0.1:${proxy.port}`);
  }

  const ask = (timeout: number) =>
    createOpenAI({ baseUrl: url, key: "", clock: deps.clock, timeout, network: networkOf(url, timeout) }).complete(
      {
        model: "m",
        messages: [{ role: "user", content: "hi" }],
        params: {},
        draw: 0,
        tag: { purpose: "forward", node: null, sample: null },
      },
      new AbortController().signal,
    );

  afterEach(async () => {
    for (const name of ["proxy", "noProxy", "proxyStrictSSL", "proxySupport"]) await set(`http.${name}`, undefined);
    for (const name of ["provider", "baseUrl", "models", "timeout"]) await set(`agentgraph.${name}`, undefined);
    answers.end();
    for (const one of opened.splice(0)) await one.close();
    await closeAll();
    await removeRuns();
  });

  it("http.proxy sends a run's requests through the proxy, and http.proxyStrictSSL off trusts its certificate", async () => {
    await through((_, response) => response.writeHead(200, { "content-type": "application/json" }).end(ANSWER));
    await set("http.proxyStrictSSL", false);
    await set("agentgraph.provider", "compatible");
    await set("agentgraph.baseUrl", url);
    answers.give(/^Send to models\.example\.test$/, /^Validation/i, /^Evaluate$/);
    void commands.executeCommand("agentgraph.evaluate", at(GRAPH));
    await until(() => proxy.asked.length > 0);
    assert.deepEqual([...new Set(proxy.asked.map(({ host }) => host))], [`${HOST}:443`]);
    await until(async () => (await newestLog()).includes('"type":"finished"'));
  });

  it("a certificate that is not trusted is refused while http.proxyStrictSSL is on", async () => {
    await through((_, response) => response.end(ANSWER));
    await assert.rejects(ask(60_000), { name: "TlsFailed", reason: "untrusted" });
    assert.equal(proxy.asked.length, 1);
    await assert.rejects(ask(400_000));
    assert.equal(proxy.asked.length, 2);
  });

  it("a form, such as the file of a batch, is sent whole by fetch and by https", async () => {
    const bodies: string[] = [];
    await through(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part);
      bodies.push(`${request.headers["content-type"]} ${Buffer.concat(parts).toString("utf8")}`);
      response.end("{}");
    });
    await set("http.proxyStrictSSL", false);
    const form = new FormData();
    form.set("file", new Blob(["one line\n"]), "lines.jsonl");
    await networkOf(url, 400_000).send(url, { method: "POST", body: form });
    assert.match(bodies[0] ?? "", /^multipart\/form-data; boundary=[\s\S]*one line/);
  });

  it("http.noProxy exempts a host", async () => {
    await through((_, response) => response.end(ANSWER));
    // By VS Code's `fetch`, then by its `https`; a name that nobody knows may take its time.
    for (const [rule, timeout] of [
      [HOST, 60_000],
      [".example.test", 400_000],
      [`${HOST}:443`, 400_000],
    ] as const) {
      await set("http.noProxy", [rule]);
      await assert.rejects(ask(timeout), { name: "ProviderFault", reason: "unreached" });
    }
    assert.deepEqual(proxy.asked, []);
  });

  it("http.proxySupport off connects directly", async () => {
    await through((_, response) => response.end(ANSWER));
    await set("http.proxySupport", "off");
    await assert.rejects(ask(60_000), { name: "ProviderFault", reason: "unreached" });
    assert.deepEqual(proxy.asked, []);
  });

  it("an unreachable proxy is named in the error", async () => {
    await set("http.proxy", "http://user:secret@127.0.0.1:9");
    for (const timeout of [60_000, 400_000]) {
      await assert.rejects(ask(timeout), (error: Error & { proxy?: string }) => {
        assert.equal(error.name, "ProxyFailed");
        assert.equal(error.proxy, "http://127.0.0.1:9");
        assert.ok(!error.message.includes("secret"));
        return true;
      });
    }
  });
});
