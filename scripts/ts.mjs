// node scripts/ts.mjs FILE.ts [ARGS…]: bundles a TypeScript program (a test runner, a bench) into out/ and runs it at the project's root.
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as esbuild from "esbuild";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
process.chdir(root);
const [entry, ...args] = process.argv.slice(2);
const outfile = path.join(root, "out", entry.replace(/\.ts$/, ".mjs"));
await esbuild.build({
  entryPoints: [entry],
  outfile,
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "inline",
  loader: { ".md": "text" },
  logLevel: "warning",
});
// Else its service keeps its memory for as long as the program runs.
await esbuild.stop();
process.setSourceMapsEnabled(true);
process.argv = [process.argv[0], outfile, ...args];
await import(pathToFileURL(outfile).href);
