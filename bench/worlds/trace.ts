import { runWorld } from "./run.ts";

async function main() {
  const [shape, seed, world] = [
    process.argv[2] as "chain",
    Number(process.argv[3]),
    JSON.parse(process.argv[4] ?? "{}"),
  ];
  const run = await runWorld({
    rules: 3,
    easy: 0.08,
    adds: 2,
    accuracy: 0.9,
    destructive: 0.1,
    useless: 0,
    ...world,
    shape,
    seed,
  });
  for (const [index, event] of run.events.entries()) {
    if (process.env.ALL && (event.type === "requested" || event.type === "call")) console.log(run.times[index]?.toFixed(3), event.type, event.purpose, event.split, event.node, event.sample);
    const at = run.times[index]?.toFixed(1);
    if (event.type === "attempt")
      console.log(
        at,
        event.iteration,
        "attempt",
        event.node,
        event.invalid ?? "",
        event.samples.length,
        event.text.slice(-90),
      );
    if (event.type === "verdict") {
      const v = event.verdict;
      console.log(
        at,
        event.iteration,
        event.scope,
        event.proposals.length,
        v.decision,
        v.reason,
        `scored ${v.scored} ${v.rightBefore}->${v.rightAfter} +${v.fixed.length} -${v.broken.length}`,
      );
    }
    if (event.type === "iteration")
      console.log(at, event.iteration, "looked", event.looked, "failing", event.batch.length, event.validationLoss);
    if (event.type === "warning") console.log(at, event);
  }
  console.log("RESULT", run.calls, run.seconds, run.start, run.end, run.ceiling);
}
void main();
