import fc from "fast-check";
import { expect, test } from "vitest";
import type { Clock } from "../../../../src/deps.ts";
import type { LoggedEvent, RunEvent } from "../../../../src/engine/events.ts";
import type { StoredReply } from "../../../../src/models/stack/store.ts";
import { EventLog, readLog } from "../../../../src/run/record/log.ts";
import { RunReplies } from "../../../../src/run/record/replies.ts";
import { Disk, Process } from "../../../chaos/disk.ts";

const LOG = "/runs/events.jsonl";
const REPLIES = "/runs/replies.jsonl";
const clock: Clock = { now: () => 7, sleep: async () => {} };
const text = fc.string({ unit: "binary", maxLength: 20 });
const about = { purpose: "forward", node: "a", split: "train" } as const;
const event: fc.Arbitrary<RunEvent> = fc.oneof(
  text.map((sample) => ({ type: "requested" as const, ...about, sample, attempt: 1 })),
  text.map((sample) => ({ type: "withdrawn" as const, ...about, sample, attempt: 1 })),
  text.map((detail) => ({ type: "warning" as const, code: "sample dropped" as const, detail })),
  fc.nat(9).map((attempt) => ({ type: "resumed" as const, attempt })),
);

function open(disk = new Disk()) {
  const { files } = new Process(disk);
  return { disk, outside: { files, clock, machine: disk.machine(new Process(disk)) } };
}

async function written(events: readonly RunEvent[], disk = new Disk()): Promise<Disk> {
  const { outside } = open(disk);
  const log = await EventLog.open(outside, LOG);
  for (const one of events) log.append(one);
  await log.flushed();
  return disk;
}

async function readBack(disk: Disk) {
  const events: LoggedEvent[] = [];
  const read = await readLog(open(disk).outside, LOG, "run", (one) => events.push(one));
  const { damaged, signed } = read;
  return { events: events.map(({ at: _, ...one }) => one), damaged, signed };
}

/** Loses the end of a file. @returns lines that are whole, with or without their end */
function cut(disk: Disk, path: string, share: number): number {
  const bytes = Buffer.from(disk.text(path) ?? "");
  const kept = bytes.subarray(0, Math.floor(share * bytes.length)).toString("utf8");
  disk.put(path, kept);
  const rest = kept.slice(kept.lastIndexOf("\n") + 1);
  return kept.split("\n").length - (rest.endsWith("}") && isJson(rest) ? 0 : 1);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const share = fc.double({ min: 0, max: 1, noNaN: true });

test("a log that was cut anywhere gives every event whose line is whole, and takes more", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 8 }), share, event, async (events, where, next) => {
      const disk = await written(events);
      const whole = events.slice(0, Math.max(0, cut(disk, LOG, where) - 1));
      expect(await readBack(disk)).toEqual({ events: whole, damaged: 0, signed: true });
      const { events: after, damaged } = await readBack(await written([next], disk));
      expect(after).toEqual([...whole, next]);
      expect(damaged).toBeLessThanOrEqual(1);
    }),
    { numRuns: 60 },
  );
});

test("a line of garbage costs itself alone, and is counted", async () => {
  const garbage = fc.oneof(
    text.map((one) => one.replaceAll("\n", " ")),
    fc.constantFrom(
      "null",
      "[]",
      "7",
      "{",
      '{"type":"call"}',
      '{"type":"unheard of"}',
      '{"type":"requested","attempt":-1}',
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(event, garbage), { maxLength: 8 }), async (pairs) => {
      const disk = await written([]);
      for (const [one, line] of pairs) {
        await written([one], disk);
        disk.add(LOG, `${line}\n`);
      }
      const bad = pairs.filter(([, line]) => line !== "").length;
      expect(await readBack(disk)).toEqual({ events: pairs.map(([one]) => one), damaged: bad, signed: true });
    }),
    { numRuns: 60 },
  );
});

test("replies that were cut anywhere are there whole or not at all, and take more", async () => {
  const reply: fc.Arbitrary<StoredReply> = fc.record({
    text,
    usage: fc.record({ prompt: fc.nat(), completion: fc.nat(), estimated: fc.boolean() }),
    model: text,
    finish: fc.constantFrom("stop" as const, "length" as const, "other" as const),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(reply, { minLength: 1, maxLength: 6 }), share, async (replies, where) => {
      const { disk, outside } = open();
      const first = await RunReplies.open(outside, REPLIES, null);
      for (const [index, one] of replies.entries()) await first.put(`k${index}`, one);
      const lines = cut(disk, REPLIES, where);
      const second = await RunReplies.open(open(disk).outside, REPLIES, null);
      for (const [index, one] of replies.entries()) {
        const found = (await second.get(`k${index}`))?.reply;
        if (index < lines - 1) expect(found).toMatchObject(one);
        else expect(found).toBeUndefined();
        await second.put(`k${index}`, one);
      }
      const third = await RunReplies.open(open(disk).outside, REPLIES, null);
      for (const [index, one] of replies.entries()) expect((await third.get(`k${index}`))?.reply).toMatchObject(one);
    }),
    { numRuns: 60 },
  );
});

test("after a first failure nothing more is written: what follows would leave a gap", async () => {
  const { disk, outside } = open();
  let fails = false;
  const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  const append = (path: string, text: string) => {
    const failing = fails;
    fails = false;
    return failing ? Promise.reject(full) : outside.files.append(path, text);
  };
  const log = await EventLog.open({ ...outside, files: { ...outside.files, append } }, LOG);
  log.append({ type: "resumed", attempt: 1 });
  await log.flushed();
  fails = true;
  log.append({ type: "resumed", attempt: 2 });
  await expect(log.flushed()).rejects.toThrow("no space left");
  log.append({ type: "resumed", attempt: 3 });
  await expect(log.flushed()).rejects.toThrow("no space left");
  expect(log.failure).toMatchObject({ systemCode: "ENOSPC", path: LOG });
  expect((await readBack(disk)).events).toEqual([{ type: "resumed", attempt: 1 }]);
});

test("a logged end is on the disk, signed", async () => {
  const { disk, outside } = open();
  const log = await EventLog.open(outside, LOG);
  const texts = { a: "A" };
  const figures = {
    validation: { n: 0, before: null, after: null },
    test: null,
    formatErrors: { before: 0, after: 0 },
  };
  const end = {
    type: "finished",
    status: "done",
    error: null,
    detail: null,
    theta: "x",
    texts,
    proposals: [],
  } as const;
  await log.end(outside.machine, "run", { ...end, ...figures });
  expect(disk.text(LOG)).toContain('"type":"finished"');
  const { events, signed } = await readBack(disk);
  expect(events.at(-1)).toMatchObject({ type: "finished" });
  expect(signed).toBe(true);
  disk.put(LOG, (disk.text(LOG) ?? "").replace('"status":"done"', '"status":"budget"'));
  expect((await readBack(disk)).signed).toBe(false);
});
