// node scripts/ts.mjs test/pages/run.ts: the graph page and the pages of runs alone in a real browser. Last line: `N passed, N failed`.
import { mkdirSync } from "node:fs";
import { ensureBuilt } from "../built.ts";
import { startBrowser } from "../vscode/browser.ts";
import { servePage, TestPage } from "./harness.ts";
import { accessTests } from "./tests/access.ts";
import { canvasTests } from "./tests/canvas.ts";
import { hostileTests } from "./tests/hostile.ts";
import { liveTests } from "./tests/live.ts";
import type { PageTest } from "./tests/page-test.ts";
import { panelTests } from "./tests/panel.ts";
import { reportTests } from "./tests/reports.ts";
import { textTests } from "./tests/text.ts";

const SECONDS = 2400;
const tests: readonly PageTest[] = [
  ...canvasTests,
  ...textTests,
  ...panelTests,
  ...liveTests,
  ...accessTests,
  ...hostileTests,
  ...reportTests,
];
const filter = process.argv[2] ?? "";

ensureBuilt("pages");
const server = await servePage();
const browser = await startBrowser({ width: 1280, height: 800 });
let passed = 0;
let failed = 0;
const watchdog = setTimeout(() => {
  console.log(`The suite did not end within ${SECONDS} seconds.`);
  failed++;
  void end();
}, SECONDS * 1000);

for (const test of tests.filter(({ name }) => name.includes(filter))) {
  if ((await passes(test, "…")) || (await passes(test, "✗"))) passed++;
  else failed++;
}
await end();

/** @param mark what stands before the name of a test that fails: `…` where it is repeated */
async function passes({ name, opening, run }: PageTest, mark: string): Promise<boolean> {
  let page: TestPage | null = null;
  try {
    page = await TestPage.open(browser.context, server.url, opening);
    page.page.setDefaultTimeout(60_000);
    await run(page);
    if (page.wrong.length > 0) throw new Error(page.wrong.join("\n"));
    if (browser.outside.length > 0) throw new Error(`asked for ${browser.outside.join(", ")}`);
    console.log(`  ✓ ${name}`);
    return true;
  } catch (error) {
    console.log(`  ${mark} ${name}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    mkdirSync("out/screenshots", { recursive: true });
    const file = `out/screenshots/failed-${name.replace(/\W+/g, "-")}.png`;
    await page?.page.screenshot({ path: file, timeout: 3000 }).catch(() => {});
    return false;
  } finally {
    await page?.close().catch(() => {});
  }
}

async function end(): Promise<void> {
  clearTimeout(watchdog);
  await browser.stop();
  server.stop();
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 || passed === 0 ? 1 : 0);
}
