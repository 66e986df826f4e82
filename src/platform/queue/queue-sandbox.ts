import { createHash } from "node:crypto";
import { type Code, CodeFault, CodeLimit, type Sandbox, type SandboxLimits } from "../../deps.ts";
import { codeChannel } from "./channels.ts";
import { codeEnd, type QueuedCode } from "./code.ts";
import { type JobQueue, JobTooLarge, NoWorker } from "./jobs.ts";
import type { Offers, WorkerOffer } from "./offers.ts";

/** Why code runs on this machine although there is a queue. */
export type LocalCode = "no worker" | "other version" | "less allowed";

export interface QueueSandboxOptions {
  readonly jobs: JobQueue;
  /** Version of AgentGraph: workers of other versions can compute other values. */
  readonly version: string;
  /** Sandbox of this machine, which checks code and runs what no worker takes. */
  readonly local: Sandbox;
  readonly limits: SandboxLimits;
  /** Whether code waits for a worker instead of running on this machine. */
  readonly workersOnly: boolean;
  /** Called each time that the place changes; null: workers run the code. */
  readonly onPlace: (place: LocalCode | null) => void;
}

/** A sandbox whose calls run on workers. Equal arguments give equal results there. */
export function queueSandbox({ jobs, version, local, limits, workersOnly, onPlace }: QueueSandboxOptions): Sandbox {
  const channel = codeChannel(jobs.box, version);
  let place: LocalCode | null | undefined;
  return withLimits(local, limits);

  function withLimits(here: Sandbox, own: SandboxLimits): Sandbox {
    return {
      check: (code) => here.check(code),
      within: (other) => withLimits(here.within(other), { ...own, ...other }),
      async call(code, argument) {
        const missing = workersOnly ? null : missingIn(await jobs.offers().catch(() => null), version, own);
        if (place !== missing) onPlace(missing);
        place = missing;
        if (missing !== null) return here.call(code, argument);
        try {
          return await onWorker(code, argument, own);
        } catch (error) {
          if (workersOnly || !(error instanceof NoWorker || error instanceof JobTooLarge)) throw error;
          return here.call(code, argument);
        }
      },
    };
  }

  async function onWorker(code: Code, argument: unknown, own: SandboxLimits): Promise<unknown> {
    const payload: QueuedCode = {
      code: { file: code.file, text: code.text, ...(code.modules && { modules: code.modules.map(plainCode) }) },
      argument,
      limits: own,
    };
    const read = codeEnd.safeParse(
      await jobs.run({
        channel,
        key: `code-${createHash("sha256").update(JSON.stringify(payload)).digest("hex")}`,
        payload,
        label: "functions and scripts (--allow-code)",
        isOffered: (offer) => offer.version === version && isEnough(offer, own),
        givesUp: !workersOnly,
      }),
    );
    if (!read.success) throw new Error("a worker's result of code can't be read");
    const end = read.data;
    if ("fault" in end) throw new CodeFault(end.fault.file, end.fault.line, end.fault.problem);
    if ("limit" in end) throw new CodeLimit(end.limit.file, end.limit.limit, end.limit.amount);
    // It probably exhausted the memory of the whole process.
    if ("lost" in end) throw new CodeLimit(code.file, "memory", own.memory);
    if ("declined" in end) throw new NoWorker();
    return end.value;
  }
}

function plainCode({ file, text }: Code): { file: string; text: string } {
  return { file, text };
}

function isEnough({ code }: WorkerOffer, limits: SandboxLimits): boolean {
  return code !== null && code.time >= limits.time && code.memory >= limits.memory;
}

/** Why no worker runs the code; null: one does, or the workers are unknown. */
function missingIn(offers: Offers | null, version: string, limits: SandboxLimits): LocalCode | null {
  if (!offers) return null;
  const all = offers.ours.filter(({ code }) => code !== null);
  if (all.length === 0) return "no worker";
  const same = all.filter((offer) => offer.version === version);
  if (same.length === 0) return "other version";
  return same.every((offer) => isEnough(offer, limits)) ? null : "less allowed";
}
