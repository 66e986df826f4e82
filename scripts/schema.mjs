import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Writes the schemas in `media/` from their sources, `src/graph/schema.ts` and the options of each method. */
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const contents = `
  export { jsonSchema } from "./src/graph/schema.ts";
  export { editorSchema } from "./src/graph/editor-schema.ts";
  export { methodOptions } from "./src/methods/registry.ts";
`;
const { outputFiles } = await build({
  stdin: { contents, resolveDir: root, loader: "ts" },
  bundle: true,
  format: "esm",
  platform: "node",
  mainFields: ["module", "main"],
  loader: { ".md": "text" },
  write: false,
});
const { jsonSchema, editorSchema, methodOptions } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`
);

const schema = jsonSchema(methodOptions);
const schemas = { "agentgraph.schema.json": schema, "agentgraph.editor.schema.json": editorSchema(schema) };
for (const [name, schema] of Object.entries(schemas)) {
  const path = join(root, "media", name);
  writeFileSync(path, `${JSON.stringify(schema, null, 2)}\n`);
  console.log(`${path} written`);
}
