import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";

const platform = `node-${process.platform}-${process.arch}`;

interface Release {
  /** The version of `code-server`: 4.N.x serves VS Code 1.N. */
  readonly codeServer: string;
  /** The Node that it runs on. */
  readonly node: string;
  /** Flags that send messages uncompressed, since they never leave this machine. */
  readonly local: readonly string[];
  /** Flags that let the page's address name an extension under development and its tests. */
  readonly driver: readonly string[];
  /** Whether a flag says where VS Code's own extensions are. */
  readonly canChoose: boolean;
}

/** The VS Code that the suites run in, and the oldest that `engines.vscode` in package.json admits. */
const RELEASES = {
  newest: {
    codeServer: "4.139.1",
    node: "24.21.0",
    local: ["--vscode-option", "disable-websocket-compression"],
    driver: ["--vscode-option", "enable-smoke-test-driver"],
    canChoose: true,
  },
  oldest: { codeServer: "4.105.1", node: "22.23.5", local: [], driver: [], canChoose: false },
} as const satisfies Record<string, Release>;

export type ReleaseName = keyof typeof RELEASES;

export interface InstalledVscode {
  /** The server's main program, run by `node`. */
  readonly server: string;
  /** The Node that the server wants. */
  readonly node: string;
  readonly local: readonly string[];
  readonly driver: readonly string[];
  /** Flags that leave out VS Code's own extensions that have nothing to do with a graph's files. */
  readonly few: readonly string[];
}

/** Which VS Code this process uses: `AGENTGRAPH_VSCODE=oldest`, or the newest. */
export function releaseWanted(): ReleaseName {
  const name = process.env.AGENTGRAPH_VSCODE ?? "newest";
  if (name === "newest" || name === "oldest") return name;
  throw new Error(`AGENTGRAPH_VSCODE is “${name}”; it can be newest or oldest.`);
}

/**
 * Installs a real VS Code (server and workbench) under `.vscode-test/`, from npm alone: no compiler, no install script.
 * Returns at once if it is installed already.
 */
export function installVscode(name: ReleaseName = releaseWanted()): InstalledVscode {
  const release = RELEASES[name];
  const folder = path.resolve(".vscode-test", `code-server-${release.codeServer}`);
  const stamp = path.join(folder, "ready.json");
  const { codeServer, node } = release;
  const wanted = JSON.stringify({ codeServer, node, platform, layout: 3 });
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
    console.log(`Installing VS Code (code-server ${release.codeServer}) from npm (once, about 20 seconds) …`);
    install(folder, release);
    writeFileSync(stamp, wanted);
  }
  const server = path.join(folder, "node_modules/code-server");
  return {
    server,
    few: release.canChoose ? ["--vscode-option", `builtin-extensions-dir=${fewExtensions(folder, server)}`] : [],
    node: path.join(folder, "node_modules", platform, "bin/node"),
    local: release.local,
    driver: release.driver,
  };
}

/** VS Code's own extensions for the files beside a graph, for git, and for what the themes and messages look like. */
const NEEDED = [
  ...["configuration-editing", "extension-editing", "json", "json-language-features", "markdown-basics"],
  ...["markdown-language-features", "yaml", "javascript", "typescript-basics", "python", "ini", "log", "shellscript"],
  ...["git", "git-base", "diff", "merge-conflict", "references-view", "search-result", "media-preview"],
  "theme-defaults",
];

/** A folder with links to the extensions that are needed. */
function fewExtensions(folder: string, server: string): string {
  const few = path.join(folder, "extensions");
  mkdirSync(few, { recursive: true });
  for (const name of NEEDED) {
    const from = path.join(server, "lib/vscode/extensions", name);
    // Another process may be making the same link.
    if (!existsSync(path.join(few, name))) tryLink(from, path.join(few, name));
  }
  return few;
}

function tryLink(from: string, to: string): void {
  try {
    symlinkSync(from, to, "junction");
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

function install(folder: string, { codeServer, node }: Release): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, "package.json"),
    JSON.stringify({ private: true, dependencies: { "code-server": codeServer, [platform]: node } }),
  );
  npm(folder, "install");
  const server = path.join(folder, "node_modules/code-server");
  const vscode = path.join(server, "lib/vscode");
  useReleasedWatcher(vscode);
  // `npm ci` refuses here: the shipped shrinkwrap and package.json differ.
  npm(vscode, "install", "--omit=dev");
  npm(path.join(vscode, "extensions"), "install", "--omit=dev");
  const modules = path.join(vscode, "node_modules");
  writeModule(path.join(modules, "@vscode/spdlog"), SPDLOG);
  writeModule(path.join(modules, "@vscode/native-watchdog"), WATCHDOG);
  writeModule(path.join(modules, "native-watchdog"), WATCHDOG);
  const argon = path.join(folder, "node_modules/argon2");
  if (!existsSync(path.join(argon, "prebuilds"))) writeModule(argon, ARGON);
  addRipgrep(folder, modules);
}

/** Until 1.108 VS Code took `@parcel/watcher` from GitHub, as source; the release on npm brings it built. */
function useReleasedWatcher(vscode: string): void {
  const manifest = path.join(vscode, "package.json");
  const content = JSON.parse(readFileSync(manifest, "utf8"));
  if (!/#|git/.test(content.dependencies["@parcel/watcher"] ?? "")) return;
  content.dependencies["@parcel/watcher"] = WATCHER;
  writeFileSync(manifest, JSON.stringify(content));
  const shrinkwrap = path.join(vscode, "npm-shrinkwrap.json");
  const lock = JSON.parse(readFileSync(shrinkwrap, "utf8"));
  lock.packages[""].dependencies["@parcel/watcher"] = WATCHER;
  delete lock.packages["node_modules/@parcel/watcher"];
  writeFileSync(shrinkwrap, JSON.stringify(lock));
}

const WATCHER = "2.5.1";

/** Before `@vscode/ripgrep-universal`, VS Code's search program was downloaded by an install script. */
function addRipgrep(folder: string, modules: string): void {
  const old = path.join(modules, "@vscode/ripgrep");
  if (!existsSync(old)) return;
  npm(folder, "install", "--no-save", "@vscode/ripgrep-universal@1.18.0");
  const name = process.platform === "win32" ? "rg.exe" : "rg";
  const universal = path.join(folder, "node_modules/@vscode/ripgrep-universal/bin");
  mkdirSync(path.join(old, "bin"), { recursive: true });
  copyFileSync(path.join(universal, `${process.platform}-${process.arch}`, name), path.join(old, "bin", name));
}

/** Replaces a native module, which nothing has built, where the package is installed. */
function writeModule(folder: string, source: string): void {
  if (!existsSync(folder)) return;
  const manifest = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const main = path.join(folder, manifest.main ?? "index.js");
  mkdirSync(path.dirname(main), { recursive: true });
  writeFileSync(main.endsWith(".js") || main.endsWith(".cjs") ? main : `${main}.js`, source);
}

function npm(cwd: string, ...args: string[]) {
  const env = { ...process.env };
  // Inside an npm script, npm's own variables would steer the inner npm.
  for (const key of Object.keys(env)) {
    if (/^npm_(config_(?!registry|cache|cafile)|lifecycle|package)/i.test(key)) delete env[key];
  }
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"];
  const isWindows = process.platform === "win32";
  execFileSync(isWindows ? "npm.cmd" : "npm", [...args, ...quiet], {
    cwd,
    env,
    shell: isWindows,
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 600_000,
  });
}

// Two native modules that stay unbuilt are loaded at every start. VS Code imports them from ESM and finds only plain `exports.x =`.
const SPDLOG = `const fs = require('fs');
class Logger {
  constructor(name, file) { this.fd = file ? fs.openSync(file, 'a') : undefined; this.level = 2; this.raw = false; }
  getLevel() { return this.level; } setLevel(l) { this.level = l; } setPattern() {} clearFormatters() { this.raw = true; }
  w(l, n, m) { if (l >= this.level && this.fd !== undefined) try { fs.writeSync(this.fd, this.raw ? m : new Date().toISOString() + ' [' + n + '] ' + m + '\\n'); } catch {} }
  trace(m) { this.w(0, 'trace', m); } debug(m) { this.w(1, 'debug', m); } info(m) { this.w(2, 'info', m); } warn(m) { this.w(3, 'warning', m); } error(m) { this.w(4, 'error', m); } critical(m) { this.w(5, 'critical', m); }
  flush() {} drop() { if (this.fd !== undefined) { try { fs.closeSync(this.fd); } catch {} this.fd = undefined; } }
}
const make = async (name, file) => { fs.mkdirSync(require('path').dirname(file), { recursive: true }); return new Logger(name, file); };
exports.version = 0; exports.Logger = Logger; exports.setLevel = () => {}; exports.setFlushOn = () => {};
exports.createRotatingLogger = make; exports.createAsyncRotatingLogger = make;
`;

const WATCHDOG = `exports.start = pid => { setInterval(() => { try { process.kill(pid, 0); } catch { process.exit(87); } }, 3000).unref(); };
exports.exit = code => process.exit(code);
`;

/** The server starts without a password, so none is ever hashed. */
const ARGON = `exports.hash = exports.verify = () => Promise.reject(new Error("argon2 is not built"));
`;
