import { type FlatOptions, median, runWorld, type WorldRun } from "./run.ts";
import { WORLDS } from "./worlds.ts";

/**
 * The method on worlds of known truth, in virtual time (200 ms a call, 16 at once):
 * `npm run bench -- worlds [seeds] [options as JSON]`, e.g. `npm run bench -- worlds 20 '{"batch":4}'`.
 */
async function main(): Promise<void> {
  const seeds = Number(process.argv[2] ?? 20);
  const overrides: FlatOptions = JSON.parse(process.argv[3] ?? "{}");
  for (const [name, world] of Object.entries(WORLDS)) {
    for (const shape of ["chain", "diamond"] as const) {
      const runs: WorldRun[] = [];
      for (let seed = 1; seed <= seeds; seed++) {
        runs.push(await runWorld({ ...world, shape, seed: seed + 100 }, overrides));
      }
      const of = (pick: (run: WorldRun) => number) => median(runs.map(pick));
      const purposes = ["forward", "backward", "optimizer"].map((one) => [
        one,
        of(({ purposes }) => purposes[one] ?? 0),
      ]);
      console.log(
        JSON.stringify({
          bench: "worlds",
          world: name,
          shape,
          seeds,
          calls: of(({ calls }) => calls),
          ...Object.fromEntries(purposes),
          iterations: of(({ iterations }) => iterations),
          seconds: of(({ seconds }) => seconds),
          atCeiling: runs.filter(({ end, ceiling }) => end >= ceiling - 0.021).length,
          accepted: runs.reduce((sum, { gains }) => sum + gains.length, 0),
          falseAccepts: runs.reduce((sum, { gains }) => sum + gains.filter((gain) => gain <= 0).length, 0),
          belowStart: runs.filter(({ start, end }) => end < start).length,
          start: of(({ start }) => start),
          end: of(({ end }) => end),
          meanEnd: runs.reduce((sum, { end }) => sum + end, 0) / seeds,
          tokens: of(({ tokens }) => tokens),
          ceiling: of(({ ceiling }) => ceiling),
        }),
      );
    }
  }
}

await main();
