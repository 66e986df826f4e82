import assert from "node:assert/strict";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { commands, workspace } from "vscode";
import { literal, oneLine } from "../../src/editor/ui/markdown.ts";
import { createOpenAI } from "../../src/models/protocols/openai.ts";
import { at, closeAll, deps, makeRun, removeRuns, until } from "./helpers.ts";

const KEY = "sk-canary-77d0a1c9e4";

describe("security, inside VS Code's own extension host", () => {
  const servers: { close(): void }[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) server.close();
    await closeAll();
    await removeRuns();
  });

  /** What it is asked is kept; every answer is the same. */
  async function listen(status: number, headers: Record<string, string> = {}) {
    const seen: IncomingMessage["headers"][] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers);
      response.writeHead(status, headers).end('{"choices":[{"message":{"content":"hi"}}]}');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push({ close: () => [server.closeAllConnections(), server.close()] });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, seen };
  }

  const ask = (baseUrl: string, key: string) =>
    createOpenAI({ baseUrl, key, clock: deps.clock }).complete(
      {
        model: "m",
        messages: [{ role: "user", content: "hi" }],
        params: {},
        draw: 0,
        tag: { purpose: "forward", node: null, sample: null },
      },
      new AbortController().signal,
    );

  it("VS Code's fetch follows no redirect with the key, to any host", async () => {
    const evil = await listen(200);
    for (const status of [301, 302, 303, 307, 308]) {
      const server = await listen(status, { location: `${evil.url}/chat/completions` });
      await assert.rejects(ask(server.url, KEY), { name: "AddressWrong" });
      assert.equal(server.seen.length, 1);
    }
    assert.deepEqual(evil.seen, []);
  });

  it("the editor reads no key and no header from the environment", async () => {
    const environment = {
      OPENAI_API_KEY: KEY,
      AGENTGRAPH_API_KEY: KEY,
      AZURE_OPENAI_API_KEY: KEY,
      OPENAI_ORG_ID: KEY,
      OPENAI_PROJECT_ID: KEY,
      OPENAI_CUSTOM_HEADERS: `authorization: Bearer ${KEY}\nx-secret: ${KEY}`,
    };
    const before = Object.fromEntries(Object.keys(environment).map((name) => [name, process.env[name]]));
    Object.assign(process.env, environment);
    try {
      const server = await listen(200);
      await ask(server.url, "");
      await ask(server.url, "sk-mine");
      assert.ok(!JSON.stringify(server.seen).includes(KEY));
      assert.equal(server.seen[1]?.authorization, "Bearer sk-mine");
    } finally {
      for (const [name, value] of Object.entries(before)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  it("text from models creates no HTML, image, link or command in rendered Markdown", async () => {
    const hostile = [
      "<img src=x onerror=alert(1)><script>alert(1)</script>",
      "[a](command:workbench.action.terminal.new) ![b](https://evil.example/b.png)",
      "<command:x> <https://evil.example> https://evil.example www.evil.example a@evil.example",
      "[c]: https://evil.example\n[c]\n\n| a | b |\n|---|---|\n| [d](x) | `e` |",
      "<a href='command:x'>f</a> &lt;b&gt; \u202egnp.exe\n```\n</code>",
    ].join("\n\n");
    const html = await commands.executeCommand<string>("markdown.api.render", literal(hostile));
    assert.ok(html.length > 100);
    assert.doesNotMatch(html, /<(a|img|script|svg|iframe|table|ul|h1|em|pre)\b|\u202e/i);
    assert.match(html, /&lt;img src=x onerror/);
    assert.doesNotMatch(oneLine(hostile, 1000), /[\n\u202e]/);
  });

  it("a run whose log is a link is ignored: acting on it writes nothing", async () => {
    const run = await makeRun();
    const outside = at("../security-profile").fsPath;
    await writeFile(outside, "mine\n");
    const other = `${run.id.slice(0, -6)}abcdef`;
    const folder = at(`.agentgraph/runs/${other}`).fsPath;
    await mkdir(folder);
    await writeFile(`${folder}/start.json`, await readFile(at(`.agentgraph/runs/${run.id}/start.json`).fsPath));
    await symlink(outside, `${folder}/events.jsonl`);
    const [first] = run.state.proposals;
    await commands.executeCommand("agentgraph.reject", { run: other, id: first?.id ?? "" });
    await commands.executeCommand("agentgraph.reject", { run: "../../..", id: "$(touch owned)" });
    await commands.executeCommand("agentgraph.deleteRun", { entry: { id: "../../.." } });
    assert.equal(await readFile(outside, "utf8"), "mine\n");
    await workspace.fs.delete(at("../security-profile"));
  });

  it("a command called with any argument does no harm", async () => {
    const before = await readFile(at("prompts/plan.md").fsPath, "utf8");
    const targets = [
      { entry: { id: "../.." } },
      { run: "__proto__", id: "constructor" },
      { run: { entry: { id: "toString" } }, proposal: { id: "__proto__" } },
      at("../../etc/passwd"),
      "x".repeat(100_000),
      7,
    ];
    for (const name of ["apply", "reject", "why", "review", "applyAccepted"]) {
      for (const target of targets) await commands.executeCommand(`agentgraph.${name}`, target);
    }
    await until(() => true);
    assert.equal(await readFile(at("prompts/plan.md").fsPath, "utf8"), before);
  });
});
