import { join, relative, sep } from "node:path";
import { expect, it } from "vitest";
import { likelyPrompts } from "../../../src/import/likely-prompts.ts";
import { nodeFiles } from "../../../src/platform/files.ts";
import { folderOf } from "./folder.ts";

async function likely(content: Readonly<Record<string, string>>): Promise<string[]> {
  const folder = await folderOf(content);
  const paths = Object.keys(content).map((name) => join(folder, name));
  const found = await likelyPrompts(paths, nodeFiles());
  return [...found].map((path) => relative(folder, path).split(sep).join("/")).sort();
}

it("all texts of a folder for prompts are likely prompts, placeholders or not", async () => {
  const found = await likely({
    "README.md": "Write {{this}}.",
    "docs/guide.md": "Use {name}.",
    "prompts/plan.md": "Plan {{question}}.",
    "prompts/style.md": "Be brief.",
    "prompts/README.md": "About {{question}}.",
  });
  expect(found).toEqual(["prompts/plan.md", "prompts/style.md"]);
});

it("texts with placeholders in one folder are likely prompts", async () => {
  const found = await likely({
    "plan.txt": "Plan {question}.",
    "notes.txt": "Nothing to fill in.",
    "compose.yaml": "image: {name}",
  });
  expect(found).toEqual(["plan.txt"]);
});

it("nothing is likely where several folders or too many files have placeholders", async () => {
  expect(await likely({ "a/plan.md": "{{x}}", "b/solve.md": "{{x}}" })).toEqual([]);
  const many = Object.fromEntries(Array.from({ length: 13 }, (_, at) => [`prompts/${at}.md`, "{{x}}"]));
  expect(await likely(many)).toEqual([]);
});
