import { BodyBroken, RequestRefused } from "../../models/errors.ts";
import type { Model, ModelReply, ModelRequest } from "../../models/model.ts";
import { revive } from "../../models/revive.ts";
import type { Waiting } from "../../models/stack/waiting.ts";
import { queuedEnd, toQueued } from "./calls.ts";
import { callsChannel } from "./channels.ts";
import { type JobQueue, JobTooLarge, LONGEST } from "./jobs.ts";

/** Maximum number of requests of one run in the queue. Workers and their limits decide how many are in progress. */
const AT_ONCE = 1_024;

/**
 * A model whose requests are sent by workers. Everything else about a run is the same as on one machine.
 * @param identity provider and origin of the workers, as they publish it
 */
export class QueueModel implements Model {
  readonly timeout = LONGEST;
  readonly concurrency = AT_ONCE;

  constructor(
    readonly identity: string,
    readonly jobs: JobQueue,
  ) {}

  listen(tell: (waiting: Waiting | null) => void): void {
    this.jobs.listen(tell);
  }

  async complete(request: ModelRequest, signal: AbortSignal): Promise<ModelReply> {
    const { key, priority = 0 } = request;
    if (key === undefined) throw new Error("a request without a key cannot be queued");
    const { identity, jobs } = this;
    const sharing: { isShared?: true } = {};
    const job = {
      onShared: () => {
        sharing.isShared = true;
      },
      channel: callsChannel(jobs.box, identity),
      key,
      payload: toQueued(request),
      priority,
      label: identity,
      isOffered: ({ calls }: { readonly calls: string | null }) => calls === identity,
    };
    const end = queuedEnd.safeParse(
      await jobs.run(job, signal).catch((error: unknown) => this.#refuse(request, error)),
    );
    if (!end.success) throw new BodyBroken(identity, "a worker's answer can't be read");
    if ("reply" in end.data) {
      const { reply } = end.data;
      return { ...reply, key: "", source: "provider", requests: 1, milliseconds: 0, ...sharing };
    }
    const { failure } = end.data;
    throw revive(failure) ?? new BodyBroken(identity, `a worker failed: ${failure.code}`);
  }

  #refuse({ model }: ModelRequest, error: unknown): never {
    if (error instanceof JobTooLarge) throw new RequestRefused(this.identity, 0, model, error.message, "too long");
    throw error;
  }
}
