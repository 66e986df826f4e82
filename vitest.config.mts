import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

/** esbuild bundles `.md` prompt templates as text; the unit tests read them the same way. */
const markdownAsText = {
  name: "markdown-as-text",
  enforce: "pre" as const,
  load(id: string) {
    return id.endsWith(".md") ? `export default ${JSON.stringify(readFileSync(id, "utf8"))}` : undefined;
  },
};

export default defineConfig({
  plugins: [markdownAsText],
  // One module graph for all files, since nothing here keeps global state: half the time on two cores.
  test: {
    include: ["test/unit/**/*.test.ts"],
    pool: "threads",
    isolate: false,
    maxWorkers: "100%",
    // For a machine that is several times slower than usual: no test is judged by them.
    testTimeout: 480_000,
    hookTimeout: 480_000,
  },
});
