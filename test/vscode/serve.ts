import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { installVscode } from "./install.ts";

export interface ServedVscode {
  readonly url: string;
  /** Host and port, as they stand in `vscode-remote://` addresses. */
  readonly authority: string;
  readonly pid: number;
  /** Holds everything that this VS Code writes: settings, state, logs, its home. */
  readonly root: string;
  /** Holds the installed extensions, also those of other servers that have the same. */
  readonly extensions: string;
  log(): string;
  /** Changes settings while VS Code runs. Returns the title of a window that has read them; it may miss a change. */
  set(settings: Readonly<Record<string, unknown>>): string;
  /** Changes the settings to those of the start and these. Returns what `set` does. */
  replace(settings: Readonly<Record<string, unknown>>): string;
  /** Ends all windows' extension hosts, and makes the user's data and home as empty as at the start. */
  fresh(settings?: Readonly<Record<string, unknown>>): Promise<void>;
  stop(): Promise<void>;
}

export interface ServeOptions {
  /** Installed first; without it the extension has to come as an extension under development. */
  readonly vsix?: string;
  /** Packed extensions of others, installed beside it. */
  readonly others?: readonly string[];
  /** Only those of VS Code's own extensions that a graph's files concern: a window starts with 1.8 fewer processor seconds. */
  readonly fewExtensions?: boolean;
  /** Lets the page's address name an extension under development and its tests; hides toasts and dialogs. */
  readonly testDriver?: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: any free port. */
  readonly port?: number;
}

/** Starts a real VS Code on this machine with empty settings, extensions and home folder; `stop` ends all its processes. */
export async function serveVscode(options: ServeOptions): Promise<ServedVscode> {
  const { server, node, local, driver, few } = installVscode();
  // Short: a socket's path in it has to stay under 108 bytes.
  const root = mkdtempSync(path.join(tmpdir(), "agv-"));
  const at = (name: string) => path.join(root, name);
  const settings: Record<string, unknown> = {};
  /** How often the settings were written. */
  let turn = 0;
  // Where the window is remote, as it is here, the file of the machine comes after the user's own, and alone is read again
  // whenever it changes.
  const write = (kind: "User" | "Machine", content: object) =>
    writeFileSync(at(`data/${kind}/settings.json`), JSON.stringify(content, null, 2));
  const set = (changed: Readonly<Record<string, unknown>>) => {
    const title = `settings ${++turn}`;
    write("Machine", Object.assign(settings, changed, { "window.title": title }));
    return title;
  };
  const start = (own: Readonly<Record<string, unknown>>) => {
    for (const name of Object.keys(settings)) delete settings[name];
    return Object.assign(settings, STEADY, own);
  };
  const replace = (own: Readonly<Record<string, unknown>>) => set(start(own));
  const furnish = (own: Readonly<Record<string, unknown>> = {}) => {
    for (const name of ["data/User", "data/Machine", "data/CachedProfilesData", "home", "tmp"]) {
      rmSync(at(name), { recursive: true, force: true, maxRetries: 5 });
      mkdirSync(at(name), { recursive: true });
    }
    write("Machine", start(own));
    const users = Object.entries(own).filter(([name]) => OF_USER.test(name));
    write("User", { ...STEADY, ...Object.fromEntries(users) });
    writeFileSync(at("data/User/keybindings.json"), JSON.stringify(KEYS));
    writeFileSync(at("home/.gitconfig"), GITCONFIG);
  };
  furnish(options.settings);
  writeFileSync(at("config.yaml"), "auth: none\n");

  const env: NodeJS.ProcessEnv = {
    ...process.env,
    HOME: at("home"),
    TMPDIR: at("tmp"),
    CI: "1",
    EXTENSIONS_GALLERY: "{}",
    GIT_CONFIG_GLOBAL: at("home/.gitconfig"),
    // The server and the extension host of each window load the same code: V8 compiles it once.
    NODE_COMPILE_CACHE: path.resolve(".vscode-test/compiled"),
    ...options.env,
  };
  for (const key of ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "VSCODE_IPC_HOOK_CLI", "NODE_OPTIONS"]) {
    delete env[key];
  }
  const packed = [...(options.vsix ? [options.vsix] : []), ...(options.others ?? [])];
  const own = ["--user-data-dir", at("data"), "--config", at("config.yaml")];
  const extensions = await installed(packed, { node, server, own, env });
  const folders = [...own, "--extensions-dir", extensions];
  const port = options.port ?? (await freePort());
  const log = openSync(at("server.log"), "w");
  const flags = ["--auth", "none", "--bind-addr", `127.0.0.1:${port}`, "--disable-telemetry", "--disable-update-check"];
  flags.push("--disable-getting-started-override", "--ignore-last-opened", ...local);
  if (options.testDriver) flags.push(...driver);
  if (options.fewExtensions) flags.push(...few);
  const child = spawn(node, [server, ...folders, ...flags], { env, stdio: ["ignore", log, log], detached: true });
  const letGo = endWithUs(child);

  const readLog = () => readFileSync(at("server.log"), "utf8");
  const stop = async () => {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    signal(child, "SIGTERM");
    await Promise.race([gone, wait(5000)]);
    signal(child, "SIGKILL");
    letGo();
    rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  const url = `http://127.0.0.1:${port}/`;
  for (let waited = 0; !(await healthy(url)); waited += 100) {
    if (waited > 120_000 || child.exitCode !== null) {
      const end = readLog().slice(-3000);
      await stop();
      throw new Error(`VS Code did not start:\n${end}`);
    }
    await wait(100);
  }
  let ended = 0;
  const fresh = async (own?: Readonly<Record<string, unknown>>) => {
    const hosts = [...readLog().matchAll(/<(\d+)> Launched Extension Host Process/g)].map(([, pid]) => Number(pid));
    for (const pid of hosts.slice(ended)) await gone(pid);
    ended = hosts.length;
    furnish(own);
  };
  const authority = `127.0.0.1:${port}`;
  return { url, authority, pid: child.pid ?? 0, root, extensions, log: readLog, set, replace, fresh, stop };
}

interface Installer {
  readonly node: string;
  readonly server: string;
  /** Flags that keep what is written in one place. */
  readonly own: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Folders of installed extensions by the packed files, made once for all servers of this process. */
const installations = new Map<string, Promise<string>>();

function installed(packed: readonly string[], installer: Installer): Promise<string> {
  const key = packed.join("\n");
  const known = installations.get(key) ?? install(packed, installer);
  installations.set(key, known);
  known.catch(() => installations.delete(key));
  return known;
}

async function install(packed: readonly string[], { node, server, own, env }: Installer): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), "agx-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  if (packed.length === 0) return folder;
  const files = packed.flatMap((file) => ["--install-extension", file]);
  await promisify(execFile)(node, [server, ...own, "--extensions-dir", folder, ...files], { env, timeout: 300_000 });
  return folder;
}

/** What would make the interface move on its own, or ask the outside, is off; so is the overview of each editor, which is drawn anew with each change. */
const STEADY = {
  "security.workspace.trust.enabled": false,
  "workbench.reduceMotion": "on",
  "editor.cursorBlinking": "solid",
  "editor.minimap.enabled": false,
  "workbench.startupEditor": "none",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "workbench.enableExperiments": false,
  "chat.disableAIFeatures": true,
  "git.openRepositoryInParentFolders": "always",
  "git.autofetch": false,
  "workbench.tips.enabled": false,
  "workbench.editor.useModal": "off",
  "window.restoreWindows": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "npm.fetchOnlinePackageInfo": false,
  "typescript.disableAutomaticTypeAcquisition": true,
  // Else the extension host lists the open files of all processes again and again.
  "remote.autoForwardPorts": false,
  "workbench.settings.enableNaturalLanguageSearch": false,
};

/** Settings that VS Code reads from the user's own file alone, when a window opens. */
const OF_USER = /^(security|chat)\./;

/**
 * Keys for what a suite does between the acts of a user. Through the palette each of them would take about half a second,
 * since VS Code draws, sorts and filters all its commands.
 */
export const KEY_OF = {
  "notifications.clearAll": "Control+Alt+Shift+F1",
  "notifications.showList": "Control+Alt+Shift+F5",
  "workbench.action.closeAllEditors": "Control+Alt+Shift+F2",
  "workbench.action.closePanel": "Control+Alt+Shift+F3",
  "workbench.action.focusActiveEditorGroup": "Control+Alt+Shift+F4",
} as const;

const KEYS = Object.entries(KEY_OF).map(([command, key]) => ({
  command,
  key: key.toLowerCase().replace("control", "ctrl"),
}));

const GITCONFIG = `[user]
  name = Tester
  email = tester@example.invalid
[commit]
  gpgsign = false
[init]
  defaultBranch = main
`;

/**
 * The server leads its own process group, so that one signal ends it with its extension host and language servers.
 * @returns what ends the tie
 */
function endWithUs(child: ChildProcess): () => void {
  const end = () => signal(child, "SIGKILL");
  const leave = () => process.exit(1);
  process.once("exit", end);
  for (const name of SIGNALS) process.once(name, leave);
  return () => {
    process.off("exit", end);
    for (const name of SIGNALS) process.off(name, leave);
  };
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function signal(child: ChildProcess, name: NodeJS.Signals) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // It has ended already.
  }
}

/** An extension host ends by itself when its window says that it goes; one that was still starting is not told, and is ended. */
async function gone(pid: number): Promise<void> {
  for (let waited = 0; isRunning(pid); waited += 50) {
    if (waited === 2000) process.kill(pid, "SIGKILL");
    if (waited > 20_000) throw new Error(`The extension host ${pid} outlives its window.`);
    await wait(50);
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function healthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}healthz`)).ok;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

function wait(milliseconds: number) {
  return new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
}
