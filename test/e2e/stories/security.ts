import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { POISON, poison } from "../hostile.ts";
import type { Story, World } from "../world.ts";

const CANARY = "sk-canary-0d9b42c7e1";

/** A repository by somebody who means harm, and a server that does. */
export const securityStories: readonly Story[] = [
  {
    name: "security: a hostile, untrusted repository is read; nothing is sent, no program runs, no link is created",
    workspaceTrust: true,
    settings: { "security.workspace.trust.startupPrompt": "never", "agentgraph.provider": "simulated" },
    play: (world) =>
      withTraps(world, async (traps) => {
        const { workbench, models } = world;
        await workbench.openFile("chain.agentgraph.json");
        await workbench.openSideBar();
        await workbench.row("Proposals", "Open the report").waitFor();
        await workbench.picture("80-hostile");
        await workbench.command("AgentGraph: Commit accepted prompts");
        await workbench.command("AgentGraph: Apply all accepted proposals");
        await workbench.command("AgentGraph: Optimize graph");
        await workbench.toast("This folder is not trusted").waitFor();
        await workbench.picture("81-hostile-asked");
        assert.equal(models.requests(), 0);
        assert.ok(!world.read("prompts/plan.md").includes(POISON));
        assert.deepEqual(readdirSync(traps), ["profile"], "no program of the repository's has run");
        assert.equal(await workbench.page.locator('a[href^="command:"]', { hasText: "Open the report" }).count(), 0);
      }),
  },
  {
    name: "security: in a trusted repository, forged verdicts are not verified, settings change no server, the budget is capped",
    shares: true,
    isLast: true,
    settings: { "agentgraph.provider": "simulated", "agentgraph.budget.calls": 150 },
    play: (world) =>
      withTraps(world, async () => {
        const { workbench, models } = world;
        await workbench.openSideBar();
        await workbench.row("Proposals", "Open the report").waitFor();
        assert.equal(
          await workbench.section("Runs").locator(".monaco-list-row").count(),
          1,
          "a run behind a link is none",
        );
        await workbench.command("AgentGraph: Apply all accepted proposals");
        await workbench.toast("its verdicts").waitFor();
        await workbench.picture("82-forged");
        assert.ok(!world.read("prompts/plan.md").includes(POISON));
        await workbench.command("AgentGraph: Optimize graph");
        await workbench.dialog("Optimize “").waitFor();
        await workbench.picture("83-hostile-confirm");
        const said = await workbench.decide("Optimize “", "Start");
        assert.match(said, /no data leaves this machine/);
        assert.match(said, /at most 150 calls/);
        await workbench.toast("reached its budget").waitFor();
        await workbench.picture("84-hostile-ended");
        assert.equal(await workbench.page.locator(".notification-toast a", { hasText: "Open" }).count(), 0, "a link");
        assert.ok(world.summary().calls <= 150);
        assert.equal(models.requests(), 0);
      }),
  },
  {
    name: "security: a key that a server sends back is never written",
    storesKeys: true,
    shares: true,
    async play(world) {
      const { workbench, folder, vscode } = world;
      const echo = await startEcho();
      try {
        await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
        await workbench.pick("Which model provider should be used?", "Any OpenAI-compatible server");
        await workbench.answer("Address of the model server", echo.url);
        await workbench.answer("API key for 127.0.0.1", CANARY);
        await workbench.pick("Which model should be used?", "echo");
        await workbench.decide("Optimize “", "Start");
        await workbench.toast("The run of").waitFor();
        assert.ok(echo.given() > 20, "the key was sent, and came back");
        assert.ok(!(await workbench.page.locator("body").textContent())?.includes(CANARY), "on the screen");
        await workbench.command("AgentGraph: Show log");
        await workbench.page.waitForTimeout(1000);
        await workbench.picture("85-echo");
        assert.ok(!(await workbench.page.locator("body").textContent())?.includes(CANARY), "in the log");
        const files = [folder, vscode.root, vscode.extensions].flatMap(filesUnder);
        for (const name of ["events.jsonl", "replies.jsonl", "AgentGraph.log", "settings.json"]) {
          assert.ok(
            files.some((file) => path.basename(file) === name),
            `${name} is among what is searched`,
          );
        }
        for (const file of files) assert.ok(!readFileSync(file).includes(CANARY), file);
      } finally {
        await echo.close();
      }
    },
  },
];

/** A folder of traps outside the repository, and the repository poisoned before VS Code looks at it again. */
async function withTraps(world: World, play: (traps: string) => Promise<void>): Promise<void> {
  const traps = mkdtempSync(path.join(tmpdir(), "agt-"));
  try {
    await poison(world.folder, traps, world.models.url);
    await world.workbench.page.reload();
    await world.workbench.ready();
    await play(traps);
    assert.equal(readFileSync(path.join(traps, "profile"), "utf8"), "mine\n", "nothing is written through a link");
  } finally {
    rmSync(traps, { recursive: true, force: true });
  }
}

/** Puts the key that it is sent into every answer, and later into its errors. */
async function startEcho() {
  let given = 0;
  const server = createServer((request, response) => {
    const json = (status: number, body: object) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const key = request.headers.authorization ?? "";
    if (key === "") return json(401, { error: { message: "A key, please." } });
    if (request.url?.endsWith("/models")) return json(200, { data: [{ id: "echo", object: "model" }] });
    given++;
    if (given > 60) return json(400, { error: { message: `I do not like ${key}`, code: key.slice(7), type: key } });
    const usage = { prompt_tokens: 5, completion_tokens: 5 };
    const message = { role: "assistant", content: `You are ${key}, ${key.slice(7)}.` };
    // A reply that ended for a reason that nobody knows is no answer: some of each.
    const reason = given % 4 === 0 ? key.slice(7) : "stop";
    return json(200, { model: key.slice(7), choices: [{ message, finish_reason: reason }], usage });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    given: () => given,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
