import { execFileSync } from "node:child_process";
import { quantile } from "d3";
import { chainThatReadsTheQuestion, randomGraph } from "../../test/graphs.ts";
import { graphOf, pipeline } from "../../test/pages/graphs.ts";
import { servePage, TestPage } from "../../test/pages/harness.ts";
import { runOf } from "../../test/pages/runs.ts";
import { startBrowser } from "../../test/vscode/browser.ts";

const GRAPHS = {
  "20 nodes": pipeline(20),
  "200 nodes": pipeline(200),
  "500 nodes": pipeline(500),
  "500 random": graphOf(randomGraph(500, 2)),
  "chain 500 + question": graphOf(chainThatReadsTheQuestion(500)),
  "3,000 nodes": pipeline(3000),
  "10,000 nodes": pipeline(10_000),
};

/** First paint and frames while panning, in a headless browser that draws without a graphics card. */
export async function benchPage(): Promise<void> {
  execFileSync(process.execPath, ["scripts/build.mjs", "pages"], { stdio: "ignore" });
  const server = await servePage();
  const browser = await startBrowser({ width: 1280, height: 800 });
  console.log(
    "\npage, milliseconds: from the address to the first drawing; frames while panning near and with all in view",
  );
  console.log(
    ["graph".padEnd(24), "first paint", "near: median", "95 %", "whole: median", "95 %"]
      .map((cell) => cell.padStart(15))
      .join(""),
  );
  for (const [name, graph] of Object.entries(GRAPHS)) {
    const test = await TestPage.open(browser.context, server.url, {});
    await test.graph(graph);
    const painted = await test.page.evaluate(
      () => performance.getEntriesByName("agentgraph first drawing")[0]?.startTime ?? Number.NaN,
    );
    await test.run(runOf(graph, "done"));
    const near = await test.page.evaluate(pan);
    await test.page.keyboard.press("f");
    await test.page.waitForTimeout(600);
    const whole = await test.page.evaluate(pan);
    const cells = [painted, quantile(near, 0.5), quantile(near, 0.95), quantile(whole, 0.5), quantile(whole, 0.95)];
    console.log([name.padEnd(24), ...cells.map((cell) => (cell ?? Number.NaN).toFixed(1).padStart(15))].join(""));
    process.stderr.write(`${JSON.stringify({ bench: "page", graph: name, cells })}\n`);
    await test.close();
  }
  await browser.stop();
  server.stop();
}

/** Drags the graph for 1.5 seconds. @returns the times between frames */
function pan(): Promise<number[]> {
  const svg = document.querySelector("svg.graph");
  if (!svg) throw new Error("there is no drawing");
  const at = (x: number, y: number) => ({ clientX: x, clientY: y, bubbles: true, view: window, button: 0 });
  svg.dispatchEvent(new MouseEvent("mousedown", at(500, 400)));
  const frames: number[] = [];
  return new Promise((resolve) => {
    const start = performance.now();
    let last = start;
    const step = (now: number) => {
      frames.push(now - last);
      last = now;
      const t = (now - start) / 1500;
      window.dispatchEvent(new MouseEvent("mousemove", at(500 + 350 * Math.sin(t * 9), 400 - 900 * t)));
      if (t < 1) requestAnimationFrame(step);
      else {
        window.dispatchEvent(new MouseEvent("mouseup", at(500, 400)));
        resolve(frames.slice(2));
      }
    };
    requestAnimationFrame(step);
  });
}
