import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const files = ["src", "bench", "webview"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name)),
);

it("comments cite pages and sections that exist", () => {
  const cited = files.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8").replace(/\n\s*(?:\*|\/\/)\s*/g, " ");
    const found = text.matchAll(/(?<![\w/.-])((?:docs\/)?[\w-]+\.md)(?:, "([^"]+)"|( §[\d.]+))?/g);
    return [...found].map(([, page = "", section, number]) => ({ file, page, section, number }));
  });
  const wrong = cited
    .filter(({ page }) => page.startsWith("docs/") || page === "method.md")
    .filter(({ page, section, number }) => {
      if (number !== undefined || !existsSync(join(root, page))) return true;
      const headings = readFileSync(join(root, page), "utf8").match(/^#+ .*$/gm) ?? [];
      return section !== undefined && !headings.some((heading) => heading.replace(/^#+ /, "") === section);
    });
  expect(wrong).toEqual([]);
  expect(cited.length).toBeGreaterThan(10);
});
