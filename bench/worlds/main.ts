import { median, runWorld, type WorldRun } from "./run.ts";
import type { WorldOptions } from "./world.ts";

const WORLDS: Record<string, Omit<WorldOptions, "shape" | "seed">> = {
  plain: { rules: 2, easy: 0.08, adds: 2, accuracy: 0.9, destructive: 0.1, useless: 0 },
  gradual: { rules: 3, easy: 0.08, adds: 2, accuracy: 0.9, destructive: 0.1, useless: 0 },
  harsh: { rules: 2, easy: 0.08, adds: 2, accuracy: 0.4, destructive: 0.3, useless: 0.1 },
  harsher: { rules: 3, easy: 0.08, adds: 2, accuracy: 0.4, destructive: 0.3, useless: 0.1 },
};
const seeds = Number(process.argv[2] ?? 20);
const overrides = JSON.parse(process.argv[3] ?? "{}");
for (const [name, world] of Object.entries(WORLDS)) {
  for (const shape of ["chain", "diamond"] as const) {
    const runs: WorldRun[] = [];
    for (let seed = 1; seed <= seeds; seed++)
      runs.push(await runWorld({ ...world, shape, seed: seed + 100 }, overrides));
    const at = runs.filter(({ end, ceiling }) => end >= ceiling - 0.021).length;
    const worse = runs.filter(({ start, end }) => end < start).length;
    const by = (purpose: string) => median(runs.map(({ purposes }) => purposes[purpose] ?? 0));
    console.log(
      `${name.padEnd(6)} ${shape.padEnd(8)} calls ${median(runs.map((r) => r.calls))} (max ${Math.max(...runs.map((r) => r.calls))}; f ${by("forward")} b ${by("backward")} o ${by("optimizer")}) iterations ${median(runs.map((r) => r.iterations))} seconds ${median(runs.map((r) => r.seconds)).toFixed(1)} ceiling ${at}/${seeds} worse ${worse} start ${median(runs.map((r) => r.start)).toFixed(2)} end ${median(runs.map((r) => r.end)).toFixed(2)} of ${median(runs.map((r) => r.ceiling)).toFixed(2)}`,
    );
    if (process.argv[4]) {
      const rows = new Map<string, number>();
      for (const { events } of runs) {
        for (const event of events) {
          if (event.type === "requested") {
            const key = `${event.purpose} ${event.split ?? ""}`;
            rows.set(key, (rows.get(key) ?? 0) + 1 / runs.length);
          }
        }
      }
      console.log([...rows].map(([key, n]) => `${key} ${n.toFixed(0)}`).join("; "));
      const its = runs.flatMap(({ events }) => events.filter((e) => e.type === "iteration"));
      const acc = its.filter((e) => e.type === "iteration" && e.accepted.length > 0).length / runs.length;
      const att = runs.flatMap(({ events }) => events.filter((e) => e.type === "attempt")).length / runs.length;
      console.log(
        `iterations ${(its.length / runs.length).toFixed(1)} accepting ${acc.toFixed(1)} attempts ${att.toFixed(1)}`,
      );
    }
  }
}
