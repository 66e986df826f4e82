import { defineConfig } from "vitest/config";

/** The real command line, `dist/cli.js`, as a process of its own against a real local HTTP server. */
export default defineConfig({
  test: { include: ["test/cli/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 60_000, fileParallelism: false },
});
