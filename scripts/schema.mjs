import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Writes the schemas in `media/` and the tables in docs/options.md from `src/graph/schema/schema.ts` and the methods. */
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const contents = `
  export { jsonSchema } from "./src/graph/schema/schema.ts";
  export { editorSchema } from "./src/graph/schema/editor-schema.ts";
  export { optionTables } from "./src/graph/schema/options-table.ts";
  export { methodOptions, methods } from "./src/methods/registry.ts";
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
const { jsonSchema, editorSchema, optionTables, methodOptions, methods } = createRequire(import.meta.url)(outfile);
rmSync(folder, { recursive: true });

const schema = jsonSchema(methodOptions);
const schemas = { "agentgraph.schema.json": schema, "agentgraph.editor.schema.json": editorSchema(schema) };
for (const [name, schema] of Object.entries(schemas)) {
  const path = join(root, "media", name);
  writeFileSync(path, `${JSON.stringify(schema, null, 2)}\n`);
  console.log(`${path} written`);
}

const page = join(root, "docs", "options.md");
const table = /(<!-- options -->\n)[\s\S]*?(\n<!-- \/options -->)/;
writeFileSync(
  page,
  readFileSync(page, "utf8").replace(table, (_, start, end) => start + optionTables(methods) + end),
);
console.log(`${page} written`);
