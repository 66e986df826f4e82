import { defineConfig } from "vitest/config";

/** The real command line, `dist/cli.js`, as a process of its own against a real local HTTP server. */
export default defineConfig({
  test: {
    include: ["test/cli/**/*.test.ts"],
    globalSetup: "test/cli/build.ts",
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // The processes are the load; files one after another leave the machine's two cores to them.
    fileParallelism: false,
  },
});
