import { describe, expect, it, vi } from "vitest";
import { LoadedOnce, loadOnce } from "../../../src/editor/load-once.ts";

describe("what is loaded when it is first asked for", () => {
  it("is loaded once, also when it is requested twice at a time", async () => {
    const load = vi.fn(async () => "loaded");
    const lazy = loadOnce(load);
    expect(await Promise.all([lazy(), lazy()])).toEqual(["loaded", "loaded"]);
    await lazy();
    expect(load).toHaveBeenCalledTimes(1);
  });

  it("is tried again after a failure, which is not kept for good", async () => {
    const load = vi.fn<() => Promise<string>>().mockRejectedValueOnce(new Error("locked")).mockResolvedValue("loaded");
    const lazy = loadOnce(load);
    await expect(lazy()).rejects.toThrow("locked");
    expect(await lazy()).toBe("loaded");
    expect(load).toHaveBeenCalledTimes(2);
  });
});

it("what is loaded for hundreds of rows of a run is loaded once, until something changes", async () => {
  const run = { id: "run" };
  const load = vi.fn(async ({ id }: { readonly id: string }) => `${id} ${load.mock.calls.length}`);
  const known = new LoadedOnce(load);
  expect(new Set(await Promise.all(Array.from({ length: 200 }, () => known.of(run))))).toEqual(new Set(["run 1"]));
  await known.of({ id: "another" });
  known.forget();
  expect(await known.of(run)).toBe("run 3");
});
