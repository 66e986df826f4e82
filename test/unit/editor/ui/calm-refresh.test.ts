import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { CalmRefresh } from "../../../../src/editor/ui/calm-refresh.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("a refresh waits for the rows that are asked for, and requests that wait are one", async () => {
  let refreshes = 0;
  const calm = new CalmRefresh(() => refreshes++);
  calm.request();
  expect(refreshes).toBe(1);

  let answer = (_rows: string[]) => {};
  const rows = calm.during(
    new Promise<string[]>((resolve) => {
      answer = resolve;
    }),
  );
  calm.request();
  calm.request();
  await vi.advanceTimersByTimeAsync(600);
  expect(refreshes).toBe(1);
  answer(["a"]);
  expect(await rows).toEqual(["a"]);
  await vi.advanceTimersByTimeAsync(600);
  expect(refreshes).toBe(2);
});

it("rows that fail hold no refresh back, and none comes after the end", async () => {
  let refreshes = 0;
  const calm = new CalmRefresh(() => refreshes++);
  await expect(calm.during(Promise.reject(new Error("gone")))).rejects.toThrow("gone");
  calm.request();
  expect(refreshes).toBe(1);
  calm.request();
  calm.dispose();
  await vi.advanceTimersByTimeAsync(400);
  expect(refreshes).toBe(1);
});
