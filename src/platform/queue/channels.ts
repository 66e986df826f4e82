import type { Box } from "./box.ts";

/** Of all keys and channels in Redis. */
export const PREFIX = "agentgraph";

/** Where ends are told: name of the queue, `:`, key; for a failure, a space and the sealed failure. */
export const ENDED = `${PREFIX}:ended`;

/** The rate of a channel without one: BullMQ looks for a pause only where there is a rate. */
export const ANY_RATE = { max: 1_000_000_000, duration: 1_000 } as const;

/** Changes with what travels: runs and workers that would misread each other do not meet. */
const PROTOCOL = 2;

/** Jobs that the same workers do: a queue of its own. Its name tells nothing to whoever lacks the secret. */
export interface Channel {
  readonly name: string;
  /** Key of a job's reply, which all runs take from there; of its failure; and of the set of runs that wait for it. */
  reply(key: string): string;
  failure(key: string): string;
  wanted(key: string): string;
  /** Key of the job itself. */
  job(key: string): string;
}

/** @param identity provider and origin */
export function callsChannel(box: Box, identity: string): Channel {
  return channel(box.nameOf(`calls ${PROTOCOL} ${identity}`));
}

/** @param version of AgentGraph: another one may compute another value */
export function codeChannel(box: Box, version: string): Channel {
  return channel(box.nameOf(`code ${PROTOCOL} ${version}`));
}

/** @param address command or URL of a tool server */
export function toolsChannel(box: Box, address: string): Channel {
  return channel(box.nameOf(`tools ${PROTOCOL} ${address}`));
}

function channel(name: string): Channel {
  return {
    name,
    reply: (key) => `${PREFIX}:reply:${name}:${key}`,
    failure: (key) => `${PREFIX}:failure:${name}:${key}`,
    wanted: (key) => `${PREFIX}:wanted:${name}:${key}`,
    job: (key) => `${PREFIX}:${name}:${key}`,
  };
}
