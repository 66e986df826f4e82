import { describe, expect, it } from "vitest";
import { nodeFiles } from "../../../src/platform/files.ts";
import { loadTask } from "../../../src/run/load.ts";
import { invalid, valid } from "../graph/fixtures.ts";

describe("the fixtures", () => {
  it.each(valid)("$name makes a task without a fault", async ({ path }) => {
    const { task, faults } = await loadTask(path, nodeFiles());
    expect(faults).toEqual([]);
    expect(task?.graph.nodes.length).toBeGreaterThan(0);
  });

  it.each(invalid)("$name has exactly the faults it lists", async ({ path, expected }) => {
    const { task, faults } = await loadTask(path, nodeFiles());
    expect(faults.map(({ code, line, column }) => `${code}@${line}:${column}`).sort()).toEqual([...expected].sort());
    expect(task === null).toBe(faults.some(({ severity }) => severity === "error"));
  });
});
