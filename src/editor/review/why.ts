import {
  type Comment,
  type CommentController,
  CommentMode,
  type CommentThread,
  CommentThreadCollapsibleState,
  comments,
  l10n,
  MarkdownString,
  Range,
  workspace,
} from "vscode";
import type { Proposal } from "../../engine/events.ts";
import { verdictFigures, verdictHeadline, verdictReason } from "../../i18n/verdict.ts";
import { gradientsBehind } from "../../run/evidence.ts";
import type { SomeCommands } from "../commands.ts";
import { Disposable } from "../disposable.ts";
import { LOCALE } from "../editor-locale.ts";
import { literal } from "../markdown.ts";
import type { OpenedRun } from "../runs/opened-run.ts";
import { sampleLabel } from "./evidence.ts";
import { endOfFirstChange, instructionUri } from "./instructions.ts";
import type { Review } from "./review.ts";

/** Number of samples under a comment; the Proposals view lists all. */
const SAMPLES = 4;

/** Shows the reasons as a comment thread below the new text: the verdict, then the gradients by sample. */
export class Why extends Disposable {
  readonly commands = { why: (target) => this.#why(target) } satisfies SomeCommands;
  #controller: CommentController | null = null;
  readonly #threads = new Map<string, CommentThread>();

  constructor(private readonly review: Review) {
    super();
  }

  async #why(target: unknown): Promise<void> {
    const { run, proposal } = await this.review.proposal(target);
    const uri = instructionUri(run, proposal, "after");
    const known = this.#threads.get(uri.toString());
    if (known) {
      known.collapsibleState = CommentThreadCollapsibleState.Expanded;
      return;
    }
    // Created on first use, because a thread opens the Comments panel.
    this.#controller ??= this.own(comments.createCommentController("agentgraph", "AgentGraph"));
    await workspace.openTextDocument(uri);
    const line = endOfFirstChange(proposal.base, proposal.text);
    const at = new Range(line, 0, line, 0);
    const thread = this.#controller.createCommentThread(uri, at, commentsOn(run, proposal));
    thread.label = l10n.t("Why {0} should change", proposal.node);
    thread.canReply = false;
    thread.collapsibleState = CommentThreadCollapsibleState.Expanded;
    this.#threads.set(uri.toString(), thread);
  }
}

function commentsOn(run: OpenedRun, proposal: Proposal): Comment[] {
  const { verdict } = proposal;
  const gate = [
    `**${verdictHeadline(verdict, LOCALE)}**`,
    verdictFigures(verdict, LOCALE).join(" · "),
    verdictReason(verdict, LOCALE),
  ];
  const said = [comment(l10n.t("Gate"), gate.join("\n\n"))];
  if (proposal.hypothesis) said.push(comment(l10n.t("Idea"), literal(proposal.hypothesis)));
  return [...said, ...gradientComments(run, proposal)];
}

/** Each sentence once, with the samples that it is about: authors' names are cut after a few words. */
function gradientComments(run: OpenedRun, proposal: Proposal): Comment[] {
  const samples = new Map<string, Set<string>>();
  for (const { text, sample } of gradientsBehind(run.state, proposal)) {
    const sentence = text.replace(/\s+/g, " ").trim();
    samples.set(sentence, (samples.get(sentence) ?? new Set()).add(sample));
  }
  return [...samples].map(([sentence, ids]) => {
    const shown = [...ids].slice(0, SAMPLES).map((id) => `- ${literal(sampleLabel(run, id))}`);
    const more = ids.size > SAMPLES ? [`- ${l10n.t("{0} more", ids.size - SAMPLES)}`] : [];
    return comment(LOCALE.count(ids.size, "sample"), [literal(sentence), [...shown, ...more].join("\n")].join("\n\n"));
  });
}

function comment(author: string, markdown: string): Comment {
  return { author: { name: author }, body: new MarkdownString(markdown), mode: CommentMode.Preview };
}
