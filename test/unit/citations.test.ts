import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
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

it("links in the documentation lead to files and headings that exist", () => {
  const docs = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  const pages = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", ...docs.map((name) => `docs/${name}`)];
  const links = pages.flatMap((page) => {
    const found = readFileSync(join(root, page), "utf8").matchAll(/\]\((?!https?:)([^()\s#]*)(?:#([^()\s]+))?\)/g);
    return [...found].map(([, path, anchor]) => ({ page, path: path ? join(dirname(page), path) : page, anchor }));
  });
  const wrong = links.filter(({ path, anchor }) => {
    if (!existsSync(join(root, path))) return true;
    return anchor !== undefined && !anchorsOf(readFileSync(join(root, path), "utf8")).includes(anchor);
  });
  expect(wrong).toEqual([]);
  expect(links.length).toBeGreaterThan(50);
});

/** As GitHub makes them of headings. */
function anchorsOf(markdown: string): string[] {
  const headings = markdown.match(/^#+ .*$/gm) ?? [];
  return headings.map((heading) =>
    heading
      .replace(/^#+ /, "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- ]/gu, "")
      .replaceAll(" ", "-"),
  );
}
