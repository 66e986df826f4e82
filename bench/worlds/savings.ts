import { SAVINGS } from "../../src/graph/schema-run.ts";
import { median, runWorld, type WorldRun } from "./run.ts";
import { WORLDS } from "./worlds.ts";

/** All that was decided: proposals, verdicts, final texts and figures, without what it cost. */
function decisionsOf({ events, finished }: Pick<WorldRun, "events" | "finished">): string {
  const told = events.flatMap((event) => {
    if (event.type === "attempt") return [`${event.iteration} ${event.id} ${event.invalid}`];
    if (event.type !== "verdict") return [];
    const { iteration, scope, proposals, verdict } = event;
    return [JSON.stringify([iteration, scope, proposals, verdict.decision, verdict.reason])];
  });
  return JSON.stringify([told.sort(), finished.proposals, finished.texts, finished.validation]);
}

/** What each of the savings R1–R9 is worth: `npm run bench -- savings [seeds]`. Every run decides the same without it. */
async function main(): Promise<void> {
  const seeds = Number(process.argv[2] ?? 10);
  for (const name of ["plain", "harsh", "halfway"] as const) {
    for (const shape of ["chain", "diamond"] as const) {
      const world = (seed: number) => ({ ...WORLDS[name]!, shape, seed: seed + 100 });
      const all = Array.from({ length: seeds }, (_, seed) => seed + 1);
      const plain = await Promise.all(all.map((seed) => runWorld(world(seed))));
      const calls = median(plain.map((run) => run.calls));
      const row: Record<string, unknown> = { bench: "savings", world: name, shape, seeds, calls };
      let same = 0;
      for (const saving of SAVINGS) {
        const without = await Promise.all(all.map((seed) => runWorld(world(seed), { without: [saving] })));
        row[saving] = median(without.map((run, index) => run.calls - (plain[index]?.calls ?? 0)));
        same += without.filter((run, index) => decisionsOf(run) === decisionsOf(plain[index] as WorldRun)).length;
      }
      console.log(JSON.stringify({ ...row, sameDecisions: `${same} of ${seeds * SAVINGS.length}` }));
    }
  }
}

await main();
