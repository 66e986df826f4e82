import { expect, it } from "vitest";
import { inTurns, Slices } from "../../../src/editor/slices.ts";

const work = (milliseconds: number) => {
  for (const until = performance.now() + milliseconds; performance.now() < until; );
};

/** Number of other tasks that ran during some work. */
async function othersDuring(some: () => Promise<unknown>): Promise<number> {
  let others = 0;
  let isOver = false;
  const other = () => {
    others++;
    if (!isOver) setImmediate(other);
  };
  setImmediate(other);
  await some();
  isOver = true;
  return others;
}

it("work on many elements that are asked for at once lets other tasks run in between, in the order asked", async () => {
  const slices = new Slices();
  const done: number[] = [];
  const others = await othersDuring(() =>
    Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        await slices.turn();
        work(1);
        done.push(i);
      }),
    ),
  );
  expect(done).toEqual(Array.from({ length: 100 }, (_, i) => i));
  // 100 ms of work in tasks of about 10 ms; without turns, it is one task.
  expect(others).toBeGreaterThan(3);
});

it("functions that are called in turns let other tasks run in between and after the last", async () => {
  const done: number[] = [];
  const steps = Array.from({ length: 20 }, (_, i) => () => {
    work(5);
    done.push(i);
  });
  const others = await othersDuring(() => inTurns([...steps, () => work(20)]));
  expect(done).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(others).toBeGreaterThan(5);
});

it("several that are split at a time share a task: together they take no longer than one", async () => {
  const tasks = [0];
  let isOver = false;
  const other = () => {
    tasks.push(0);
    if (!isOver) setImmediate(other);
  };
  setImmediate(other);
  const some = Array.from({ length: 5 }, async () => {
    const slices = new Slices();
    for (let i = 0; i < 45; i++) {
      await slices.turn();
      work(1);
      tasks.push((tasks.pop() ?? 0) + 1);
    }
  });
  await Promise.all(some);
  isOver = true;
  // Each takes at least 1 ms; with 10 ms for each of the five, up to 50 are in one task.
  expect(Math.max(...tasks)).toBeLessThanOrEqual(12);
});
