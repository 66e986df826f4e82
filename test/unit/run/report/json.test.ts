import fc from "fast-check";
import { expect, it } from "vitest";
import { Yielder } from "../../../../src/models/yielder.ts";
import { reportJson, reportJsonBytes } from "../../../../src/run/report/format/json.ts";
import type { Report } from "../../../../src/run/report/report.ts";
import { slowClock } from "../slow-clock.ts";

const report = (value: unknown) => value as Report;

it("is what JSON.stringify writes, in parts", async () => {
  const turns = new Yielder({ now: () => 0, sleep: async () => {} });
  await fc.assert(
    fc.asyncProperty(fc.object({ maxDepth: 6, withNullPrototype: false }), fc.nat(120), async (value, length) => {
      const rows = Array.from({ length }, (_, at) => ({
        id: `${at}`,
        before: null,
        text: `two\nlines`,
        none: undefined,
      }));
      const all = { ...value, empty: [], nothing: {}, evaluated: { samples: rows }, changes: [{ samples: rows }] };
      const json = `${JSON.stringify(all, null, 2)}\n`.replace(
        /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
        "",
      );
      const written = reportJson(report(all));
      expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(all)));
      expect(written.replace(/\\u(007f|00[89]\w|200[ef]|202[89a-e]|206[6-9]|feff)/g, "").length).toBeGreaterThan(0);
      if (!/\\u/.test(written)) expect(written).toBe(json);
      expect(new TextDecoder("utf-8", { ignoreBOM: true }).decode(await reportJsonBytes(report(all), turns))).toBe(
        written,
      );
    }),
    { numRuns: 100 },
  );
});

it("lets others in while it writes many samples", async () => {
  const { clock, turns } = slowClock();
  const samples = Array.from({ length: 5_000 }, (_, at) => ({ id: `${at}` }));
  await reportJsonBytes(report({ evaluated: { samples } }), new Yielder(clock));
  // Each part is written, and copied to its place.
  expect(turns()).toBeGreaterThan((2 * 5_000) / 50);
});
