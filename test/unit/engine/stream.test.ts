import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../src/engine/events.ts";
import { EventStream } from "../../../src/engine/stream.ts";
import { settled } from "../models/fakes.ts";

const event = (attempt: number): RunEvent => ({ type: "resumed", attempt });
const finished = { type: "finished" } as RunEvent;

async function readAll<T>(reader: AsyncGenerator<RunEvent, T>): Promise<{ events: RunEvent[]; value: T }> {
  const events: RunEvent[] = [];
  for (;;) {
    const step = await reader.next();
    if (step.done) return { events, value: step.value };
    events.push(step.value);
  }
}

describe("the stream", () => {
  it("gives events in the order they were pushed, then what the work returned", async () => {
    const stream = new EventStream();
    const work = async () => {
      void stream.push(event(1));
      await settled();
      void stream.push(event(2));
      void stream.push(event(3));
      return "done";
    };
    expect(await readAll(stream.during(work))).toEqual({ events: [event(1), event(2), event(3)], value: "done" });
  });

  it("tells who pushed only when the reader has dealt with the event", async () => {
    const stream = new EventStream();
    const reader = stream.during(() => new Promise(() => {}));
    let recorded = false;
    void stream.push(event(1)).then(() => {
      recorded = true;
    });
    await reader.next();
    await settled();
    expect(recorded).toBe(false);
    void reader.next();
    await settled();
    expect(recorded).toBe(true);
  });

  it("gives what was pushed before the work failed, then throws", async () => {
    const stream = new EventStream();
    const work = async () => {
      void stream.push(event(1));
      throw new Error("broken");
    };
    const reader = stream.during(work);
    expect((await reader.next()).value).toEqual(event(1));
    await expect(reader.next()).rejects.toThrow("broken");
  });

  it("takes nothing after `finished`, and keeps no one waiting who comes too late", async () => {
    const stream = new EventStream();
    const work = async () => {
      void stream.push(finished);
      await stream.push(event(9));
    };
    expect((await readAll(stream.during(work))).events).toEqual([finished]);
  });

  it("keeps no one waiting when the reader leaves", async () => {
    const stream = new EventStream();
    const pushed = [event(1), event(2), event(3)].map((each) => stream.push(each));
    for await (const _ of stream.during(() => new Promise(() => {}))) break;
    await Promise.all([...pushed, stream.push(event(4))]);
  });
});
