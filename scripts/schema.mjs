import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Writes `media/agentgraph.schema.json` from its one source, `src/graph/schema.ts`. */
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const entryPoints = [join(root, "src/graph/schema.ts")];
const { outputFiles } = await build({ entryPoints, bundle: true, format: "esm", platform: "node", write: false });
const { jsonSchema } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`
);

const path = join(root, "media/agentgraph.schema.json");
writeFileSync(path, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
console.log(`${path} written`);
