import { expect, it } from "vitest";
import { AdaptiveYielder, Yielder } from "../../../src/models/yielder.ts";

/** Time passes by work alone. What was done between two turns of the others is counted. */
function workshop() {
  let now = 0;
  const stretches: number[] = [];
  let since = 0;
  const clock = {
    now: () => now,
    sleep: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      stretches.push(now - since);
      since = now;
    },
  };
  const work = (milliseconds: number) => {
    now += milliseconds;
  };
  return { clock, turns: new Yielder(clock), stretches, work };
}

it("lets others in after some milliseconds of work, and not before", async () => {
  const { turns, stretches, work } = workshop();
  for (let step = 0; step < 100; step++) {
    await turns.next();
    work(1);
  }
  expect(stretches.length).toBe(Math.floor(99 / 12));
  expect(Math.max(...stretches)).toBe(12);
});

it("lets those who waited go on one after the other, in their order, with others in between again", async () => {
  const { turns, stretches, work } = workshop();
  const order: number[] = [];
  const worker = async (name: number) => {
    for (let step = 0; step < 3; step++) {
      await turns.next();
      // As in the wrapper stack, the work comes a few awaits later.
      for (let hop = 0; hop < 5; hop++) await null;
      work(1);
      order.push(name);
    }
  };
  await Promise.all(Array.from({ length: 200 }, (_, name) => worker(name)));
  expect(order.slice(-200)).toEqual(Array.from({ length: 200 }, (_, name) => name));
  expect(Math.max(...stretches.slice(1))).toBeLessThan(40);
});

it("lets those in who asked while there was time, but not all of them in one go", async () => {
  const { turns, stretches, work } = workshop();
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      await turns.next();
      work(1);
    }),
  );
  expect(stretches.length).toBeGreaterThan(5);
  expect(Math.max(...stretches)).toBeLessThan(20);
});

it("goes on when the clock is set back", async () => {
  const { turns, stretches, work } = workshop();
  work(-3_600_000);
  await turns.next();
  expect(stretches.length).toBe(1);
});

it("lets others in while it maps a long list", async () => {
  const { turns, stretches, work } = workshop();
  const doubled = await turns.map(
    Array.from({ length: 1_000 }, (_, at) => at),
    (one) => {
      work(1);
      return 2 * one;
    },
  );
  expect(doubled.slice(0, 3)).toEqual([0, 2, 4]);
  expect(doubled).toHaveLength(1_000);
  expect(Math.max(...stretches)).toBe(50);
});

it.each([1, 5])("lets few go at once whose work of %i ms comes a thousand promises later", async (milliseconds) => {
  const { clock, stretches, work } = workshop();
  const turns = new AdaptiveYielder(clock);
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 200 }, async (_, name) => {
      await turns.next();
      for (let hop = 0; hop < 1000; hop++) await null;
      work(milliseconds);
      order.push(name);
    }),
  );
  expect(order).toEqual(Array.from({ length: 200 }, (_, name) => name));
  expect(Math.max(...stretches)).toBeLessThanOrEqual(12);
  expect(stretches.length).toBeLessThan(milliseconds * 50);
});
