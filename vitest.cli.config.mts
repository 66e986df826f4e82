import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** The real command line, `dist/cli.js`, as a process of its own against a real local HTTP server. */
export default defineConfig({
  test: {
    include: ["test/cli/**/*.test.ts"],
    globalSetup: "test/cli/build.ts",
    // One module graph for all files, and processes of the command line that serve one file after the other.
    isolate: false,
    testTimeout: 480_000,
    hookTimeout: 240_000,
    // A process waits for its server, for its clock and for the disk: more files at a time than cores.
    maxWorkers: availableParallelism() + 1,
  },
});
