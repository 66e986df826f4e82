import { createHash } from "node:crypto";
import { ToolFault, ToolMissing, type Tools, ToolUnreachable } from "../../deps.ts";
import { toolsChannel } from "./channels.ts";
import { toolEnd } from "./code.ts";
import { type JobQueue, JobTooLarge } from "./jobs.ts";
import type { WorkerOffer } from "./offers.ts";

const REMEDY = "Start a worker with --tools, or name your tools file with --tools.";

type OfferedTool = WorkerOffer["tools"][number];

/**
 * Tools on the servers of workers. Their results equal those of the same server on this machine.
 * @param local tools of this machine that no worker has; null: none, or not allowed
 */
export function queueTools(jobs: JobQueue, local: Tools | null): Tools {
  return {
    async identify(name) {
      const tool = await locate(name);
      if (tool) return identityOf(tool);
      if (local) return local.identify(name);
      throw missing(name, await offered());
    },
    async call(name, input) {
      const tool = await locate(name);
      if (!tool && local) return local.call(name, input);
      if (!tool) throw missing(name, await offered());
      return onWorker(name, tool, input);
    },
  };

  async function offered(): Promise<readonly OfferedTool[]> {
    return (await jobs.offers()).ours.flatMap(({ tools }) => tools);
  }

  /** Finds `search`, or `server/search` if several servers have a tool with this name. */
  async function locate(name: string): Promise<OfferedTool | null> {
    const all = await offered();
    const named = all.filter((tool) => `${tool.server}/${tool.name}` === name || tool.name === name);
    const addresses = new Set(named.map(({ address }) => address));
    if (addresses.size > 1) {
      const names = [...new Set(named.map((tool) => `${tool.server}/${tool.name}`))];
      const remedy =
        names.length > 1
          ? `Several servers of the workers have it: name one of ${names.join(", ")}.`
          : `The workers have different servers named ${named[0]?.server}.`;
      throw new ToolMissing(name, names, remedy);
    }
    return named[0] ?? null;
  }

  async function onWorker(name: string, tool: OfferedTool, input: Readonly<Record<string, unknown>>): Promise<string> {
    const payload = { name: tool.name, input };
    const key = `tool-${createHash("sha256")
      .update(JSON.stringify([identityOf(tool), input]))
      .digest("hex")}`;
    const end = toolEnd.safeParse(
      await jobs
        .run({
          channel: toolsChannel(jobs.box, tool.address),
          key,
          payload,
          label: `the tool ${tool.server}/${tool.name} (--tools)`,
          isOffered: ({ tools }) => tools.some(({ address }) => address === tool.address),
        })
        .catch((error: unknown) => {
          throw error instanceof JobTooLarge ? new ToolFault(name, error.message) : error;
        }),
    ).data;
    if (!end) throw new ToolUnreachable(name, "a worker's result can't be read");
    if ("fault" in end) throw new ToolFault(name, end.fault);
    if ("unreachable" in end) throw new ToolUnreachable(name, end.unreachable);
    return end.text;
  }
}

/** Identity of the tool on the worker's machine, so that a run on that machine can reuse the result. */
function identityOf({ name, address }: OfferedTool): string {
  return `mcp ${address} ${name}`;
}

function missing(name: string, all: readonly OfferedTool[]): ToolMissing {
  return new ToolMissing(name, [...new Set(all.map((tool) => `${tool.server}/${tool.name}`))], REMEDY);
}
