import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { type BrowserContext, chromium, type Page } from "playwright-core";

export interface Browser {
  readonly context: BrowserContext;
  /** The page that is open now; `fresh` replaces it. */
  readonly page: Page;
  /** Requests off this machine since the last `fresh`: all of them were refused. */
  readonly outside: readonly string[];
  /** Opens an empty page in place of those that are open, and forgets what the origins have stored, but not their files. */
  fresh(size: Size, origins: readonly string[]): Promise<Page>;
  stop(): Promise<void>;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** All that a page can keep, but for the cache of files and of compiled scripts. */
const STORED = "cookies,file_systems,indexeddb,local_storage,service_workers,cache_storage,websql";

/**
 * Features of Chromium that are off. Of two lists the last one counts, so this one also has those of playwright's own that
 * concern pages. With the first one on, Chromium writes what it has compiled of a page's scripts and never reads it.
 */
const FEATURES_OFF = [
  "BackgroundResourceFetch",
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "HttpsUpgrades",
  "MediaRouter",
  "OptimizationHints",
  "PaintHolding",
  "ThirdPartyStoragePartitioning",
];

/**
 * A headless Chromium with a fresh profile. `AGENTGRAPH_CHROME` names a system's own browser;
 * without it the one inside @sparticuz/chromium is unpacked under `.vscode-test/`.
 */
export async function startBrowser(size: Size): Promise<Browser> {
  const own = process.env.AGENTGRAPH_CHROME;
  const packed = own ? null : unpackBrowser();
  const profile = mkdtempSync(path.join(tmpdir(), "agb-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: own ?? packed?.executable,
    headless: true,
    // For the browser alone: its libraries are older than the system's.
    env: packed
      ? { ...strings(process.env), LD_LIBRARY_PATH: packed.libraries, FONTCONFIG_PATH: packed.fonts }
      : undefined,
    viewport: size,
    permissions: ["clipboard-read", "clipboard-write"],
    args: [
      "--no-sandbox",
      `--disable-features=${FEATURES_OFF.join(",")}`,
      // Compiled scripts are kept from their first load on (3: whether or not they were loaded before), not from the second.
      "--blink-settings=v8CacheOptions=3",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
      "--force-color-profile=srgb",
      // Refused here and not by a route of playwright's, which would turn the browser's cache off.
      "--no-proxy-server",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    ],
  });
  // VS Code is thousands of lines that a busy machine compiles anew in each fresh window.
  context.setDefaultNavigationTimeout(120_000);
  await context.addInitScript(standStill);
  const outside: string[] = [];
  context.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith("http") && !["127.0.0.1", "localhost"].includes(hostname)) outside.push(request.url());
  });
  let page = context.pages()[0] ?? (await context.newPage());
  return {
    context,
    get page() {
      return page;
    },
    outside,
    async fresh(next, origins) {
      const before = context.pages();
      page = await context.newPage();
      // Left first: a page that is closed at once does not tell its server that it goes.
      await Promise.all(before.map((old) => old.goto("about:blank").then(() => old.close())));
      const devtools = await context.newCDPSession(page);
      for (const origin of origins) {
        await devtools.send("Storage.clearDataForOrigin", { origin, storageTypes: STORED });
      }
      await devtools.detach();
      await page.setViewportSize(next);
      outside.length = 0;
      return page;
    },
    async stop() {
      await Promise.race([context.close(), new Promise((resolve) => setTimeout(resolve, 10_000).unref())]);
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/**
 * Runs in each page before its own scripts: endless animations, such as those of progress, would make the browser draw
 * a whole window up to 60 times a second without a graphics card. So would each of VS Code's scroll bars,
 * which fade for 0.8 seconds.
 */
function standStill(): void {
  const style = new CSSStyleSheet();
  const once = "animation-iteration-count: 1 !important; animation-duration: 1ms !important";
  style.replaceSync(`*, *::before, *::after { ${once} } .scrollbar { transition: none !important }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, style];
}

/** Unpacks the browser of `@sparticuz/chromium` if that was not done yet. */
export function unpackBrowser(from = "node_modules/@sparticuz/chromium", to = ".vscode-test/chromium") {
  const folder = path.resolve(to);
  const executable = path.join(folder, "chromium");
  if (!existsSync(path.join(folder, "ok"))) {
    mkdirSync(folder, { recursive: true });
    const open = (name: string) =>
      brotliDecompressSync(readFileSync(path.join(from, "bin", name)), { maxOutputLength: 2 ** 30 });
    writeFileSync(executable, open("chromium.br"), { mode: 0o755 });
    for (const name of ["al2023.tar.br", "fonts.tar.br", "swiftshader.tar.br"]) {
      execFileSync("tar", ["x", "-C", folder, "--no-same-owner"], { input: open(name), maxBuffer: 2 ** 30 });
    }
    // The package's own fonts.conf looks in a temporary folder; without a font every text has zero height.
    mkdirSync(path.join(folder, "etc"), { recursive: true });
    writeFileSync(
      path.join(folder, "etc/fonts.conf"),
      `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${folder}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>\n`,
    );
    writeFileSync(path.join(folder, "ok"), "");
  }
  const nested = path.join(folder, "al2023/lib");
  const libraries = existsSync(nested) ? nested : path.join(folder, "lib");
  return { executable, libraries, fonts: path.join(folder, "etc") };
}

function strings(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
