import { createServer as createHttp } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { suggestBaseUrl } from "../../../../src/models/address.ts";
import { connectionFailure } from "../../../../src/models/protocols/connection-failure.ts";
import { createOpenAI } from "../../../../src/models/protocols/openai.ts";
import { startTls } from "../../../server/tls.ts";
import { FakeClock, never, request, stackOver } from "../fakes.ts";
import { serve, serveRaw } from "../raw-server.ts";

/** An address at which no model server answers, or another than was meant. */

function connect(baseUrl: string) {
  return createOpenAI({ baseUrl, key: "", clock: new FakeClock() });
}

async function thrownBy(baseUrl: string): Promise<unknown> {
  return connect(baseUrl)
    .complete(request("hi"), never)
    .then(
      ({ text }) => expect.fail(`it was answered: ${text}`),
      (error: unknown) => error,
    );
}

const HTML = { "content-type": "text/html" };
const page = (title: string) => `<!DOCTYPE html><html><head><title>${title}</title></head><body>…</body></html>`;

describe("what comes instead of a completion", () => {
  it.each<[string, number, unknown, object, object]>([
    ["a web page", 200, page("Welcome to nginx!"), HTML, { came: "web page", detail: "Welcome to nginx!" }],
    ["a page of a firewall", 403, page("Just a moment..."), HTML, { came: "web page", detail: "Just a moment..." }],
    ["a captive portal", 200, page("Hotel Wi-Fi – Sign in"), HTML, { came: "sign-in page" }],
    ["a single sign-on", 401, page("Log in to Example"), HTML, { came: "sign-in page" }],
    ["a page that is not there", 404, page("404 Not Found"), HTML, { came: "not found" }],
    ["a greeting", 200, "Ollama is running", {}, { came: "text", detail: "Ollama is running" }],
    ["JSON of another service", 200, { status: "ok", version: "1.2" }, {}, { came: "other JSON" }],
    ["a wrong method", 405, { detail: "Method Not Allowed" }, {}, { came: "not found" }],
  ])("is %s: said after one request", async (_, status, body, headers, fields) => {
    const { url, requests } = await serveRaw(status, body, headers as Record<string, string>);
    const base = url.replace("/v1", "");
    const { model } = stackOver(connect(base), new FakeClock());
    await expect(model.complete(request("hi"), never)).rejects.toMatchObject({
      code: "AddressWrong",
      reach: "run",
      suggestion: url,
      ...fields,
    });
    expect(requests()).toBe(1);
  });

  it("is a page of a gateway whose server is down: that passes", async () => {
    for (const status of [502, 503, 504]) {
      const { url } = await serveRaw(status, page("Bad gateway"), HTML);
      expect(await thrownBy(url)).toMatchObject({ code: "ProviderFault", status, detail: "Bad gateway" });
    }
  });

  it.each<[string, unknown, Record<string, string>]>([
    ["a page", page("Sign in"), HTML],
    ["a note", { status: "queued", message: "The model is loading." }, {}],
    ["a word", JSON.stringify(""), {}],
  ])("is a fault on the way (%s) if the server has answered well before", async (_, other, headers) => {
    let count = 0;
    const { url } = await serve(() =>
      ++count === 2
        ? [200, other, headers]
        : [200, { choices: [{ message: { content: `answer ${count}` }, finish_reason: "stop" }] }],
    );
    const { model } = stackOver(connect(url), new FakeClock());
    expect(await model.complete(request("a"), never)).toMatchObject({ text: "answer 1" });
    expect(await model.complete(request("b"), never)).toMatchObject({ text: "answer 3", requests: 2 });
  });
});

describe("a body", () => {
  const whole = { choices: [{ message: { content: "a\nb" }, finish_reason: "stop" }] };

  it.each([
    ["NaN", '"logprobs":NaN'],
    ["Infinity in a list", '"logprobs":[-Infinity,Infinity,1]'],
  ])("with %s, as Python writes it, is read", async (_, more) => {
    const text = JSON.stringify(whole).replace('"choices"', `${more},"choices"`);
    const { url } = await serveRaw(200, text);
    expect(await connect(url).complete(request("a"), never)).toMatchObject({ text: "a\nb" });
  });

  it("with line ends inside a text is read, and words are left as they are", async () => {
    const said = { choices: [{ message: { content: 'a\nNaN "Infinity"' }, finish_reason: "stop" }] };
    const { url } = await serveRaw(200, JSON.stringify(said).replace("\\n", "\n"));
    expect(await connect(url).complete(request("a"), never)).toMatchObject({ text: 'a\nNaN "Infinity"' });
  });

  it("that is whole is read although its connection broke: it is not paid for twice", async () => {
    const text = JSON.stringify(whole);
    for (const [sent, isRead] of [
      [text, true],
      [text.slice(0, -1), false],
    ] as const) {
      const server = createHttp((incoming, response) => {
        incoming.resume();
        response
          .writeHead(200, { "content-length": "5000" })
          .write(sent, () => setTimeout(() => response.destroy(), 20));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      onTestFinished(() => void server.close());
      const asked = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`).complete(
        request("a"),
        never,
      );
      if (isRead) expect(await asked).toMatchObject({ text: "a\nb" });
      else await expect(asked).rejects.toMatchObject({ code: "BodyBroken", detail: "the body was cut off" });
    }
  });

  it("that is empty is called so", async () => {
    const { url } = await serveRaw(200, " \n");
    expect(await thrownBy(url)).toMatchObject({ code: "BodyBroken", detail: "the body is empty" });
  });

  it("with an empty list of errors is not an error, but of another API", async () => {
    const { url } = await serveRaw(200, JSON.stringify({ result: { response: "yes" }, success: true, errors: [] }));
    expect(await thrownBy(url)).toMatchObject({ code: "AddressWrong", came: "other JSON" });
  });

  it("of a completion without choices is not of another API: Gemini sends it for what it withholds", async () => {
    const usage = { prompt_tokens: 20, total_tokens: 20, completion_tokens: 0 };
    const { url } = await serveRaw(200, JSON.stringify({ object: "chat.completion", model: "gemini", usage }));
    expect(await thrownBy(url)).toMatchObject({ code: "AnswerMissing", reason: "empty", usage: { prompt: 20 } });
  });
});

describe("a body that is not encoded as its header says", () => {
  it.each([
    ["gzip", false],
    ["gzip, gzip", true],
    ["br", false],
    ["deflate", false],
  ])("(%s) is asked for without encoding", async (encoding, isPacked) => {
    const body = JSON.stringify({ choices: [{ message: { content: "4" }, finish_reason: "stop" }] });
    const asked: (string | undefined)[] = [];
    const server = createHttp((incoming, response) => {
      asked.push(incoming.headers["accept-encoding"]);
      const isPlain = incoming.headers["accept-encoding"] === "identity";
      response
        .writeHead(200, isPlain ? {} : { "content-encoding": encoding })
        .end(isPacked && !isPlain ? gzipSync(body) : body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    expect(await thrownBy(url)).toMatchObject({
      code: "BodyBroken",
      detail: `the body is not encoded as its header says (content-encoding: "${encoding}")`,
    });
    const { model } = stackOver(connect(url), new FakeClock());
    expect(await model.complete(request("a"), never)).toMatchObject({ text: "4", requests: 2 });
    expect(asked.at(-1)).toBe("identity");
  });
});

describe("a stream that was not asked for", () => {
  const chunk = (delta: object, finish_reason: string | null = null, more: object = {}) =>
    `data: ${JSON.stringify({ model: "m-1", choices: [{ index: 0, delta, finish_reason }], ...more })}\n\n`;
  const usage = { prompt_tokens: 7, completion_tokens: 3 };

  it.each([
    ["text/event-stream", ""],
    ["application/json", ": keep-alive\n\n"],
    ["text/plain", "event: message\nid: 1\n"],
  ])("is read, whatever type it claims (%s)", async (type, before) => {
    const body =
      before +
      chunk({ role: "assistant", content: "" }) +
      chunk({ reasoning_content: "hm" }) +
      chunk({ content: "forty" }) +
      chunk({ content: "-two" }) +
      chunk({}, "stop", { usage }) +
      "data: [DONE]\n\n";
    const { url } = await serveRaw(200, body, { "content-type": type });
    expect(await connect(url).complete(request("hi"), never)).toMatchObject({
      text: "forty-two",
      finish: "stop",
      model: "m-1",
      usage: { prompt: 7, completion: 3, estimated: false },
    });
  });

  it("that contains a whole completion is that completion", async () => {
    const whole = { choices: [{ message: { content: "whole" }, finish_reason: "stop" }], usage };
    const { url } = await serveRaw(200, `data: ${JSON.stringify(whole)}\n\ndata: [DONE]\n\n`);
    expect(await connect(url).complete(request("hi"), never)).toMatchObject({ text: "whole" });
  });

  it("loses no words: not those after another kind of line end, and none of a part that is damaged", async () => {
    const odd = "a\u2028b\u2029c\u0085d";
    const { url } = await serveRaw(200, `${chunk({ content: odd })}${chunk({ content: "!" }, "stop")}data: [DONE]\n\n`);
    expect(await connect(url).complete(request("hi"), never)).toMatchObject({ text: `${odd}!` });
    const damaged = await serveRaw(
      200,
      `${chunk({ content: "not " }).replace("}", "")}${chunk({ content: "right" }, "stop")}`,
    );
    expect(await thrownBy(damaged.url)).toMatchObject({ code: "BodyBroken" });
  });

  it("that breaks off is broken, and one that contains an error is that error", async () => {
    const cut = await serveRaw(200, chunk({ content: "half a sen" }));
    expect(await thrownBy(cut.url)).toMatchObject({ code: "BodyBroken", detail: "the stream broke off" });
    const error = { error: { message: "You have run out of credits.", code: 402 } };
    const failing = await serveRaw(200, `${chunk({ content: "a" })}data: ${JSON.stringify(error)}\n\n`);
    expect(await thrownBy(failing.url)).toMatchObject({ code: "AccessRefused", reason: "quota" });
  });
});

describe("a connection that is not secure", () => {
  it("is one whose certificate no one here vouches for", async () => {
    const server = await startTls((_, response) => response.end());
    onTestFinished(server.close);
    const error = await thrownBy(`https://localhost:${server.port}/v1`);
    expect(error).toMatchObject({ code: "TlsFailed", reason: "untrusted", reach: "run" });
  });

  it("is http to a port that speaks https, and https to one that speaks http", async () => {
    const secure = await startTls((_, response) => response.end());
    onTestFinished(secure.close);
    // A server that answers in TLS to whatever it is sent.
    const alert = createServer((socket) => socket.end(Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46])));
    await new Promise<void>((resolve) => alert.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void alert.close());
    const { port } = alert.address() as AddressInfo;
    expect(await thrownBy(`http://127.0.0.1:${port}/v1`)).toMatchObject({ code: "TlsFailed", reason: "not http" });
    const said = "Client sent an HTTP request to an HTTPS server.";
    const go = await serveRaw(400, said);
    expect(await thrownBy(go.url)).toMatchObject({ code: "TlsFailed", reason: "not http" });
    const plain = await serveRaw(200, {});
    const error = await thrownBy(plain.url.replace("http:", "https:"));
    expect(error).toMatchObject({ code: "TlsFailed", reason: "not tls" });
  });

  it.each([
    ["CERT_HAS_EXPIRED", "TlsFailed", "expired"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "TlsFailed", "name"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "TlsFailed", "untrusted"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "TlsFailed", "untrusted"],
    ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", "TlsFailed", "handshake"],
    ["ENOTFOUND", "ProviderFault", "unreached"],
    ["ECONNREFUSED", "ProviderFault", "unreached"],
    ["ECONNRESET", "ProviderFault", "lost"],
    ["UND_ERR_HEADERS_TIMEOUT", "ProviderFault", "timeout"],
  ])("is told from others by its code: %s", (code, name, reason) => {
    const cause = new TypeError("fetch failed", { cause: Object.assign(new Error("…"), { code }) });
    const failure = connectionFailure(cause, { identity: "m", url: "https://m.example/v1", proxy: null });
    expect(failure).toMatchObject({ code: name, reason });
  });
});

it.each([
  ["http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"],
  ["http://127.0.0.1:11434/api", "http://127.0.0.1:11434/v1"],
  ["https://m.example/v1/chat/completions", "https://m.example/v1"],
  ["https://m.example/llm/models", "https://m.example/llm/v1"],
  ["https://openrouter.ai", "https://openrouter.ai/api/v1"],
  ["https://api.groq.com/v1", "https://api.groq.com/openai/v1"],
  ["https://generativelanguage.googleapis.com/v1", "https://generativelanguage.googleapis.com/v1beta/openai"],
  ["https://m.example/v1", null],
])("%s is likelier to be %s", (address, likely) => {
  expect(suggestBaseUrl(address)).toBe(likely);
});

it("no failure repeats the credentials of a proxy, however its address is written", () => {
  for (const address of [
    "user:se%40cret@proxy.example:8080",
    "http://user:secret@[::1]:8080/",
    "user:secret@10.0.0.1",
  ]) {
    const cause = new TypeError("fetch failed", { cause: new Error(`Failed to connect to proxies: PROXY ${address}`) });
    const failure = connectionFailure(cause, { identity: "m", url: "https://m.example/v1", proxy: "http://p:1" });
    expect(failure?.code).toBe("ProxyFailed");
    expect(failure?.message).not.toMatch(/user|secret|cret/);
    expect(failure?.message).toMatch(/proxy\.example:8080|\[::1\]:8080|10\.0\.0\.1/);
  }
});

it("a time limit below the SDK, whose own error it leaves out, is a timeout that is tried again", async () => {
  const late = Object.assign(new Error("Headers Timeout Error"), { code: "UND_ERR_HEADERS_TIMEOUT" });
  const send = async (): Promise<Response> => {
    throw new TypeError("fetch failed", { cause: late });
  };
  const network = { send, proxy: null };
  const model = createOpenAI({ key: "k", baseUrl: "https://m.example/v1", clock: new FakeClock(), network });
  const asked = model.complete(request("x"), new AbortController().signal);
  await expect(asked).rejects.toMatchObject({ code: "ProviderFault", reason: "timeout" });
});
