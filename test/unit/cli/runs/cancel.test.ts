import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import picocolors from "picocolors";
import { expect, it, onTestFinished } from "vitest";
import type { Cli } from "../../../../src/cli/cli.ts";
import type { EvaluationReport } from "../../../../src/cli/output/json.ts";
import type { Output } from "../../../../src/cli/output/output.ts";
import { main } from "../../../../src/cli/program.ts";
import { nodeMachine } from "../../../../src/platform/machine.ts";
import { nodeDeps } from "../../../../src/platform/node.ts";

it("a cancelled run records its end and is named, however slow the disk is", async () => {
  const home = await mkdtemp(join(tmpdir(), "agentgraph-cancel-"));
  onTestFinished(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));
  await cp(join(import.meta.dirname, "../../../../examples/chain"), home, { recursive: true });
  const cancel = new AbortController();
  const deps = { ...nodeDeps(), machine: nodeMachine(join(home, "config")) };
  const files: typeof deps.files = {
    ...deps.files,
    async append(path, text) {
      await deps.files.append(path, text);
      if (!path.endsWith("events.jsonl")) return;
      if (text.includes('"finished"')) await deps.clock.sleep(1_500);
      else cancel.abort();
    },
  };
  const silent = () => {};
  const printed: EvaluationReport[] = [];
  const output = {
    json: true,
    colors: picocolors.createColors(false),
    object: (value: EvaluationReport) => void printed.push(value),
    info: silent,
    error: silent,
    warn: silent,
    print: silent,
  } as unknown as Output;
  const terminal = { hasKeys: false, onKey: () => silent, onSignal: () => silent, ask: async () => "" };
  const cli: Cli = { deps: { ...deps, files }, output, env: {}, terminal, signal: cancel.signal, cancel: silent };
  const graph = join(home, "chain.agentgraph.json");
  expect(await main(cli, "0.0.0", ["evaluate", graph, "--model", "simulated", "--json"])).toBe(130);
  expect(printed).toMatchObject([{ run: expect.any(String), status: "cancelled" }]);
});
