import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { type BrowserContext, chromium, type Page } from "playwright-core";

export interface Browser {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Requests off this machine: all of them were refused. */
  readonly outside: readonly string[];
  stop(): Promise<void>;
}

/**
 * A headless Chromium with a fresh profile. `AGENTGRAPH_CHROME` names a system's own browser;
 * without it the one inside @sparticuz/chromium is unpacked under `.vscode-test/`.
 */
export async function startBrowser(size: { width: number; height: number }): Promise<Browser> {
  const own = process.env.AGENTGRAPH_CHROME;
  const packed = own ? null : unpack("node_modules/@sparticuz/chromium", ".vscode-test/chromium");
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
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
      "--force-color-profile=srgb",
    ],
  });
  const outside: string[] = [];
  await context.route(
    (url) => url.protocol.startsWith("http") && !["127.0.0.1", "localhost"].includes(url.hostname),
    (route) => {
      outside.push(route.request().url());
      return route.abort();
    },
  );
  return {
    context,
    page: context.pages()[0] ?? (await context.newPage()),
    outside,
    async stop() {
      await Promise.race([context.close(), new Promise((resolve) => setTimeout(resolve, 10_000).unref())]);
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function unpack(from: string, to: string) {
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
