import { l10n, type TextDocumentContentProvider, Uri } from "vscode";
import type { OpenedRun } from "../runs/opened-run.ts";
import type { RunStore } from "../runs/run-store.ts";
import type { RunSummary } from "../runs/run-summary.ts";

/** Scheme of this extension's documents. Their language is set so that their diffs open inline. */
export const SCHEME = "agentgraph";

/** Names one proposal, or one attempt, of one run. */
export interface ProposalRef {
  readonly run: string;
  /** Proposal id: hash of node, base text and new text. */
  readonly id: string;
}

/** Common fields of a proposal and an attempt. */
export interface Change {
  readonly id: string;
  readonly node: string;
  readonly base: string;
  readonly text: string;
  readonly hypothesis: string;
}

export function findChange(run: OpenedRun, id: string): Change | null {
  return run.state.proposals.find((it) => it.id === id) ?? run.state.attempts.find((it) => it.id === id) ?? null;
}

/** The virtual document of one side of a change: the decoded instruction, never JSON. */
export function instructionUri(run: OpenedRun, change: Change, side: "before" | "after"): Uri {
  return Uri.from({
    scheme: SCHEME,
    path: `/AgentGraph/${folderOf(run.entry.graphName, run.entry.startedAt)}/${nameOf(change.node)}.instruction`,
    query: new URLSearchParams({ run: run.entry.id, id: change.id, side }).toString(),
  });
}

/** The virtual document of a node's text at the end of a run. */
export function finalTextUri({ id, startedAt, graphName }: RunSummary, node: string): Uri {
  return Uri.from({
    scheme: SCHEME,
    path: `/AgentGraph/${folderOf(graphName, startedAt)}/${nameOf(node)}.instruction`,
    query: new URLSearchParams({ run: id, node }).toString(),
  });
}

/** The virtual document of a run's answer to a sample. */
export function answerUri({ id, startedAt, graphName }: RunSummary, sample: string): Uri {
  return Uri.from({
    scheme: SCHEME,
    path: `/AgentGraph/${folderOf(graphName, startedAt)}/${l10n.t("answer")}.instruction`,
    query: new URLSearchParams({ run: id, sample }).toString(),
  });
}

/** A sample's inputs, the run's answer to it, and the expected one, in full. */
async function answerText(run: OpenedRun, id: string): Promise<string> {
  const sample = run.sample(id);
  const answer = await run.value(run.state.theta, id, run.graph.output);
  const parts = [
    ...Object.entries(sample?.inputs ?? {}),
    [l10n.t("answer"), answer ?? l10n.t("not stored")],
    ...(sample && sample.targets.length > 0 ? [[l10n.t("expected"), sample.targets.join("\n")]] : []),
  ];
  return parts.map(([name, text]) => `${name}:\n${text}\n`).join("\n");
}

/** The name of a node in a path, without colons, which some systems don't allow. */
function nameOf(node: string): string {
  return node.replace(":", " ");
}

function folderOf(graphName: string, startedAt: number): string {
  const local = startedAt - new Date(startedAt).getTimezoneOffset() * 60_000;
  const started = new Date(local).toISOString().slice(0, 16).replace("T", " ").replaceAll(":", ".");
  return `${graphName.replaceAll(/[/\\]/g, "-")} ${started}`;
}

/** The parts of a URI of this extension. null for any other URI. */
export function parseInstructionUri(uri: Uri): (ProposalRef & { side: "before" | "after" }) | null {
  if (uri.scheme !== SCHEME) return null;
  const query = new URLSearchParams(uri.query);
  const run = query.get("run");
  const id = query.get("id");
  return run && id ? { run, id, side: query.get("side") === "before" ? "before" : "after" } : null;
}

/** Serves the texts of proposals and attempts from their runs. */
export class Instructions implements TextDocumentContentProvider {
  constructor(private readonly runStore: RunStore) {}

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    const query = new URLSearchParams(uri.query);
    const sample = query.get("sample");
    if (sample !== null) {
      const answered = await this.runStore.open(query.get("run") ?? "");
      return answered ? answerText(answered, sample) : l10n.t("The run of this text no longer exists.");
    }
    const node = query.get("node");
    if (node !== null) return (await this.runStore.open(query.get("run") ?? ""))?.state.texts[node] ?? "";
    const ref = parseInstructionUri(uri);
    const run = ref && (await this.runStore.open(ref.run));
    const change = run && findChange(run, ref.id);
    if (!change) return l10n.t("The run of this text no longer exists.");
    return ref.side === "before" ? change.base : change.text;
  }
}

/** The first line, counted from 0, at which the second text differs. */
export function firstChange(before: string, after: string): number {
  const [were, are] = [before.split(/\r?\n/), after.split(/\r?\n/)];
  const line = are.findIndex((text, index) => text !== were[index]);
  return line < 0 ? are.length - 1 : line;
}
