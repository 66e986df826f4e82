import { basename } from "node:path";

/** Whether a file has the name of a graph: `agentgraph.json`, `.agentgraph.json` or `….agentgraph.json`. */
export function isGraphFileName(name: string): boolean {
  return /(?:^|\.)agentgraph\.json$/.test(name);
}

/** What a file that is made of a graph is named after: `chain` for `chain.agentgraph.json`, or `graph`. */
export function graphNameOf(path: string): string {
  return basename(path).replace(/\.?agentgraph\.json$/, "") || "graph";
}
