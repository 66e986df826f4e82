import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Writes the schemas in `media/` from their one source, `src/graph/schema.ts`. */
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const contents = `
  export { jsonSchema } from "./src/graph/schema.ts";
  export { editorSchema } from "./src/graph/editor-schema.ts";
`;
const stdin = { contents, resolveDir: root, loader: "ts" };
const { outputFiles } = await build({ stdin, bundle: true, format: "esm", platform: "node", write: false });
const { jsonSchema, editorSchema } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`
);

const schemas = {
  "agentgraph.schema.json": jsonSchema(),
  "agentgraph.editor.schema.json": editorSchema(jsonSchema()),
};
for (const [name, schema] of Object.entries(schemas)) {
  const path = join(root, "media", name);
  writeFileSync(path, `${JSON.stringify(schema, null, 2)}\n`);
  console.log(`${path} written`);
}
