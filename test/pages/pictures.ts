// node scripts/ts.mjs test/pages/pictures.ts [FILTER]: pictures of the page for the eye, in out/screenshots/.
import { mkdirSync } from "node:fs";
import { startBrowser } from "../vscode/browser.ts";
import { five, pipeline } from "./graphs.ts";
import { servePage, TestPage, THEMES } from "./harness.ts";
import { runOf } from "./runs.ts";

const filter = process.argv[2] ?? "";
const folder = "out/screenshots";
mkdirSync(folder, { recursive: true });
const server = await servePage();
const browser = await startBrowser({ width: 1280, height: 800 });

async function picture(
  name: string,
  opening: Parameters<typeof TestPage.open>[2],
  act: (test: TestPage) => Promise<void>,
) {
  if (!name.includes(filter)) return;
  const test = await TestPage.open(browser.context, server.url, opening);
  await act(test);
  await test.settled();
  await test.page.waitForTimeout(300);
  await test.page.screenshot({ path: `${folder}/graph-${name}.png` });
  if (test.wrong.length > 0) console.log(name, test.wrong);
  await test.close();
  console.log(`${folder}/graph-${name}.png`);
}

const graphs = { 5: five, 30: pipeline(30), 200: pipeline(200) };
for (const theme of THEMES) {
  for (const [size, graph] of Object.entries(graphs)) {
    await picture(`${theme}-${size}`, { theme }, async (test) => {
      await test.graph(graph);
      await test.run(runOf(graph, "backward"));
    });
  }
  await picture(`${theme}-200-whole`, { theme }, async (test) => {
    await test.graph(graphs[200]);
    await test.run(runOf(graphs[200], "done"));
    await test.page.keyboard.press("f");
  });
  await picture(`${theme}-narrow`, { theme, width: 300, height: 800 }, async (test) => {
    await test.graph(five);
    await test.run(runOf(five, "backward"));
  });
  await picture(`${theme}-sample`, { theme }, async (test) => {
    await test.graph(five);
    await test.run(runOf(five, "done"));
    await test.sample(2);
    await test.node("answer").click();
  });
}
await picture("forward", {}, async (test) => {
  await test.graph(five);
  await test.run(runOf(five, "forward"));
});
await picture("untouched", {}, async (test) => test.graph(five));
await picture("selected-30", {}, async (test) => {
  await test.graph(graphs[30]);
  await test.run(runOf(graphs[30], "done"));
  await test.node("plan_1a").click();
});
await picture("narrow-selected", { width: 300, height: 800 }, async (test) => {
  await test.graph(five);
  await test.run(runOf(five, "done"));
  await test.node("solve").click();
  await test.page.click('vscode-button[aria-label="Details"]');
});
await picture("legend", {}, async (test) => {
  await test.graph(five);
  await test.page.keyboard.press("?");
});
await browser.stop();
server.stop();
process.exit(0);
