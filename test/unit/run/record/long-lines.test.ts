import { describe, expect, it } from "vitest";
import type { Finished, LoggedEvent } from "../../../../src/engine/events.ts";
import { EventLog, readLog } from "../../../../src/run/record/log.ts";
import { Disk, Process } from "../../../chaos/disk.ts";
import { five } from "../../../pages/graphs.ts";
import { runOf } from "../../../pages/runs.ts";
import { slowClock } from "../slow-clock.ts";

const LOG = "/runs/events.jsonl";
const COUNT = 2_000;

const { state } = runOf(five, "done");

const [proposal] = state.proposals;
if (!proposal) throw new Error("the run proposed nothing");
const finished: Finished = {
  type: "finished",
  status: "done",
  error: null,
  detail: null,
  theta: state.theta,
  texts: state.texts,
  validation: { n: 20, before: 0.5, after: 0.6 },
  test: null,
  formatErrors: { before: 0, after: 0 },
  proposals: Array.from({ length: COUNT }, (_, index) => ({ ...proposal, id: `p${index}`, node: `n${index}` })),
};

async function written(change: (line: string) => string = (line) => line) {
  const disk = new Disk();
  const { clock } = slowClock();
  const machine = disk.machine(new Process(disk));
  const { files } = new Process(disk);
  const log = await EventLog.open({ files, clock }, LOG);
  await log.end(machine, "run", finished);
  disk.put(LOG, change(disk.text(LOG) ?? ""));
  return { files, machine };
}

async function read(outside: Awaited<ReturnType<typeof written>>) {
  const { clock, turns } = slowClock();
  const events: LoggedEvent[] = [];
  const { damaged, signed } = await readLog({ ...outside, clock }, LOG, "run", (event) => events.push(event));
  return { events, damaged, signed, turns: turns() };
}

describe("the end of a run with thousands of proposals", () => {
  it("is read as it was written, in many short steps", async () => {
    const { events, damaged, signed, turns } = await read(await written());
    expect(events.map(({ at: _, ...event }) => event)).toEqual([finished]);
    expect({ damaged, signed }).toEqual({ damaged: 0, signed: true });
    expect(turns).toBeGreaterThan(COUNT / 100);
  });

  it("is not read if one of them is invalid, or was changed", async () => {
    const invalid = await read(await written((text) => text.replace('"node":"n1500"', '"node":1500')));
    expect(invalid).toMatchObject({ events: [], damaged: 1 });
    const changed = await read(await written((text) => text.replace('"node":"n1500"', '"node":"m1500"')));
    expect(changed.events).toHaveLength(1);
    const forged = await read(await written((text) => text.replace('"seal":"', '"seal":"0')));
    expect(forged.signed).toBe(false);
  });

  it("is read as any other line if it gives a key twice", async () => {
    const { events } = await read(
      await written((text) => text.replace('{"type":"finished",', '{"type":"x","type":"finished",')),
    );
    expect(events).toHaveLength(1);
  });
});
