import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build as bundle, context } from "esbuild";
import { thirdPartyNotices } from "./notices.mjs";
import { root } from "./ready.mjs";

const node = { platform: "node", target: "node20", format: "cjs" };
const browser = { platform: "browser", target: "es2022", format: "iife" };

const LAZY = {
  editor: { filter: /\/editor\/services\.ts$/, path: "./editor.js" },
  sdk: { filter: /^openai(\/|$)/, path: "./models.js" },
  network: { filter: /\/undici\.ts$/, path: "./network.js" },
};

/**
 * What is shipped: entry, platform, what is left to another bundle, and the most kilobytes it may have. The extension
 * itself only registers; `editor` is read when the user first looks at something, the SDK on the first request, and
 * `network` only where the command line goes through a proxy or trusts certificates of one's own.
 */
const BUNDLES = [
  { name: "extension", entry: "src/extension.ts", limit: 200, ...node, external: ["vscode"], apart: [LAZY.editor] },
  { name: "editor", entry: "src/editor/services.ts", limit: 1050, ...node, external: ["vscode"], apart: [LAZY.sdk] },
  { name: "models", entry: "openai", limit: 500, ...node, apart: [] },
  {
    name: "cli",
    entry: "src/cli.ts",
    limit: 1000,
    ...node,
    banner: { js: "#!/usr/bin/env node" },
    apart: [LAZY.sdk, LAZY.network],
  },
  { name: "network", entry: "src/platform/undici.ts", limit: 400, ...node, apart: [] },
  { name: "webview", entry: "webview/main.ts", limit: 520, ...browser, apart: [] },
];

/** Leaves what `filter` matches to a bundle of its own. */
function leaveApart({ filter, path }) {
  return {
    name: `apart ${path}`,
    setup({ onResolve }) {
      onResolve({ filter }, ({ kind }) => (kind === "entry-point" ? undefined : { path, external: true }));
    },
  };
}

/**
 * `import source from "./worker.ts?worker"`: a worker's bundled source as text, since the page may load no further file.
 * @param seen takes the files that went into it
 */
const workerAsText = (seen) => ({
  name: "worker-as-text",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\?worker$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace(/\?worker$/, "")),
      namespace: "worker",
    }));
    onLoad({ filter: /.*/, namespace: "worker" }, async ({ path }) => {
      const { outputFiles, metafile } = await bundle({ ...shared, ...browser, entryPoints: [path], write: false });
      for (const file of shippedIn(metafile)) seen.add(file);
      const watchFiles = Object.keys(metafile.inputs).map((file) => join(root, file));
      return { contents: outputFiles[0].text, loader: "text", watchFiles };
    });
  },
});

/** Files of which something is left in the output. */
function shippedIn({ outputs }) {
  return Object.values(outputs).flatMap(({ inputs }) =>
    Object.keys(inputs).filter((file) => inputs[file].bytesInOutput > 0),
  );
}

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

/**
 * Bundles into `dist/`: everything, with the licences of what is in it, or the named bundles. Returns one line a bundle;
 * throws where one is larger than it may be.
 */
export async function build(names = BUNDLES.map(({ name }) => name)) {
  const wanted = BUNDLES.filter(({ name }) => names.includes(name));
  const present = wanted.filter(({ entry }) => !entry.includes("/") || existsSync(join(root, entry)));
  const shipped = new Set();
  const lines = await Promise.all(
    present.map(async ({ name, entry, limit, apart, ...options }) => {
      const outfile = `dist/${name}.js`;
      const { metafile, outputFiles } = await bundle({
        ...shared,
        ...bundleOptions({ entry, outfile, apart, ...options }, shipped),
        write: false,
      });
      for (const file of shippedIn(metafile)) shipped.add(file);
      const [{ contents }] = outputFiles;
      const kilobytes = contents.length / 1000;
      if (kilobytes > limit) throw new Error(`${outfile} has ${kilobytes.toFixed(1)} KB; it may have ${limit} KB.`);
      put(outfile, contents);
      return `${outfile.padEnd(18)} ${kilobytes.toFixed(1).padStart(7)} KB of ${limit} KB`;
    }),
  );
  if (present.length === BUNDLES.length) {
    put("dist/ThirdPartyNotices.txt", Buffer.from(thirdPartyNotices(root, shipped)));
  }
  return lines;
}

/** @param shipped takes the files that go into a worker */
function bundleOptions({ entry, outfile, apart, ...options }, shipped) {
  return {
    ...options,
    entryPoints: [entry],
    outfile,
    plugins: [...apart.map(leaveApart), workerAsText(shipped)],
    // `import()` of our own lazily evaluated modules becomes `require`, which works in every extension host.
    supported: options.platform === "node" ? { "dynamic-import": false } : {},
  };
}

/** Writes a file whole, and only if it changes: suites that run beside each other build and read the same bundles. */
function put(file, contents) {
  const path = join(root, file);
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, contents);
  renameSync(partial, path);
}

/** Builds each bundle again when a source changes, readable and with source maps; the lines are for the editor's task. */
async function watch() {
  let building = 0;
  const lines = {
    name: "lines",
    setup({ onStart, onEnd }) {
      onStart(() => {
        if (building++ === 0) console.log("[watch] build started");
      });
      onEnd(({ errors }) => {
        for (const { text, location } of errors) {
          console.error(`✘ [ERROR] ${text}\n    ${location?.file}:${location?.line}:${location?.column}:`);
        }
        if (--building === 0) console.log("[watch] build finished");
      });
    },
  };
  for (const { name, limit: _, ...options } of BUNDLES) {
    const { plugins, ...all } = bundleOptions({ outfile: `dist/${name}.js`, ...options }, new Set());
    const readable = { minify: false, sourcemap: "inline", logLevel: "silent" };
    const watched = await context({ ...shared, ...all, ...readable, plugins: [...plugins, lines] });
    await watched.watch();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const names = process.argv.slice(2);
    if (names[0] === "--watch") await watch();
    else for (const line of await build(names.length > 0 ? names : undefined)) console.log(line);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
