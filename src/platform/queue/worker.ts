import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { type Sandbox, type SandboxLimits, ToolFault, ToolUnreachable } from "../../deps.ts";
import { isModelError, ProviderFault, RateLimited } from "../../models/errors.ts";
import type { Model } from "../../models/model.ts";
import { plainFailure } from "../../models/revive.ts";
import type { McpTools } from "../tools/mcp.ts";
import type { Box } from "./box.ts";
import { fromQueued, type QueuedEnd, queuedRequest } from "./calls.ts";
import { callsChannel, codeChannel, toolsChannel } from "./channels.ts";
import { codeFailure, queuedCode, queuedTool, type ToolEnd } from "./code.ts";
import { connectRedis, examineRedis, type QueueAddress } from "./connection.ts";
import { type Consumer, type ConsumerOptions, consume, type JobEnd, Pause, type SharedLimits } from "./consumer.ts";
import { announce, readOffers, type WorkerOffer } from "./offers.ts";

export interface WorkerOptions extends QueueAddress {
  readonly box: Box;
  /** Version of AgentGraph. */
  readonly version: string;
  /** Sends requests; its key stays on this machine. Absent: none. */
  readonly calls?: { readonly provider: Model; readonly concurrency: number; readonly limits: SharedLimits };
  /** Runs code. Absent: none. */
  readonly code?: { readonly sandbox: Sandbox; readonly limits: SandboxLimits; readonly concurrency: number };
  /** Calls tools. Absent: none. */
  readonly tools?: { readonly mcp: McpTools; readonly concurrency: number };
  /** Milliseconds after which another worker takes over the jobs of a lost one. */
  readonly takeover: number;
  /** Called when a job has ended. */
  readonly onEnd?: (end: JobEnd) => void;
}

export interface QueueWorker {
  /**
   * Resolves when it takes jobs.
   * @param timeout milliseconds for the queue to respond
   * @returns the limits of its requests, and sentences about settings of this Redis that can lose requests
   * @throws QueueRefused, ToolUnreachable
   */
  ready(timeout: number): Promise<{ readonly limits: SharedLimits; readonly cautions: readonly string[] }>;
  /** Stops taking jobs, and waits for those in progress: they are paid for. */
  close(): Promise<void>;
}

/** Milliseconds to wait after a rate limit without a given time, and maximum wait on this machine. */
const PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;
/** Maximum number of rate limits to wait out for one request. */
const MOST_LIMITS = 30;
/**
 * Number of lost workers after which a job is given up. Requests practically never are, because they can't end a
 * worker; code and tools can.
 */
const MOST_LOST = { calls: 1_000, code: 3 };

/** Does jobs of the queue until it is closed. */
export function startWorker(options: WorkerOptions): QueueWorker {
  const { box, version, calls, code, tools } = options;
  const redis = connectRedis(options);
  const consumers: Consumer[] = [];
  let withdraw: () => Promise<void> = async () => {};

  const start = (about: Omit<ConsumerOptions, keyof QueueAddress | "box" | "takeover" | "onEnd">): Consumer => {
    const consumer = consume({ onEnd: () => {}, ...options, ...about });
    consumers.push(consumer);
    return consumer;
  };

  return {
    async ready(timeout) {
      const cautions = await examineRedis(redis, timeout);
      const listed = (await tools?.mcp.list()) ?? [];
      const offer: WorkerOffer = {
        version,
        machine: hostname(),
        calls: calls?.provider.identity ?? null,
        code: code ? { time: code.limits.time, memory: code.limits.memory } : null,
        tools: [...listed],
      };
      const { ours } = await readOffers(redis, box);
      let limits: SharedLimits = {};
      if (calls) {
        const { identity } = calls.provider;
        const isFirst = !ours.some((one) => one.calls === identity);
        limits = await start({
          ...requests(calls.provider),
          ...calls,
          channel: callsChannel(box, identity),
          isFirst,
        }).ready();
      }
      if (code) {
        const isFirst = !ours.some((one) => one.code && one.version === version);
        await start({ ...programs(code), ...code, limits: {}, channel: codeChannel(box, version), isFirst }).ready();
      }
      for (const address of new Set(listed.map((tool) => tool.address))) {
        const servers = new Map(
          listed.filter((one) => one.address === address).map(({ name, server }) => [name, server]),
        );
        const isFirst = !ours.some((one) => one.tools.some((tool) => tool.address === address));
        const { mcp, concurrency } = tools as NonNullable<typeof tools>;
        await start({ ...toolCalls(mcp, servers), concurrency, channel: toolsChannel(box, address), isFirst }).ready();
      }
      withdraw = await announce(redis, box, randomUUID(), offer);
      return { limits, cautions };
    },
    async close() {
      // Runs that can continue without this worker learn it first.
      await Promise.race([withdraw().catch(() => {}), new Promise((next) => setTimeout(next, 1_000).unref())]);
      await Promise.all(consumers.map((consumer) => consumer.close()));
      await tools?.mcp.close().catch(() => {});
      redis.disconnect();
    },
  };
}

type Performing = Pick<ConsumerOptions, "perform" | "lost" | "mostLost">;

function requests(provider: Model): Performing {
  const failed = (problem: string): QueuedEnd => ({
    failure: plainFailure(new ProviderFault(provider.identity, null, null, problem)),
  });
  return {
    mostLost: MOST_LOST.calls,
    lost: (_, problem) => failed(problem),
    async perform(payload, key, attempts, signal) {
      const request = queuedRequest.safeParse(payload).data;
      if (!request) return { end: failed("the request can't be read by this version"), lasts: false };
      try {
        const { text, usage, model, finish, withheld } = await provider.complete(
          { ...fromQueued(request), key },
          signal,
        );
        const reply = { text, usage, model, finish, ...(withheld !== undefined && { withheld }) };
        return { end: { reply } satisfies QueuedEnd, lasts: true };
      } catch (error) {
        if (error instanceof RateLimited && (error.retryAfter ?? 0) <= LONGEST_PAUSE && attempts < MOST_LIMITS) {
          throw new Pause(error.retryAfter ?? PAUSE * Math.min(8, 2 ** Math.floor(attempts / 2)));
        }
        const end = isModelError(error) ? { failure: plainFailure(error) } : failed(String(error));
        return { end, lasts: false };
      }
    },
  };
}

function programs({ sandbox, limits }: NonNullable<WorkerOptions["code"]>): Performing {
  return {
    mostLost: MOST_LOST.code,
    lost: () => ({ lost: true }),
    async perform(payload) {
      const call = queuedCode.safeParse(payload).data;
      // The limits of this machine hold for every run.
      const isAllowed = call && call.limits.time <= limits.time && call.limits.memory <= limits.memory;
      if (!isAllowed) return { end: { declined: true }, lasts: false };
      const { code, argument } = call;
      const plain = { file: code.file, text: code.text, ...(code.modules && { modules: code.modules }) };
      try {
        return { end: { value: await sandbox.within(call.limits).call(plain, argument) }, lasts: true };
      } catch (error) {
        // A time limit depends on the machine: the next worker may be faster.
        const end = codeFailure(error);
        return { end, lasts: "fault" in end };
      }
    },
  };
}

/** @param servers tool servers, by name */
function toolCalls(mcp: McpTools, servers: ReadonlyMap<string, string>): Performing {
  const unreachable = (problem: string): ToolEnd => ({ unreachable: problem });
  return {
    mostLost: MOST_LOST.code,
    lost: (_, problem) => unreachable(problem),
    async perform(payload) {
      const call = queuedTool.safeParse(payload).data;
      const server = servers.get(call?.name ?? "");
      if (!call || server === undefined) return { end: unreachable("this worker doesn't have it"), lasts: false };
      try {
        return { end: { text: await mcp.call(`${server}/${call.name}`, call.input) } satisfies ToolEnd, lasts: true };
      } catch (error) {
        if (error instanceof ToolFault) return { end: { fault: error.problem } satisfies ToolEnd, lasts: false };
        const problem = error instanceof ToolUnreachable ? error.problem : String(error);
        return { end: unreachable(problem), lasts: false };
      }
    },
  };
}
