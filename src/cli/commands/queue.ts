import { oneLine } from "../../i18n/plain-text.ts";
import type { Cli } from "../cli.ts";
import { EXIT } from "../exit.ts";
import { openQueue } from "../server/queue.ts";

/** Prints the workers of a queue, and the number of its jobs by state. */
export async function queueCommand(cli: Cli, queue: string, { caFile }: { readonly caFile?: string }): Promise<number> {
  const { output } = cli;
  const { machines } = await openQueue({ queue, ...(caFile !== undefined && { caFile }) }, cli);
  try {
    const { ours, others, jobs } = await machines.overview();
    if (output.json) output.object({ version: 1, workers: ours, others, jobs });
    for (const { machine, version, calls, code, tools } of ours) {
      const offers = [calls ?? [], code ? `code (${code.time / 1000} s, ${code.memory / 2 ** 20} MB)` : []].flat();
      const names = tools.map(({ server, name }) => `${server}/${name}`);
      output.print(
        `${oneLine(machine, 80)} (version ${version}): ${[...offers, ...names].map((one) => oneLine(one, 80)).join(", ")}`,
      );
    }
    if (ours.length === 0) output.print("No worker has this AGENTGRAPH_QUEUE_SECRET.");
    if (others > 0) output.print(`${others} with another AGENTGRAPH_QUEUE_SECRET`);
    for (const { label, waiting, active, pause } of jobs) {
      const paused = pause > 0 ? `, paused for ${Math.ceil(pause / 1000)} s by a rate limit` : "";
      output.print(`${oneLine(label ?? "without a worker", 80)}: ${waiting} waiting, ${active} active${paused}`);
    }
    return EXIT.done;
  } finally {
    machines.close();
  }
}
