import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Model } from "../src/models/model.ts";
import { type Server, startServer } from "../test/server/server.ts";

export interface ProgramRun {
  /** The output of `--json`. */
  readonly report: Report;
  readonly code: number | null;
  readonly server: Server;
  readonly iterations: number;
  /** Wall time of the whole process, start-up included. */
  readonly seconds: number;
}

export interface Report {
  readonly status: string;
  readonly calls: Readonly<Record<"total" | "test" | "forward" | "backward" | "optimizer" | "cached", number>>;
  readonly tokens: { readonly prompt: number; readonly completion: number };
  readonly seconds: number;
  readonly validation: { readonly n: number; readonly before: number; readonly after: number };
  readonly test: { readonly n: number; readonly before: number; readonly after: number } | null;
  readonly proposals: readonly { readonly node: string; readonly verdict: string }[];
  readonly final: Readonly<Record<string, string>>;
}

/** Runs the shipped command line in a folder of its own against a local server. @param files by path in the folder */
export async function runProgram(
  files: Readonly<Record<string, string>>,
  model: Model,
  latency: number,
  args: readonly string[],
): Promise<ProgramRun> {
  const folder = await mkdtemp(join(tmpdir(), "agentgraph-bench-"));
  const server = await startServer({ model, latency });
  try {
    await mkdir(join(folder, "data"));
    for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
    const started = performance.now();
    const options = [
      "optimize",
      "graph.agentgraph.json",
      "--json",
      "--base-url",
      server.url,
      "--model",
      "bench",
      ...args,
    ];
    const child = spawn(process.execPath, [join(process.cwd(), "dist/cli.js"), ...options], {
      cwd: folder,
      env: { ...process.env, AGENTGRAPH_API_KEY: "bench", XDG_CONFIG_HOME: folder },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    const code = await new Promise<number | null>((ended) => child.on("close", ended));
    const report = JSON.parse(output);
    const log = await readFile(join(folder, ".agentgraph/runs", report.run, "events.jsonl"), "utf8");
    const iterations = log.split('"type":"iteration"').length - 1;
    return { report, code, server, iterations, seconds: (performance.now() - started) / 1000 };
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}
