import path from "node:path";
import { build } from "esbuild";

/** Bundles the suites for the extension host; returns the path of the bundle. */
export async function buildHostSuite(): Promise<string> {
  const outfile = path.resolve("out/host/index.js");
  await build({
    entryPoints: ["test/host/index.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    sourcemap: "inline",
    external: ["vscode", "mocha"],
    mainFields: ["module", "main"],
    loader: { ".md": "text" },
    // CommonJS has none; what is read from there stands in another folder of `test`.
    define: { "import.meta.dirname": JSON.stringify(path.resolve("test/host")) },
    logLevel: "warning",
  });
  return outfile;
}
