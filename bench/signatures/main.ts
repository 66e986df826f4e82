import type { WarningCode } from "../../src/engine/events.ts";
import { FAILURES, HEALTHY } from "./failures.ts";
import { runFailure } from "./run.ts";

/** Tests whether warnings find failures and don't report healthy runs: `npm run bench -- signatures [seeds]`. */
async function main(): Promise<void> {
  const seeds = Number(process.argv[2] ?? 10);
  const shapes = ["chain", "diamond"] as const;
  const each = shapes.flatMap((shape) => Array.from({ length: seeds }, (_, index) => ({ shape, seed: index + 301 })));
  const rows: { failure: string; code: string; runs: number; hits: number; besides: string }[] = [];
  for (const failure of FAILURES) {
    let hits = 0;
    const besides = new Map<WarningCode, number>();
    for (const base of each) {
      const { said, signatures } = await runFailure(failure, base);
      if (failure.code && (said.has(failure.code) || signatures.has(failure.code))) hits++;
      for (const code of signatures) if (code !== failure.code) besides.set(code, (besides.get(code) ?? 0) + 1);
    }
    rows.push({ failure: failure.name, code: failure.code ?? "", runs: each.length, hits, besides: listed(besides) });
  }
  const alarms = new Map<WarningCode, number>();
  let healthy = 0;
  for (const failure of HEALTHY) {
    for (const base of each) {
      const { signatures, improved } = await runFailure(failure, base);
      if (!improved) continue;
      healthy++;
      for (const code of signatures) alarms.set(code, (alarms.get(code) ?? 0) + 1);
    }
  }
  for (const { failure, code, runs, hits, besides } of rows) {
    console.log(
      `${code.padEnd(24)} ${failure.padEnd(46)} ${hits} of ${runs} found${besides && `; besides: ${besides}`}`,
    );
  }
  for (const [code, count] of alarms)
    console.log(`${code.padEnd(24)} ${"nothing is wrong".padEnd(46)} ${count} of ${healthy} alarmed`);
  const runs = rows.reduce((sum, row) => sum + row.runs, 0);
  const hits = rows.reduce((sum, row) => sum + row.hits, 0);
  const falseAlarms = Object.fromEntries(alarms);
  console.log(JSON.stringify({ bench: "signatures", seeds, hitRate: hits / runs, runs, hits, healthy, falseAlarms }));
}

function listed(counts: ReadonlyMap<WarningCode, number>): string {
  return [...counts].map(([code, count]) => `${code} ${count}`).join(", ");
}

await main();
