import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build as bundle } from "esbuild";
import { root } from "./ready.mjs";

const node = { platform: "node", target: "node20", format: "cjs" };
const browser = { platform: "browser", target: "es2022", format: "iife" };

/** What is shipped: entry, platform and the most kilobytes it may have. */
const BUNDLES = [
  { name: "extension", entry: "src/extension.ts", limit: 200, ...node, external: ["vscode"] },
  { name: "models", entry: "openai", limit: 500, ...node },
  { name: "cli", entry: "src/cli.ts", limit: 400, ...node, banner: { js: "#!/usr/bin/env node" } },
  { name: "webview", entry: "webview/main.ts", limit: 520, ...browser },
];

/** The SDK is large and seldom needed at once: it stays in `models.js`, which is read on the first request. */
const sdkApart = {
  name: "sdk-apart",
  setup({ onResolve }) {
    onResolve({ filter: /^openai(\/|$)/ }, ({ kind }) =>
      kind === "entry-point" ? undefined : { path: "./models.js", external: true },
    );
  },
};

/** `import source from "./worker.ts?worker"`: a worker's bundled source as text, since the page may load no further file. */
const workerAsText = {
  name: "worker-as-text",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\?worker$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace(/\?worker$/, "")),
      namespace: "worker",
    }));
    onLoad({ filter: /.*/, namespace: "worker" }, async ({ path }) => {
      const { outputFiles, metafile } = await bundle({ ...shared, ...browser, entryPoints: [path], write: false });
      const watchFiles = Object.keys(metafile.inputs).map((file) => join(root, file));
      return { contents: outputFiles[0].text, loader: "text", watchFiles };
    });
  },
};

const shared = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  metafile: true,
  legalComments: "none",
  logLevel: "warning",
  // `jsonc-parser`'s `main` is a UMD file that asks for its parts at run time and cannot be bundled.
  mainFields: ["module", "main"],
  loader: { ".md": "text", ".css": "text" },
};

/** Bundles everything into `dist/`. Returns one line a bundle; throws where a bundle is larger than it may be. */
export async function build() {
  const present = BUNDLES.filter(({ entry }) => entry === "openai" || existsSync(join(root, entry)));
  const lines = await Promise.all(
    present.map(async ({ name, entry, limit, ...options }) => {
      const outfile = `dist/${name}.js`;
      await bundle({
        ...shared,
        ...options,
        entryPoints: [entry],
        outfile,
        plugins: name === "models" ? [] : [sdkApart, workerAsText],
        // `import()` of our own lazily evaluated modules becomes `require`, which works in every extension host.
        supported: options.platform === "node" ? { "dynamic-import": false } : {},
      });
      const kilobytes = statSync(join(root, outfile)).size / 1000;
      if (kilobytes > limit) throw new Error(`${outfile} has ${kilobytes.toFixed(1)} KB; it may have ${limit} KB.`);
      return `${outfile.padEnd(18)} ${kilobytes.toFixed(1).padStart(7)} KB of ${limit} KB`;
    }),
  );
  return lines;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    for (const line of await build()) console.log(line);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
