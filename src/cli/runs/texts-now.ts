import { join } from "node:path";
import { decodeUtf8 } from "../../graph/containment.ts";
import type { Graph } from "../../graph/graph.ts";
import { readGraph } from "../../graph/read.ts";
import { oneLine } from "../../i18n/plain-text.ts";
import { graphFormat } from "../../methods/registry.ts";
import { acceptedNodes, type TextsSince, textsSince } from "../../run/explain/texts-since.ts";
import type { OpenedState } from "../../run/record/runs.ts";
import type { Cli } from "../cli.ts";

/** The graph as in its file; null if it can't be read. */
export async function graphNow(graphFile: string, files: Cli["deps"]["files"]): Promise<Graph | null> {
  const text = await files.read(graphFile).then(decodeUtf8, () => null);
  return text === null ? null : (await readGraph(graphFile, text, files, graphFormat)).graph;
}

/** How the texts in a graph file compare with those of a run. @param now null: unknown */
export function textsSinceRun({ start, state }: Pick<OpenedState, "start" | "state">, now: Graph | null): TextsSince {
  const { startTexts, texts, proposals } = state;
  const accepted = acceptedNodes(proposals.map(({ node, verdict }) => ({ node, decision: verdict.decision })));
  return textsSince({ graph: start.graph, startTexts, texts }, accepted, now);
}

/** Warns that scores and verdicts of a run are about texts that its graph file no longer has. @param root of the graph file */
export async function warnOfChangedTexts(
  run: Pick<OpenedState, "id" | "start" | "state">,
  root: string,
  { deps, output }: Pick<Cli, "deps" | "output">,
): Promise<void> {
  const { changed } = textsSinceRun(run, await graphNow(join(root, run.start.graphFile), deps.files));
  if (changed.length === 0) return;
  const nodes = oneLine(changed.join(", "), 300);
  output.warn(`Text changed since run ${run.id}: ${nodes}. Its scores and verdicts are about the earlier texts.`);
}
