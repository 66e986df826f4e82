import { tmpdir } from "node:os";
import { join } from "node:path";
import picocolors from "picocolors";
import { describe, expect, it } from "vitest";
import type { Cli } from "../../../src/cli/cli.ts";
import type { Output } from "../../../src/cli/output/output.ts";
import { main } from "../../../src/cli/program.ts";
import { nodeMachine } from "../../../src/platform/machine.ts";
import { nodeDeps } from "../../../src/platform/node.ts";

/** What `--json` prints of a command that cannot begin. */
async function failure(...argv: readonly string[]): Promise<unknown> {
  const printed: unknown[] = [];
  const silent = () => {};
  const output = {
    json: true,
    colors: picocolors.createColors(false),
    object: (value: unknown) => void printed.push(value),
    info: silent,
    error: silent,
    warn: silent,
    print: silent,
  } as unknown as Output;
  const deps = { ...nodeDeps(), machine: nodeMachine("/nowhere") };
  const { signal } = new AbortController();
  const terminal = { hasKeys: false, onKey: () => silent, onSignal: () => silent, ask: async () => "" };
  const cli: Cli = { deps, output, env: {}, terminal, signal, cancel: silent };
  const code = await main(cli, "0.0.0", [...argv, "--json"]);
  expect(code).toBe(2);
  return printed[0];
}

describe("a failure as JSON", () => {
  it("names the method that the command line names, and none if it names none", async () => {
    const file = join(tmpdir(), "none-here.agentgraph.json");
    expect(await failure("optimize", file, "--method", "gepa")).toMatchObject({ method: "gepa", status: "failed" });
    expect(await failure("optimize", file, "--method=gepa")).toMatchObject({ method: "gepa" });
    expect(await failure("optimize", file, "--set", "optimize.method=copro")).toMatchObject({ method: "copro" });
    expect(await failure("optimize", file)).toMatchObject({ method: null });
  });
});
