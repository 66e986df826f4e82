import { expect, it } from "vitest";
import { ENGLISH } from "../../../src/i18n/locale.ts";
import { waitingLabel, waitingPart } from "../../../src/i18n/waiting.ts";
import type { Waiting } from "../../../src/models/stack/waiting.ts";

const until = new Date(2026, 11, 2, 4, 5).getTime();
const waiting = (reason: Waiting["reason"], detail = ""): Waiting => ({
  identity: "openai https://api.openai.com",
  reason,
  until,
  detail,
});

it("says how many requests of a batch are done, also in the line of the status bar", () => {
  const batch = waiting("batch", "10/18");
  expect(waitingLabel(batch, ENGLISH)).toMatch(
    /^Waiting for a batch from api\.openai\.com: 10 of 18 requests done, the rest by 12\/2\/26, 4:05.AM at the latest$/,
  );
  expect(waitingPart(batch, ENGLISH)).toBe("batch: 10 of 18 requests done");
});

it("leaves the server's message out of the status bar, not what the sentence needs", () => {
  expect(waitingPart(waiting("rate limit", "Limit 3, Used 3"), ENGLISH)).toMatch(/\(rate limit\)$/);
  expect(waitingPart(waiting("no worker", "12"), ENGLISH)).toMatch(/Requests in the queue: 12$/);
});
