import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createOpenAI } from "../../../src/models/protocols/openai.ts";
import { environmentProxyOf, type NetworkOptions, networkFor } from "../../../src/platform/network.ts";
import { AUTHORITY, HOST, type RunningProxy, startProxy, startTls } from "../../server/tls.ts";
import { FakeClock, never, request } from "../models/fakes.ts";

const BASE = `https://${HOST}/v1`;
const NAMES = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "NODE_EXTRA_CA_CERTS"].flatMap((name) => [
  name,
  name.toLowerCase(),
]);
const before = new Map<string, string | undefined>();
beforeEach(() => {
  for (const name of NAMES) {
    before.set(name, process.env[name]);
    delete process.env[name];
  }
});
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

const trusting = { caFile: AUTHORITY, timeout: 60_000 };

/** A model server that only a proxy finds, and the proxy. */
async function behindProxy(status = 200): Promise<RunningProxy> {
  const server = await startTls((_, response) => {
    response.end(JSON.stringify({ choices: [{ message: { content: "behind the proxy" }, finish_reason: "stop" }] }));
  });
  onTestFinished(server.close);
  const proxy = await startProxy(server.port, status);
  onTestFinished(proxy.close);
  return proxy;
}

async function ask(options: NetworkOptions = trusting, baseUrl = BASE) {
  const network = await networkFor(baseUrl, options);
  const model = createOpenAI({ baseUrl, key: "k", clock: new FakeClock(), ...(network && { network }) });
  return model.complete(request("hi"), never).catch((error: unknown) => error);
}

describe("a proxy", () => {
  it.each(["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])("is the one that %s names", async (name) => {
    const proxy = await behindProxy();
    process.env[name] = `http://127.0.0.1:${proxy.port}`;
    expect(await ask()).toMatchObject({ text: "behind the proxy" });
    expect(proxy.asked).toEqual([{ host: `${HOST}:443`, authorization: undefined }]);
  });

  it("is reached by http where its address names no scheme, as curl does", async () => {
    const proxy = await behindProxy();
    process.env.HTTPS_PROXY = `127.0.0.1:${proxy.port}`;
    expect(await ask()).toMatchObject({ text: "behind the proxy" });
  });

  it("gets the credentials of its address, and no one else does", async () => {
    const proxy = await behindProxy(407);
    process.env.HTTPS_PROXY = `http://user:secret@127.0.0.1:${proxy.port}`;
    const error = await ask();
    expect(proxy.asked[0]?.authorization).toBe(`Basic ${Buffer.from("user:secret").toString("base64")}`);
    expect(error).toMatchObject({
      code: "ProxyFailed",
      status: 407,
      proxy: `http://127.0.0.1:${proxy.port}`,
      reach: "run",
    });
    expect(JSON.stringify([error, String(error)])).not.toContain("secret");
  });

  it("that is not there is named", async () => {
    const proxy = await behindProxy();
    await proxy.close();
    process.env.HTTPS_PROXY = `http://127.0.0.1:${proxy.port}`;
    expect(await ask()).toMatchObject({ code: "ProxyFailed", status: null, proxy: `http://127.0.0.1:${proxy.port}` });
  });

  it.each([
    ["corp.example", "https://llm.corp.example/v1", true],
    ["corp.example", "https://llm.badcorp.example/v1", false],
    ["10.0.0.0/8, 192.168.0.0/16", "http://192.168.3.4:8000/v1", true],
    ["10.0.0.0/8", "http://11.1.2.3:8000/v1", false],
    ["10.0.0.0/99,10.0.0.0/x,/8", "http://10.1.2.3:8000/v1", false],
    ["fd00::12", "http://[fd00::12]:8000/v1", true],
    ["fd00::/8", "http://[fd12::1]:8000/v1", true],
    ["fd00::12", "http://[fd00::13]:8000/v1", false],
    ["10.0.0.0/8", "https://api.example/v1", false],
  ])("is passed by where NO_PROXY says %s, as curl reads it, for %s: %s", (exempt, url, isExempt) => {
    Object.assign(process.env, { HTTP_PROXY: "http://p:1", HTTPS_PROXY: "http://p:1", NO_PROXY: exempt });
    expect(environmentProxyOf(url)).toBe(isExempt ? null : "http://p:1");
  });

  it.each([HOST, "*", ".example.test", `${HOST}:443`])("is passed by where NO_PROXY says %s", async (exempt) => {
    process.env.HTTPS_PROXY = "http://127.0.0.1:1";
    process.env.NO_PROXY = exempt;
    expect((await networkFor(BASE, trusting))?.proxy).toBeNull();
    expect(await networkFor(BASE, { timeout: 1_000 })).toBeUndefined();
  });

  it("is never between us and a server on this computer", async () => {
    process.env.HTTP_PROXY = "http://127.0.0.1:1";
    process.env.ALL_PROXY = "http://127.0.0.1:1";
    for (const address of ["http://127.0.0.1:11434/v1", "http://localhost:1234/v1", "http://[::1]:8080/v1"]) {
      expect(await networkFor(address, { timeout: 1_000 })).toBeUndefined();
    }
  });

  it("is not one that a folder's .npmrc brings along", async () => {
    process.env.npm_config_https_proxy = "http://127.0.0.1:1";
    process.env.npm_config_proxy = "http://127.0.0.1:1";
    onTestFinished(() => {
      delete process.env.npm_config_https_proxy;
      delete process.env.npm_config_proxy;
    });
    expect(await networkFor(BASE, { timeout: 1_000 })).toBeUndefined();
  });
});

describe("certificates of one's own", () => {
  it("are trusted beside the usual ones, and without them no one vouches for the server", async () => {
    const server = await startTls((_, response) =>
      response.end(JSON.stringify({ choices: [{ message: { content: "trusted" }, finish_reason: "stop" }] })),
    );
    onTestFinished(server.close);
    const address = `https://localhost:${server.port}/v1`;
    expect(await ask(trusting, address)).toMatchObject({ text: "trusted" });
    expect(await ask({ timeout: 60_000 }, address)).toMatchObject({ code: "TlsFailed", reason: "untrusted" });
    const folder = await mkdtemp(join(tmpdir(), "agentgraph-ca-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    process.env.NODE_EXTRA_CA_CERTS = AUTHORITY;
    // Naming some replaces Node's own list: those of the environment stay.
    expect(
      await ask({ ...trusting, caFile: join(import.meta.dirname, "../../fixtures/tls/server.pem") }, address),
    ).toMatchObject({
      text: "trusted",
    });
  });

  it("that can't be read, or are none, are named with their file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "agentgraph-ca-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const none = join(folder, "none.pem");
    await expect(networkFor(BASE, { caFile: none, timeout: 1 })).rejects.toMatchObject({
      path: none,
      reason: "ENOENT",
    });
    await writeFile(none, "hello");
    await expect(networkFor(BASE, { caFile: none, timeout: 1 })).rejects.toMatchObject({ reason: "no certificate" });
  });
});

it("waits as long as the time limit of a request, where Node's own fetch would not", async () => {
  expect(await networkFor(BASE, { timeout: 600_000 })).toMatchObject({ proxy: null });
});
