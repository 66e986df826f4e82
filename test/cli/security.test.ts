import { existsSync } from "node:fs";
import { appendFile, cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { altered, asked, type Bench, KEY, open } from "./cli.ts";

/** The real command line, attacked: by the repository it runs in, and by the server it asks. */

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A server of somebody else's; keeps the headers of what reaches it. */
async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const seen: IncomingMessage["headers"][] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, seen };
}

const refuse = (_: IncomingMessage, response: ServerResponse) => response.writeHead(500).end();

async function change(bench: Bench, edit: (graph: Record<string, unknown>) => void): Promise<void> {
  const path = join(bench.folder, bench.graph);
  const graph = JSON.parse(await readFile(path, "utf8"));
  edit(graph);
  await writeFile(path, JSON.stringify(graph, null, 2));
}

/** Every byte under the folder and the home, and both streams. */
async function written(bench: Bench, { stdout, stderr }: { stdout: string; stderr: string }): Promise<string[]> {
  return [stdout, stderr, ...(await bench.files()).values()];
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const OSC = "\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007\u001b]52;c;ZXZpbA==\u0007";
const HOSTILE = `${OSC}\u001b[2J\u001b[1A\u009b31mred\u202egnp.exe\u2066\rover\b`;

describe("if a request goes", () => {
  it("is chosen by no file of the repository", async () => {
    const evil = await listen(refuse);
    const bench = await open();
    const settings = { "agentgraph.baseUrl": evil.url, "agentgraph.provider": "compatible" };
    await mkdir(join(bench.folder, ".vscode"));
    await writeFile(join(bench.folder, ".vscode/settings.json"), JSON.stringify(settings));
    const environment = ["OPENAI_BASE_URL", "OPENAI_API_BASE", "AGENTGRAPH_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY"];
    const dotenv = environment.map((name) => `${name}=${evil.url}`).join("\n");
    for (const name of [".env", ".env.local", ".agentgraphrc", ".npmrc"]) {
      await writeFile(join(bench.folder, name), `${dotenv}\nOPENAI_API_KEY=sk-from-a-file\n`);
    }
    await writeFile(join(bench.folder, "package.json"), JSON.stringify({ agentgraph: { baseUrl: evil.url } }));
    await change(bench, (graph) => {
      const place = { baseUrl: evil.url, base_url: evil.url, endpoint: evil.url, apiKey: "sk-from-a-file" };
      graph.models = { forward: { model: "simulated", ...place }, ...place };
      Object.assign(graph, place);
    });
    const ended = await bench.online("optimize", bench.graph, "--json", "--budget-calls", "30");
    expect(bench.server.requests()).toBeGreaterThan(0);
    expect(bench.server.log.every(({ headers }) => headers.authorization === `Bearer ${KEY}`)).toBe(true);
    expect(evil.seen).toEqual([]);
    await change(bench, (graph) => Object.assign(Object(graph.models).forward, { model: "gpt-4.1" }));
    const without = await bench.run("optimize", bench.graph);
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining("There is no key") });
    expect(ended.stdout).not.toContain("sk-from-a-file");
  });

  it("is decided by no parameter that gateways accept, nor are tools, other keys or the number of answers", async () => {
    const bench = await open();
    const dear = { n: 100, tools: [], api_base: "https://evil.example", "Extra-Headers": {}, service_tier: "priority" };
    await change(bench, (graph) => {
      graph.models = { forward: { model: "simulated", params: { top_p: 1, ...dear } } };
    });
    const { code, stderr, stdout } = await bench.online("optimize", bench.graph);
    expect(code).toBe(2);
    for (const name of Object.keys(dear)) expect(stdout + stderr).toContain(`"${name}" can't be set in a file`);
    expect(stdout + stderr).not.toContain('"top_p"');
    expect(bench.server.requests()).toBe(0);
  });

  it.each([302, 307, 308])("is not moved by a redirect (%i): the key stays here", async (status) => {
    const evil = await listen((_, response) => response.writeHead(200).end("{}"));
    const server = await listen((_, response) =>
      response.writeHead(status, { location: `${evil.url}/chat/completions` }).end(),
    );
    const bench = await open();
    const ended = await bench.against(server.url, "optimize", bench.graph);
    expect(ended.code).toBe(4);
    expect(ended.stderr).toMatch(/redirects to/);
    expect(server.seen.length).toBeGreaterThan(0);
    expect(evil.seen).toEqual([]);
  });
});

describe("a key", () => {
  it("that a server sends back, in answers and errors, is never written", async () => {
    let given = 0;
    const server = await listen(({ headers }, response) => {
      const key = headers.authorization ?? "";
      const plain = key.slice(7);
      const message = { role: "assistant", content: `You are ${key}: ${plain}` };
      const answer = { model: plain, id: plain, choices: [{ message, finish_reason: plain }] };
      const failure = { error: { message: `Not ${key}`, code: plain, type: key, param: plain } };
      const fails = ++given % 5 === 0;
      response.writeHead(fails ? 400 : 200, { "x-key": plain, "retry-after": plain });
      response.end(JSON.stringify(fails ? failure : answer));
    });
    const bench = await open();
    const ended = await bench.against(server.url, "optimize", bench.graph);
    expect(given).toBeGreaterThan(10);
    for (const text of await written(bench, ended)) expect(text).not.toContain(KEY);
    const reported = await bench.run("report", bench.graph);
    expect(reported.stdout).not.toContain(KEY);
    const refused = await listen((_, response) => {
      response.writeHead(401).end(JSON.stringify({ error: { message: `Incorrect API key: ${KEY}.`, code: KEY } }));
    });
    const again = await bench.against(refused.url, "optimize", bench.graph, "--json");
    expect(again.code).toBe(4);
    for (const text of await written(bench, again)) expect(text).not.toContain(KEY);
  });
});

describe("a budget", () => {
  it("of the user is not raised by the file, nor by an invalid value", async () => {
    for (const calls of [1_000_000, 1e308, -1, "unlimited", null]) {
      const bench = await open();
      await change(bench, (graph) => {
        graph.optimize = { ...Object(graph.optimize), budget: { calls } };
      });
      await bench.online("optimize", bench.graph, "--json", "--budget-calls", "25");
      expect(bench.server.requests()).toBeLessThanOrEqual(25);
    }
  });

  it("has an end where neither says one that contains", async () => {
    const bench = await open();
    await change(bench, (graph) => {
      graph.optimize = { ...Object(graph.optimize), iterations: 0, budget: { calls: 1_000_000 } };
    });
    const most = async (...args: string[]) => {
      const { stdout } = await bench.online("optimize", bench.graph, "--json", ...args);
      const { run } = JSON.parse(stdout);
      return JSON.parse(await readFile(join(bench.folder, ".agentgraph/runs", run, "start.json"), "utf8")).options
        .budget.calls;
    };
    expect(await most()).toBe(5000);
    expect(await most("--budget-calls", "6000")).toBe(6000);
    expect(await most("--set", "optimize.budget.calls=7000")).toBe(7000);
  });
});

describe("a path", () => {
  it("in the file can't point outside, and the file can't choose where runs are stored", async () => {
    const bench = await open();
    const secret = join(bench.folder, "../secret.md");
    await writeFile(secret, "the secret");
    await mkdir(join(bench.folder, "../work-sibling"));
    await writeFile(join(bench.folder, "../work-sibling/secret.md"), "the secret");
    await symlink(secret, join(bench.folder, "prompts/link.md"));
    const references = [
      "../secret.md",
      "prompts/../../secret.md",
      "../work-sibling/secret.md",
      secret,
      `//server/share/secret.md`,
      "\\\\server\\share\\secret.md",
      "C:\\secret.md",
      `file://${secret}`,
      "%2e%2e/secret.md",
      "..%2fsecret.md",
      "prompts/solve.md\u0000/../../../secret.md",
      "prompts/link.md",
      ".git/config",
      "~/secret.md",
    ];
    for (const file of references) {
      await change(bench, (graph) => {
        Object.assign(Object(graph.nodes).solve, { instruction: { file } });
        Object.assign(graph, { runsDir: "../elsewhere", runs: "../elsewhere" });
      });
      const { code, stdout } = await bench.run("check", bench.graph);
      expect({ file, code }).toEqual({ file, code: 2 });
      expect(stdout, file).toMatch(/reference-refused|missing-file|unreadable-file/);
      expect(stdout).not.toContain("the secret");
      expect((await bench.online("optimize", bench.graph)).code).toBe(2);
    }
    expect(bench.server.requests()).toBe(0);
    expect(existsSync(join(bench.folder, "../elsewhere"))).toBe(false);
  });

  it("that becomes a link during the run is not written through", async () => {
    const bench = await open({ latency: 5 });
    const prompts = ["plan", "solve", "style"].map((name) => join(bench.folder, `prompts/${name}.md`));
    const started = bench.start("optimize", bench.graph, "--apply");
    await asked(bench.server, 60, started);
    const outside = join(bench.folder, "../outside");
    await mkdir(outside);
    const before: string[] = [];
    for (const [index, prompt] of prompts.entries()) {
      const target = join(outside, `${index}.md`);
      before.push(await readFile(prompt, "utf8"));
      await rename(prompt, target);
      await symlink(target, prompt);
    }
    const { code, stderr } = await started.ended;
    expect(code).toBe(4);
    expect(stderr).toMatch(/was not written/);
    for (const [index, text] of before.entries()) {
      expect(await readFile(join(outside, `${index}.md`), "utf8")).toBe(text);
    }
  });

  it("of the runs is not a link: nothing is made behind one", async () => {
    const bench = await open();
    const outside = join(bench.folder, "../outside");
    await mkdir(outside);
    await symlink(outside, join(bench.folder, ".agentgraph"));
    const { code, stderr } = await bench.online("optimize", bench.graph);
    expect(code).toBe(2);
    expect(stderr).toMatch(/\.agentgraph is a symbolic link/);
    expect(await readdir(outside)).toEqual([]);
    expect(bench.server.requests()).toBe(0);
    expect((await bench.run("runs")).stdout).toContain("There are no runs in");
  });
});

describe("terminal escape sequences", () => {
  it("never reach either stream, whatever their source", async () => {
    const bench = await open({
      model: altered((text) =>
        text.replace(/"(text|hypothesis)":"/g, (key) => key + JSON.stringify(HOSTILE).slice(1, -1)),
      ),
    });
    await change(bench, (graph) => {
      graph.name = `Name ${HOSTILE}`;
      graph.description = HOSTILE;
      Object.assign(Object(graph.nodes).solve, { role: HOSTILE, constraints: [HOSTILE] });
    });
    const ran = await bench.online("optimize", bench.graph);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain("red");
    const commands = [["runs"], ["report", bench.graph], ["evaluate", bench.graph], ["check", bench.graph]];
    for (const args of commands) {
      const { stdout, stderr } = await bench.online(...args);
      expect(stdout + stderr, args.join(" ")).not.toMatch(OBEYED);
    }
    expect(ran.stdout + ran.stderr).not.toMatch(OBEYED);
  });

  it("never appear in messages about broken files, foreign locks and rejecting servers", async () => {
    const bench = await open();
    const hostile = `hostile${HOSTILE}.agentgraph.json`.replaceAll("/", "");
    await writeFile(join(bench.folder, hostile), `{ "version": 1, ${JSON.stringify(HOSTILE)}: [`);
    const server = await listen((_, response) =>
      response.writeHead(404).end(JSON.stringify({ error: { message: HOSTILE, code: HOSTILE } })),
    );
    const ended = await bench.against(server.url, "optimize", bench.graph, "--model", HOSTILE);
    expect(ended.code).toBe(4);
    const locks = join(bench.folder, ".agentgraph/locks");
    await bench.online("optimize", bench.graph, "--budget-calls", "5");
    const lock = JSON.stringify({ note: HOSTILE, process: 1, host: HOSTILE, since: Date.now() * 2, started: "" });
    const { url } = await listen(() => {});
    const holding = bench.launch({ AGENTGRAPH_API_KEY: KEY }, "optimize", bench.graph, "--base-url", url);
    while (!existsSync(locks) || (await readdir(locks)).length === 0) await new Promise((next) => setTimeout(next, 20));
    const [name = ""] = await readdir(locks);
    holding.child.kill("SIGKILL");
    await holding.ended;
    await writeFile(join(locks, name), lock);
    const locked = await bench.online("optimize", bench.graph);
    expect(locked.stderr).toMatch(/in progress/);
    for (const { stdout, stderr } of [
      ended,
      locked,
      await bench.run("check", hostile),
      await bench.run("resume", HOSTILE),
    ]) {
      expect(stdout + stderr).not.toMatch(OBEYED);
    }
  });
});

describe("a run that a repository ships", () => {
  it("is marked, is not resumed, and provides no reply, even in the folder of local runs", async () => {
    const maker = await open();
    await maker.online("optimize", maker.graph, "--budget-calls", "80");
    const victim = await open();
    await cp(join(maker.folder, ".agentgraph"), join(victim.folder, ".agentgraph"), { recursive: true });
    await rm(join(victim.folder, ".agentgraph/.gitignore"));
    const runs = join(victim.folder, ".agentgraph/runs");
    const [id = ""] = await readdir(runs);
    await appendFile(
      join(runs, id, "events.jsonl"),
      `${"x".repeat(2_000_000)}\n{"type":"__proto__","constructor":1}\n`,
    );
    await cp(join(runs, id), join(runs, "..%2f..%2fevil"), { recursive: true });
    const { runs: listed } = JSON.parse((await victim.run("runs", "--json")).stdout);
    expect(listed).toMatchObject([{ id, trusted: false }]);
    const resumed = await victim.online("resume", id);
    expect(resumed).toMatchObject({ code: 2, stderr: expect.stringContaining("made on another machine") });
    expect(victim.server.requests()).toBe(0);
    await victim.online("optimize", victim.graph, "--budget-calls", "80");
    expect(victim.server.requests()).toBe(maker.server.requests());
  });

  it("has an id: nothing else of it is a path", async () => {
    const bench = await open();
    for (const id of ["../../etc", "/etc", "..", ".", "20260101-000000-000-abcdef/../../..", "%2e%2e"]) {
      for (const command of ["resume", "report"]) {
        const { code, stdout, stderr } = await bench.run(command, id, "--model", "simulated");
        expect({ command, id, code }, stdout + stderr).toEqual({ command, id, code: 2 });
      }
    }
  });
});
