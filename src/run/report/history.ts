import type { Proposal } from "../../engine/events.ts";
import { nodeOfInputs } from "../../graph/edges.ts";
import { type Act, actLabel } from "../../i18n/labels.ts";
import { ENGLISH, type Locale } from "../../i18n/locale.ts";
import { oneLine, plain } from "../../i18n/plain-text.ts";
import {
  type Contribution,
  changeFigures,
  VERDICT_MARKS,
  verdictHeadline,
  verdictLine,
  verdictReason,
} from "../../i18n/verdict.ts";
import { contributionOf } from "../explain/contribution.ts";
import type { RunState } from "../state/state.ts";
import { html, type Markup } from "./format/markup.ts";
import { pageHtml } from "./format/page.ts";
import { wordChanges } from "./tables/word-changes.ts";

/** Maximum number of runs in a history unless all are asked for, and of commits searched for them. */
export const HISTORY_RUNS = 30;
export const HISTORY_COMMITS = 500;

/** What one run changed in a node. */
export interface HistoryEntry {
  readonly run: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly method: string;
  readonly model: string;
  readonly proposal: Proposal;
  readonly part: Contribution | null;
  /** What the user did with the proposal; null: nothing yet. */
  readonly act: Act | null;
  /** Commits with the text, by their hash. */
  readonly commits: readonly string[];
  /** Made on another machine, so its verdict is not verified. */
  readonly untrusted: boolean;
}

export interface NodeHistory {
  readonly node: string;
  readonly graphName: string;
  /** In the file now; null: the graph has no such node any more. */
  readonly text: string | null;
  /** Newest first. */
  readonly entries: readonly HistoryEntry[];
  /** Older runs that are not shown. */
  readonly left: number;
}

/** A commit with a run's texts. */
export interface RunCommit {
  readonly hash: string;
  readonly run: string;
  /** Nodes that the message names with their verdicts, as ours does; null: it names none. */
  readonly nodes: readonly string[] | null;
}

/** Commits that name a run in a trailer of their message. */
export function runCommits(commits: readonly { readonly hash: string; readonly message: string }[]): RunCommit[] {
  return commits.flatMap(({ hash, message }) => {
    const run = /^Agentgraph-Run: (\S+)$/m.exec(message)?.[1];
    if (!run) return [];
    const nodes = [...message.matchAll(/^- (.+?): (?:accepted|rejected|no gate|changed after)\b/gm)].map(
      ([, node]) => node!,
    );
    return [{ hash, run, nodes: nodes.length === 0 ? null : nodes }];
  });
}

/**
 * What a run changed in a node; null: nothing. Commits are found by their trailer, so commits from other windows and by hand
 * count, too: those that say that they have this node's text, or don't say which they have.
 */
export function historyEntry(
  run: {
    readonly id: string;
    readonly startedAt: number;
    readonly method: string;
    readonly model: string;
    readonly threshold: number;
    readonly state: RunState;
    readonly untrusted: boolean;
  },
  node: string,
  commits: readonly RunCommit[],
): HistoryEntry | null {
  const { id, startedAt, method, model, threshold, state, untrusted } = run;
  const proposal = state.proposals.find((one) => one.node === node);
  if (!proposal) return null;
  const act = state.acts[proposal.id] ?? null;
  // A commit by hand that only names the run has what the gate accepted.
  const isIn = ({ nodes }: RunCommit) =>
    nodes?.includes(node) ?? (act === "applied" || act === "committed" || proposal.verdict.decision === "accepted");
  const trailed = commits.filter((one) => one.run === id && isIn(one)).map(({ hash }) => hash);
  return {
    ...{ run: id, startedAt, method, model, proposal, act, untrusted },
    part: contributionOf(state, proposal, threshold),
    commits: act === "committed" ? [...new Set([...state.commits, ...trailed])] : trailed,
  };
}

/** `Accepted by the gate · 3 → 20 of 20 right · committed as 1a2b3c4d` */
export function historyLine(entry: HistoryEntry, locale: Locale): string {
  const { t } = locale;
  const { proposal, part, act, commits, untrusted } = entry;
  const hashes = commits.map((hash) => hash.slice(0, 8)).join(", ");
  const done = hashes !== "" ? t("committed as {0}", hashes) : act && actLabel(act, locale);
  return [
    verdictHeadline(proposal.verdict, locale),
    ...changeFigures(proposal.verdict, part, locale),
    done,
    untrusted ? t("from another machine") : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

/**
 * The history of a node over all runs of its graph: its texts, their scores and what the user did with them, as a
 * self-contained page.
 */
export function historyHtml(history: NodeHistory, locale: Locale = ENGLISH, theme = ""): string {
  const { t } = locale;
  const { node, graphName, text, entries, left } = history;
  const reader = nodeOfInputs(node);
  const title =
    reader === null ? t("History of {0}", oneLine(node, 80)) : t("History of the inputs of {0}", oneLine(reader, 80));
  const body = html`<header>
<h1>${title}</h1>
<p class="soft">${oneLine(graphName, 120)}</p>
</header>
<main>
${text === null ? null : html`<h2>${t("In the file now")}</h2><div class="text">${plain(text)}</div>`}
<h2>${t("Runs, newest first")}</h2>
${entries.length === 0 ? html`<p>${t("No run has proposed a text for this node yet.")}</p>` : null}
${entries.map((entry) => article(entry, text, locale))}
${left > 0 ? html`<p class="left">${t("Older runs that are not shown: {0}.", left)}</p>` : null}
</main>`;
  return pageHtml(title, body, locale, theme);
}

function article(entry: HistoryEntry, now: string | null, locale: Locale): Markup {
  const { t } = locale;
  const { proposal, part, act, commits, untrusted } = entry;
  const { verdict, base, text, hypothesis } = proposal;
  const notes = [
    verdict.decision === "accepted" ? "" : verdictReason(verdict, locale),
    hypothesis ? t("Idea: {0}", oneLine(hypothesis, 600)) : "",
    act ? t("You: {0}.", actLabel(act, locale)) : "",
    commits.length > 0 ? t("In commit {0}.", commits.map((hash) => hash.slice(0, 8)).join(", ")) : "",
    now !== null && now === text ? t("This is the text in the file now.") : "",
    untrusted ? t("This run was made on another machine, so its verdict is not verified.") : "",
  ].filter(Boolean);
  const changes = wordChanges(plain(base), plain(text)).map(({ kind, text: words }) =>
    kind === "added" ? html`<ins>${words}</ins>` : kind === "removed" ? html`<del>${words}</del>` : html`${words}`,
  );
  return html`<article>
<h3>${locale.timestamp(entry.startedAt)} <span class="soft">${[entry.method, entry.model, entry.run].filter(Boolean).join(" · ")}</span></h3>
<p class="verdict ${verdict.decision}">${VERDICT_MARKS[verdict.decision]} ${verdictLine(verdict, locale, part)}</p>
${notes.map((one) => html`<p>${one}</p>`)}
<div class="text">${changes}</div>
</article>`;
}
