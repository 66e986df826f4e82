import { deepEqual, equal, ok } from "node:assert/strict";
import type { Page } from "playwright-core";
import { type TestPage, THEMES } from "../harness.ts";
import { REPORTS } from "../sample-reports.ts";
import { violations } from "./access.ts";
import type { PageTest } from "./page-test.ts";

const NARROW = { width: 300, height: 800 };

/** Goes from the graph page to one of a run's pages, with everything on it opened. */
async function open({ page }: TestPage, name: string): Promise<void> {
  await page.goto(`${new URL(page.url()).origin}/${name}${new URL(page.url()).search}`, { timeout: 60_000 });
  await page.evaluate(() => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
}

const overflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Contrast of the fills of what a selector finds with the page's background, as WCAG defines it. */
function contrasts(page: Page, selector: string): Promise<number[]> {
  return page.evaluate((what) => {
    const luminance = (color: string) => {
      const context = document.createElement("canvas").getContext("2d");
      if (!context) throw new Error("a canvas can be drawn on");
      context.fillStyle = color;
      context.fillRect(0, 0, 1, 1);
      const [r = 0, g = 0, b = 0] = [...context.getImageData(0, 0, 1, 1).data].map((value) =>
        value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const paper = luminance(getComputedStyle(document.body).backgroundColor);
    return [...document.querySelectorAll(what)].map((element) => {
      const mark = luminance(getComputedStyle(element).fill);
      return (Math.max(mark, paper) + 0.05) / (Math.min(mark, paper) + 0.05);
    });
  }, selector);
}

/** Pages of runs, which no script animates: what they hold has to be right as it stands. */
export const reportTests: readonly PageTest[] = [
  ...THEMES.map(
    (theme): PageTest => ({
      name: `the accessibility checker finds nothing on the pages of runs, ${theme}`,
      opening: { theme },
      async run(test) {
        await test.page.emulateMedia({ colorScheme: /light/.test(theme) ? "light" : "dark" });
        for (const name of ["rich", "evaluation", "comparison", "sample", "exported"]) {
          await open(test, name);
          deepEqual(await violations(test), [], name);
        }
      },
    }),
  ),
  ...THEMES.map(
    (theme): PageTest => ({
      name: `the marks of methods stand out whatever the system prefers, ${theme}`,
      opening: { theme },
      async run(test) {
        for (const colorScheme of ["light", "dark"] as const) {
          await test.page.emulateMedia({ colorScheme });
          await open(test, "methods");
          const least = Math.min(...(await contrasts(test.page, ".panel .label")));
          ok(least >= 4.5, `${least.toFixed(1)}, where the system prefers ${colorScheme}`);
        }
      },
    }),
  ),
  {
    name: "no run page overflows a narrow column",
    opening: NARROW,
    async run(test) {
      for (const name of REPORTS) {
        await open(test, name);
        equal(await overflow(test.page), 0, name);
      }
      await test.page.setViewportSize({ width: 1000, height: 800 });
      await open(test, "hostile");
      equal(await overflow(test.page), 0, "hostile, wide");
    },
  },
  {
    name: "hostile texts stay texts on the pages of runs",
    async run(test) {
      await open(test, "hostile");
      equal(await test.page.locator("script, img, iframe, object, embed, link, a:not([href^='#'])").count(), 0);
      ok((await test.page.locator("ins", { hasText: "<script>alert(1)</script>" }).count()) > 0, "shown as it is");
    },
  },
];
