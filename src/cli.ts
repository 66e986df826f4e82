import { version } from "../package.json";
import { EXIT } from "./cli/exit.ts";
import { Output } from "./cli/output/output.ts";
import { processTerminal } from "./cli/output/terminal.ts";
import { main } from "./cli/program.ts";
import { nodeDeps } from "./platform/node.ts";

const argv = process.argv.slice(2);
const output = new Output(process, argv.includes("--json"));
const cancel = new AbortController();

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    if (cancel.signal.aborted) process.exit(EXIT.cancelled);
    cancel.abort();
  });
}
// A reader that has seen enough (`| head`) is not a failure; a run that no one listens to any more is stopped.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => cancel.abort());

void run();

/** Ends the process by itself: idle connections would keep it. */
async function run(): Promise<never> {
  const { env } = process;
  const cli = {
    deps: nodeDeps(),
    output,
    env,
    terminal: processTerminal(),
    signal: cancel.signal,
    cancel: () => cancel.abort(),
  };
  const code = await main(cli, version, argv);
  await output.flushed();
  process.exit(code);
}
