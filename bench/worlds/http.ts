import { runProgram } from "../program.ts";
import { filesOf } from "./files.ts";
import { median } from "./run.ts";
import { createWorld, type WorldOptions } from "./world.ts";
import { WORLDS } from "./worlds.ts";

/**
 * The shipped program on worlds it does not know, over HTTP: `npm run bench -- http [seeds]`. The ratio is wall time over
 * max(critical path, calls × latency ÷ concurrency); the critical path is 2 · depth replies an iteration (docs/method.md, "Calls").
 */
const LATENCY = 200;
const CONCURRENCY = 16;
const DEPTH = { chain: 2, diamond: 3 };

async function main(): Promise<void> {
  const seeds = Number(process.argv[2] ?? 5);
  for (const [name, world] of Object.entries(WORLDS)) {
    for (const shape of ["chain", "diamond"] as const) {
      const rows: Row[] = [];
      for (let seed = 1; seed <= seeds; seed++) rows.push(await once({ ...world, shape, seed: 500 + seed }));
      const of = (pick: (row: (typeof rows)[number]) => number) => median(rows.map(pick));
      console.log(
        JSON.stringify({
          bench: "http",
          world: name,
          shape,
          seeds,
          calls: of(({ calls }) => calls),
          tokens: of(({ tokens }) => tokens),
          seconds: of(({ seconds }) => seconds),
          ratio: of(({ ratio }) => ratio),
          atCeiling: rows.filter(({ atCeiling }) => atCeiling).length,
          countsAgree: rows.every(({ agrees }) => agrees),
        }),
      );
    }
  }
}

type Row = Awaited<ReturnType<typeof once>>;

async function once(options: WorldOptions & { shape: keyof typeof DEPTH }) {
  const world = createWorld(options);
  const { test, model, ceiling, truth } = world;
  const run = await runProgram(filesOf(world, options.seed), model, LATENCY, ["--concurrency", String(CONCURRENCY)]);
  const { report, server, iterations } = run;
  const calls = report.calls.total - report.calls.test;
  const bound = Math.max(
    (iterations * 2 * DEPTH[options.shape] * LATENCY) / 1000,
    (calls * LATENCY) / 1000 / CONCURRENCY,
  );
  return {
    calls,
    tokens: report.tokens.prompt + report.tokens.completion,
    seconds: report.seconds,
    ratio: Number((report.seconds / bound).toFixed(2)),
    atCeiling: truth(report.final, test) >= ceiling(test) - 0.021,
    agrees: server.requests() === report.calls.total,
  };
}

await main();
