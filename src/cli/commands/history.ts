import { resolve } from "node:path";
import { textIn } from "../../graph/edits/text-status.ts";
import { canChange } from "../../graph/node-kinds.ts";
import { isSameButSpacing } from "../../graph/text/formatting.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { oneLine, plain } from "../../i18n/plain-text.ts";
import { VERDICT_MARKS } from "../../i18n/verdict.ts";
import { commitsAt } from "../../platform/git-log.ts";
import { nameOf } from "../../run/record/run-manifest.ts";
import { type ListedRun, listRuns, openRunState } from "../../run/record/runs.ts";
import {
  HISTORY_COMMITS,
  HISTORY_RUNS,
  type HistoryEntry,
  historyEntry,
  historyHtml,
  historyLine,
  runCommits,
} from "../../run/report/history.ts";
import type { PlaceOptions } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { UsageError, writeFailure } from "../errors.ts";
import { EXIT } from "../exit.ts";
import type { Output } from "../output/output.ts";
import { wordDiff } from "../output/word-diff.ts";
import { graphNow } from "../runs/texts-now.ts";
import { placeFor } from "./runs.ts";

export interface HistoryOptions extends PlaceOptions {
  /** A page about one node. */
  readonly output?: string;
  /** Show all runs, not the newest `HISTORY_RUNS`. */
  readonly all?: boolean;
}

/** The texts of nodes over the runs of a graph: what each run proposed, its score, and the commits with it. */
export async function historyCommand(
  { deps, output }: Cli,
  path: string,
  node: string | undefined,
  options: HistoryOptions,
): Promise<number> {
  const { place, root, isFile } = await placeFor(deps.files, path, options);
  if (!isFile) throw new UsageError(`${plain(path)} is not a graph file.`);
  const graphFile = resolve(path);
  const graph = await graphNow(graphFile, deps.files);
  const name = nameOf(graphFile, root);
  const all = (await listRuns(deps, place)).filter(({ summary }) => summary.graphFile === name);
  const runs = all.filter(({ summary: { proposals } }) =>
    proposals.some((one) => node === undefined || one.node === node),
  );
  const known = [...new Set([...(graph?.nodes.filter(canChange) ?? []).map(({ id }) => id), ...proposed(runs)])];
  if (node !== undefined && !known.includes(node)) {
    const list = known.map((one) => oneLine(one, 80)).join(", ");
    throw new UsageError(`${plain(path)} has no node ${plain(node)} with a text that can change. It has ${list}.`);
  }
  if (options.output !== undefined && node === undefined) throw new UsageError("Name the node that the page is about.");
  const commits = runs.length === 0 ? [] : runCommits(await commitsAt(root.folder, HISTORY_COMMITS));
  const nodes = node === undefined ? known : [node];
  const entries = new Map<string, HistoryEntry[]>(nodes.map((id) => [id, []]));
  const most = options.all ? runs.length : HISTORY_RUNS;
  for (const { summary, trusted } of runs.slice(0, most)) {
    const run = await openRunState(deps, place, summary.id).catch(() => null);
    if (!run) continue;
    const { id, startedAt, method, model = "" } = summary;
    const { threshold } = run.start.options;
    for (const one of nodes) {
      const about = { id, startedAt, method, model, threshold, state: run.state, untrusted: !trusted };
      const entry = historyEntry(about, one, commits);
      if (entry) entries.get(one)?.push(entry);
    }
  }
  const left = Math.max(0, runs.length - most);
  const textNow = (id: string) => graph && textIn(graph, id);
  if (node !== undefined && options.output !== undefined) {
    const about = { node, graphName: graph?.name ?? "", text: textNow(node), entries: entries.get(node) ?? [], left };
    await deps.files.write(resolve(options.output), historyHtml(about)).catch((error: unknown) => {
      throw new UsageError(`${plain(options.output ?? "")} can't be written: ${writeFailure(error)}.`);
    });
    output.info(`Wrote ${plain(options.output)}.`);
  }
  if (output.json) {
    const shown = nodes.map((id) => ({ node: id, text: textNow(id), runs: (entries.get(id) ?? []).map(jsonOf) }));
    output.object({ version: 1, graph: name, nodes: shown, left });
    return EXIT.done;
  }
  for (const id of nodes) {
    const found = entries.get(id) ?? [];
    if (node === undefined && found.length === 0) continue;
    output.print(output.colors.bold(oneLine(id, 80)) + output.colors.dim(` · ${nowLine(textNow(id), found)}`));
    for (const entry of found) {
      printEntry(entry, output);
      if (node !== undefined) printChange(entry, output);
    }
  }
  if (runs.length === 0)
    output.print(`No run of ${plain(path)} has proposed a text${node === undefined ? "" : ` for ${plain(node)}`} yet.`);
  if (left > 0) output.print(`Older runs that are not shown: ${left}. --all shows them.`);
  return EXIT.done;
}

function printEntry(entry: HistoryEntry, output: Output): void {
  const { startedAt, method, model, run, proposal } = entry;
  const about = [ENGLISH.timestamp(startedAt), method, model, run].filter(Boolean).map((one) => oneLine(one, 60));
  output.print(`  ${VERDICT_MARKS[proposal.verdict.decision]} ${plain(historyLine(entry, ENGLISH))}`);
  output.print(output.colors.dim(`    ${about.join(" · ")}`));
}

function printChange({ proposal }: HistoryEntry, output: Output): void {
  if (proposal.hypothesis) output.print(output.colors.dim(`    Idea: ${oneLine(proposal.hypothesis, 300)}`));
  const diff = wordDiff(proposal.base, proposal.text, output.colors);
  for (const line of diff.split("\n")) output.print(`    ${output.colors.dim("│")} ${line}`);
}

function proposed(runs: readonly ListedRun[]): string[] {
  return runs.flatMap(({ summary }) => summary.proposals.map(({ node }) => node));
}

/** Which run the text in the file is from. */
function nowLine(now: string | null, entries: readonly HistoryEntry[]): string {
  if (now === null) return "not in the file any more";
  const [newest] = entries;
  if (!newest) return "no run has proposed a text";
  const from = entries.find(({ proposal }) => isSameButSpacing(proposal.text, now));
  if (from) return `in the file: the text of run ${from.run}`;
  return isSameButSpacing(newest.proposal.base, now)
    ? "in the file: the text from before the newest run"
    : "in the file: text changed since";
}

function jsonOf({ run, startedAt, method, model, proposal, act, commits, untrusted }: HistoryEntry): object {
  const { base, text, hypothesis, verdict } = proposal;
  return { run, startedAt, method, model, base, text, hypothesis, verdict, act, commits, trusted: !untrusted };
}
