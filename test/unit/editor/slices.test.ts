import { expect, it } from "vitest";
import { Slices } from "../../../src/editor/slices.ts";

const work = (milliseconds: number) => {
  for (const until = performance.now() + milliseconds; performance.now() < until; );
};

it("work on many elements that are asked for at once lets other tasks run in between, in the order asked", async () => {
  const slices = new Slices();
  const done: number[] = [];
  let others = 0;
  let isOver = false;
  const other = () => {
    others++;
    if (!isOver) setImmediate(other);
  };
  setImmediate(other);
  await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      await slices.turn();
      work(1);
      done.push(i);
    }),
  );
  isOver = true;
  expect(done).toEqual(Array.from({ length: 100 }, (_, i) => i));
  // 100 ms of work in tasks of about 15 ms; without turns, it is one task.
  expect(others).toBeGreaterThan(3);
});
