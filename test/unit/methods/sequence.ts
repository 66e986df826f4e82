import type { RunEvent } from "../../../src/engine/events.ts";

/**
 * What a run did, one line a step: calls that went to the provider, of one purpose, node and Θ together; drafts, decisions
 * and iterations. Θ is numbered in the order in which it first came up.
 */
export function sequenceOf(events: readonly RunEvent[]): string {
  const numbers = new Map<string, string>();
  const named = (theta: string) => {
    const name = numbers.get(theta) ?? `Θ${numbers.size}`;
    numbers.set(theta, name);
    return name;
  };
  const thetaOfKey = new Map<string, string>();
  const samplesOf = new Map<string, string[]>();
  const lines: (() => string)[] = [];
  const nodes = new Map<string, string>();
  const partsOf = (ids: readonly string[]) => ids.map((id) => nodes.get(id) ?? id).join(", ") || "nothing";

  for (const event of events) {
    if (event.type === "started") named(event.theta);
    if (event.type === "value" && !thetaOfKey.has(event.key)) thetaOfKey.set(event.key, event.theta);
  }
  for (const event of events) {
    switch (event.type) {
      case "call": {
        if (event.source !== "provider") break;
        const theta = event.purpose === "forward" ? ` ${named(thetaOfKey.get(event.key) ?? "")}` : "";
        const what = `${event.purpose} ${event.node ?? "all"}${theta}${event.split ? ` ${event.split}` : ""}`;
        const key = `${lines.length} ${what}`;
        const open = samplesOf.get(`last ${what}`);
        if (open) {
          open.push(event.sample ?? "");
          break;
        }
        const samples = [event.sample ?? ""];
        samplesOf.set(`last ${what}`, samples);
        samplesOf.set(key, samples);
        lines.push(() => `${what} ${[...samples].sort(byNumber).join(" ")}`.trimEnd());
        break;
      }
      case "attempt":
        nodes.set(event.id, event.node);
        lines.push(() => `attempt ${event.node}${event.invalid ? `: ${event.invalid}` : ""}`);
        break;
      case "screened":
        lines.push(() => `screened ${partsOf(event.proposals)}: ${event.reason}`);
        break;
      case "verdict": {
        const { decision, reason, scored } = event.verdict;
        const theta = named(event.theta);
        lines.push(() => `verdict ${partsOf(event.proposals)} ${theta}: ${decision}, ${reason}, ${scored} scored`);
        break;
      }
      case "iteration": {
        const theta = named(event.theta);
        lines.push(() => `— iteration ${event.iteration}: ${theta}, batch ${event.batch.join(" ") || "empty"}`);
        // What comes later belongs to the next iteration.
        for (const key of [...samplesOf.keys()]) if (key.startsWith("last ")) samplesOf.delete(key);
        break;
      }
    }
  }
  return `${lines.map((line) => line()).join("\n")}\n`;
}

function byNumber(a: string, b: string): number {
  return Number(a.replace(/\D/g, "")) - Number(b.replace(/\D/g, ""));
}
