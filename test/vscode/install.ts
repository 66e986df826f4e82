import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const CODE_SERVER = "4.139.1";
const NODE = "24.21.0";
const platform = `node-${process.platform}-${process.arch}`;

export interface InstalledVscode {
  /** The server's main program, run by `node`. */
  readonly server: string;
  /** The Node that the server wants. */
  readonly node: string;
}

/**
 * Puts a real VS Code (server and workbench) under `folder`, from npm alone: no compiler, no install script.
 * Returns at once where it stands already.
 */
export function installVscode(folder: string): InstalledVscode {
  const stamp = path.join(folder, "ready.json");
  const wanted = JSON.stringify({ CS: CODE_SERVER, NODE, plat: platform, v: 2 });
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
    console.log("Fetching VS Code from npm (once, about 20 seconds) …");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      path.join(folder, "package.json"),
      JSON.stringify({ private: true, dependencies: { "code-server": CODE_SERVER, [platform]: NODE } }),
    );
    npm(folder, "install");
    const vscode = path.join(folder, "node_modules/code-server/lib/vscode");
    // `npm ci` refuses here: the shipped shrinkwrap and package.json differ.
    npm(vscode, "install", "--omit=dev");
    npm(path.join(vscode, "extensions"), "install", "--omit=dev");
    writeFileSync(path.join(vscode, "node_modules/@vscode/spdlog/index.js"), SPDLOG);
    writeFileSync(path.join(vscode, "node_modules/@vscode/native-watchdog/index.js"), WATCHDOG);
    writeFileSync(stamp, wanted);
  }
  return {
    server: path.join(folder, "node_modules/code-server"),
    node: path.join(folder, "node_modules", platform, "bin/node"),
  };
}

function npm(cwd: string, ...args: string[]) {
  const env = { ...process.env };
  // Inside an npm script, npm's own variables would steer the inner npm.
  for (const key of Object.keys(env)) {
    if (/^npm_(config_(?!registry|cache|cafile)|lifecycle|package)/i.test(key)) delete env[key];
  }
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"];
  execFileSync("npm", [...args, ...quiet], { cwd, env, stdio: ["ignore", "ignore", "inherit"], timeout: 600_000 });
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
