import { expect, it } from "vitest";
import { Pending } from "../../../../src/engine/forward/pending.ts";

it("waits for all work, also for what comes meanwhile and what fails", async () => {
  const pending = new Pending();
  const ended: string[] = [];
  const work = async (name: string) => {
    await Promise.resolve();
    ended.push(name);
  };
  pending.add(work("first").then(() => pending.add(work("second"))));
  pending.add(Promise.reject(new Error("lost"))).catch(() => {});
  await pending.settled();
  expect(ended).toEqual(["first", "second"]);
  await pending.settled();
});
