import type { Box } from "./box.ts";

/** Prefix of all keys and channels in Redis. */
export const PREFIX = "agentgraph";

/**
 * Channel on which ends of jobs are published: name of the queue, `:`, key; for a failure, a space and the encrypted
 * failure.
 */
export const ENDED = `${PREFIX}:ended`;

/** The rate of a channel without one: BullMQ looks for a pause only where there is a rate. */
export const ANY_RATE = { max: 1_000_000_000, duration: 1_000 } as const;

/** Increases when the format of the queue changes: runs and workers of different formats use different queues. */
const PROTOCOL = 2;

/** A separate queue for the jobs that the same workers take. Its name reveals nothing without the secret. */
export interface Channel {
  readonly name: string;
  /**
   * Keys of a job's reply, which all runs read; of its failure; of the set of runs that wait for it; and of the sign that
   * a worker which lost its lock still does it.
   */
  reply(key: string): string;
  failure(key: string): string;
  wanted(key: string): string;
  claim(key: string): string;
  /** Key of the job itself. */
  job(key: string): string;
}

/** @param identity provider and origin */
export function callsChannel(box: Box, identity: string): Channel {
  return channel(box.nameOf(`calls ${PROTOCOL} ${identity}`));
}

/** @param version of AgentGraph: another version can compute another value */
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
    claim: (key) => `${PREFIX}:claim:${name}:${key}`,
    job: (key) => `${PREFIX}:${name}:${key}`,
  };
}

/** Name of a job as in published ends. */
export function nameOf({ name }: Channel, key: string): string {
  return `${name}:${key}`;
}

/** What an encrypted job is bound to. */
export function aboutRequest({ name }: Channel, key: string): string {
  return `request ${name} ${key}`;
}

/** What the encrypted end of a job is bound to. */
export function aboutEnd({ name }: Channel, key: string): string {
  return `end ${name} ${key}`;
}
