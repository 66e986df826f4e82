import { parseArgs } from "node:util";
import { createSimulated } from "../../src/models/simulated/simulated.ts";
import { randomFaults } from "./faults.ts";
import { startServer } from "./server.ts";

// node scripts/ts.mjs test/server/main.ts [--port N] [--latency MS] [--faults RATE] [--seed N] [--key KEY]
// The simulated model behind a local server, until it is stopped. Prints its address.
const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    latency: { type: "string", default: "0" },
    faults: { type: "string", default: "0" },
    seed: { type: "string", default: "1" },
    key: { type: "string" },
  },
});
const seed = Number(values.seed);
const server = await startServer({
  model: createSimulated(),
  port: Number(values.port),
  latency: Number(values.latency),
  faults: randomFaults(Number(values.faults), seed),
  seed,
  ...(values.key !== undefined && { key: values.key }),
});
console.log(server.url);
