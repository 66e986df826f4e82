import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build as bundle, context, transform } from "esbuild";
import { thirdPartyNotices } from "./notices.mjs";
import { root } from "./ready.mjs";

const node = { platform: "node", target: "node20", external: ["vscode"] };
const browser = { platform: "browser", target: "es2022", format: "iife" };

/**
 * What is shipped, by how it is bundled: the entries, the most kilobytes that each reads when it is loaded (its file and
 * the shared files that it names), and esbuild's options.
 */
const PARTS = {
  /** Only registers; one small file, since each editor window reads it. */
  activation: {
    entries: { extension: { source: "src/extension.ts", limit: 10 } },
    options: () => ({ ...node, format: "cjs", supported: { "dynamic-import": false }, plugins: [leaveEditor] }),
  },
  /**
   * Share their code in `core*.js`. `editor` is loaded with the first graph that a tab shows; every entry below `cli` with
   * the first use of what it holds, such as the first request to a server of its kind, a proxy, a tool or an import. Name
   * what another `import()` loads here, so that it gets a file name and a limit.
   */
  programs: {
    entries: {
      editor: { source: "src/editor/services.ts", limit: 1380 },
      cli: { source: "src/cli.ts", limit: 1345, banner: "#!/usr/bin/env node" },
      models: { source: "src/models/protocols/openai.ts", limit: 450 },
      queue: { source: "src/platform/queue/bull.ts", limit: 1700 },
      anthropic: { source: "src/models/protocols/anthropic.ts", limit: 700 },
      gemini: { source: "src/models/protocols/gemini.ts", limit: 1000 },
      corpus: { source: "src/data/corpus.ts", limit: 900 },
      retrieval: { source: "src/data/retrieval.ts", limit: 40 },
      simulated: { source: "src/models/simulated/simulated.ts", limit: 40 },
      import: { source: "src/import/import.ts", limit: 600 },
      examples: { source: "src/cli/examples/catalog.ts", limit: 60 },
      init: { source: "src/import/new-graph.ts", limit: 600 },
      move: { source: "src/cli/commands/migrate.ts", limit: 1345 },
      methods: { source: "src/cli/commands/compare.ts", limit: 1345 },
      migrate: { source: "src/editor/runs/commands/migrate.ts", limit: 1380 },
      compare: { source: "src/editor/runs/commands/compare-methods.ts", limit: 1380 },
      rate: { source: "src/cli/commands/rate.ts", limit: 1345 },
      rating: { source: "src/run/rate.ts", limit: 900 },
      tiers: { source: "src/editor/account/at-tier.ts", limit: 320 },
      "half-price": { source: "src/models/tiers/tiers.ts", limit: 320 },
      network: { source: "src/platform/undici.ts", limit: 400 },
      tools: { source: "src/platform/tools/mcp.ts", limit: 600 },
    },
    options: () => ({ ...node, format: "esm", splitting: true, chunkNames: "core-[hash]" }),
  },
  /** A thread that runs code of graphs: a virtual machine, and the compiler of types. Read with the first such code. */
  sandbox: {
    entries: { sandbox: { source: "src/platform/sandbox/thread.ts", limit: 1250 } },
    options: () => ({ ...node, format: "cjs" }),
  },
  /** Run in a browser; one file each. */
  pages: {
    entries: { webview: { source: "webview/main.ts", limit: 520 } },
    options: (seen) => ({ ...browser, plugins: [workerAsText(seen)] }),
  },
};

/** The module that loads the editor's files one by one; see `src/editor/parts.ts`. */
const EDITOR_PARTS = "editor-parts.js";

/** Leaves the editor to its own files. */
const leaveEditor = {
  name: "leave-editor",
  setup({ onResolve }) {
    onResolve({ filter: /\/editor\/services\.ts$/ }, () => ({ path: "./editor.js", external: true }));
    onResolve({ filter: /\/editor\/parts\.ts$/ }, () => ({ path: `./${EDITOR_PARTS}`, external: true }));
  },
};

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
  // `jsonc-parser`'s `main` is a UMD file that asks for its parts at run time and can't be bundled.
  mainFields: ["module", "main"],
  loader: { ".md": "text", ".css": "text" },
};

/**
 * Bundles into `dist/`: everything, with the licences of what is in it, or the named parts.
 * @returns one line per entry
 * @throws Error where an entry reads more than it may
 */
export async function build(names = Object.keys(PARTS)) {
  const shipped = new Set();
  const built = await Promise.all(
    names.map(async (name) => {
      const result = await bundle(optionsOf(name, shipped));
      for (const file of shippedIn(result.metafile)) shipped.add(file);
      return { name, ...(await filesOf(name, result, { minify: true })) };
    }),
  );
  const lines = built.flatMap(({ name, files, imports }) =>
    Object.entries(PARTS[name].entries).map(([entry, { limit }]) => sizeOf(`${entry}.js`, files, imports, limit)),
  );
  for (const { files } of built) for (const [name, contents] of files) put(`dist/${name}`, contents);
  const programs = built.find(({ name }) => name === "programs");
  if (programs !== undefined) removeOld(programs.files);
  if (names.length === Object.keys(PARTS).length) {
    put("dist/ThirdPartyNotices.txt", Buffer.from(thirdPartyNotices(root, shipped)));
  }
  return lines;
}

/** @param seen takes the files that go into workers */
function optionsOf(part, seen) {
  const { entries, options } = PARTS[part];
  const entryPoints = Object.fromEntries(Object.entries(entries).map(([name, { source }]) => [name, source]));
  return { ...shared, ...options(seen), entryPoints, outdir: "dist", write: false };
}

/** Contents and imported files, by file name. `style`: esbuild's options for how the code reads. */
async function filesOf(part, { outputFiles, metafile: { outputs } }, style) {
  const names = namesOf(outputs);
  const contents = outputFiles.map(async ({ path, text }) => {
    const name = names.get(basename(path));
    return [name, Buffer.from(part === "programs" ? await toCommonJs(name, text, names, style) : text)];
  });
  const imports = Object.entries(outputs).map(([path, output]) => {
    const read = output.imports.filter(({ kind, external }) => kind === "import-statement" && !external);
    return [names.get(basename(path)), read.map((file) => names.get(basename(file.path)))];
  });
  const all = { files: new Map(await Promise.all(contents)), imports: new Map(imports) };
  if (part === "programs") all.files.set(EDITOR_PARTS, Buffer.from(partsOf(readBy("editor.js", all.imports))));
  return all;
}

/** What a file reads when it is loaded, each file after those that it imports itself. */
function readBy(file, imports, read = new Set()) {
  for (const next of imports.get(file)) if (!read.has(next)) readBy(next, imports, read);
  return read.add(file);
}

function partsOf(files) {
  const loads = Array.from(files, (file) => `() => require("./${file}")`);
  return `"use strict";\nexports.parts = [\n  ${loads.join(",\n  ")},\n];\n`;
}

/**
 * Our file names, by those of esbuild, whose hashes depend on the folder that the sources are in. The largest shared file
 * is `core.js`.
 */
function namesOf(outputs) {
  const all = Object.entries(outputs).map(([path, { bytes }]) => ({ name: basename(path), bytes }));
  const isShared = ({ name }) => /-[A-Z0-9]{8}\.js$/.test(name);
  const cores = all.filter(isShared).sort((a, b) => b.bytes - a.bytes);
  return new Map([
    ...all.filter((file) => !isShared(file)).map(({ name }) => [name, name]),
    ...cores.map(({ name }, index) => [name, index === 0 ? "core.js" : `core-${index}.js`]),
  ]);
}

/** esbuild shares code between ES modules alone; `require` works in every extension host and delays what is lazy. */
async function toCommonJs(name, text, names, style) {
  const named = text.replace(/"\.\/([\w-]+\.js)"/g, (all, file) => (names.has(file) ? `"./${names.get(file)}"` : all));
  const { code } = await transform(named, {
    ...style,
    banner: PARTS.programs.entries[name.replace(/\.js$/, "")]?.banner,
    format: "cjs",
    platform: node.platform,
    target: node.target,
    legalComments: "none",
    supported: { "dynamic-import": false },
  });
  return code;
}

/** One line on an entry and all that it reads when it is loaded. */
function sizeOf(entry, files, imports, limit) {
  const kilobytes = [...readBy(entry, imports)].reduce((sum, file) => sum + files.get(file).length, 0) / 1000;
  if (kilobytes > limit) {
    throw new Error(`dist/${entry} reads ${kilobytes.toFixed(1)} KB when it is loaded; it may read ${limit} KB.`);
  }
  const own = (files.get(entry).length / 1000).toFixed(1).padStart(6);
  return `dist/${entry.padEnd(12)} ${own} KB, reads ${kilobytes.toFixed(1).padStart(6)} of ${limit} KB`;
}

/** Removes what an earlier build left in `dist/`: it would ship too. */
function removeOld(files) {
  const known = new Set([
    ...files.keys(),
    ...Object.values(PARTS).flatMap(({ entries }) => Object.keys(entries).map((name) => `${name}.js`)),
  ]);
  const old = readdirSync(join(root, "dist")).filter((name) => name.endsWith(".js") && !known.has(name));
  for (const name of old) rmSync(join(root, "dist", name), { force: true });
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
  const style = { minify: false, sourcemap: "inline" };
  for (const part of Object.keys(PARTS)) {
    const written = {
      name: "written",
      setup({ onEnd }) {
        onEnd(async (result) => {
          if (result.errors.length > 0) return;
          const { files } = await filesOf(part, result, style);
          for (const [name, contents] of files) put(`dist/${name}`, contents);
        });
      },
    };
    const { plugins = [], ...options } = optionsOf(part, new Set());
    const readable = { ...options, ...style, logLevel: "silent", plugins: [...plugins, written, lines] };
    await (await context(readable)).watch();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const parts = process.argv.slice(2);
    if (parts[0] === "--watch") await watch();
    else for (const line of await build(parts.length > 0 ? parts : undefined)) console.log(line);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
