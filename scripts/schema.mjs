import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Writes the schemas in `media/` and the options in README from their sources: `src/graph/schema.ts` and each method. */
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const contents = `
  export { jsonSchema } from "./src/graph/schema.ts";
  export { editorSchema } from "./src/graph/editor-schema.ts";
  export { optionsTable } from "./src/graph/options-table.ts";
  export { methodOptions } from "./src/methods/registry.ts";
`;
const folder = mkdtempSync(join(tmpdir(), "agentgraph-schema-"));
const outfile = join(folder, "schema.cjs");
await build({
  stdin: { contents, resolveDir: root, loader: "ts" },
  bundle: true,
  format: "cjs",
  platform: "node",
  mainFields: ["module", "main"],
  loader: { ".md": "text" },
  outfile,
});
const { jsonSchema, editorSchema, optionsTable, methodOptions } = createRequire(import.meta.url)(outfile);
rmSync(folder, { recursive: true });

const schema = jsonSchema(methodOptions);
const schemas = { "agentgraph.schema.json": schema, "agentgraph.editor.schema.json": editorSchema(schema) };
for (const [name, schema] of Object.entries(schemas)) {
  const path = join(root, "media", name);
  writeFileSync(path, `${JSON.stringify(schema, null, 2)}\n`);
  console.log(`${path} written`);
}

const readme = join(root, "README.md");
const table = /(<!-- options -->\n)[\s\S]*?(\n<!-- \/options -->)/;
writeFileSync(
  readme,
  readFileSync(readme, "utf8").replace(table, (_, start, end) => start + optionsTable(methodOptions) + end),
);
console.log(`${readme} written`);
