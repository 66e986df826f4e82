import type { Waiting } from "../models/stack/waiting.ts";
import type { Locale } from "./locale.ts";
import { oneLine } from "./plain-text.ts";

/** `Waiting for api.openai.com until 14:32:05 (rate limit): Limit 3, Used 3` */
export function waitingLabel({ identity, reason, until, detail }: Waiting, { t, language }: Locale): string {
  const address = /^\S+ (https?:.+)$/.exec(identity)?.[1];
  const host = address === undefined ? identity : new URL(address).host;
  const time = new Date(until).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  if (reason === "batch") {
    const end = new Date(until).toLocaleString(language, { dateStyle: "short", timeStyle: "short" });
    const [done, total] = doneOf(detail);
    return t(
      "Waiting for a batch from {0}: {1} of {2} requests done, the rest by {3} at the latest",
      host,
      done,
      total,
      end,
    );
  }
  if (reason === "no worker") return t("Waiting for a worker of {0}. Requests in the queue: {1}", host, detail);
  if (reason === "other secret")
    return t("Waiting for a worker of {0}: the workers of this queue have another AGENTGRAPH_QUEUE_SECRET", host);
  if (reason === "queue full") return t("Waiting for the queue at {0}: its memory or disk is full", host);
  if (reason === "no queue") return t("Waiting for the queue at {0}, next attempt at {1}", host, time);
  if (reason === "no room") return t("Waiting for {0} until {1}: the flex tier has no capacity", host, time);
  const label = {
    "rate limit": t("Waiting for {0} until {1} (rate limit)", host, time),
    "server error": t("Waiting for {0} until {1} (server error)", host, time),
    "no answer": t("Waiting for {0} until {1} (no answer)", host, time),
  }[reason];
  return detail === "" ? label : `${label}: ${oneLine(detail, 120)}`;
}

/**
 * What a run waits for, in a line that also says how far it is: without the server's own message, and briefly for a batch, which
 * takes up to a day.
 */
export function waitingPart(waiting: Waiting, locale: Locale): string {
  const { reason, detail } = waiting;
  if (reason === "no worker") return waitingLabel(waiting, locale);
  if (reason !== "batch") return waitingLabel({ ...waiting, detail: "" }, locale);
  const [done, total] = doneOf(detail);
  return locale.t("batch: {0} of {1} requests done", done, total);
}

/** How far a batch is. @param detail `10/18`, requests that are done and all */
function doneOf(detail: string): readonly [done: string, total: string] {
  const [done = "", total = ""] = detail.split("/");
  return [done, total];
}
