import { basename } from "node:path";
import { commands, l10n, type TextDocument, WorkspaceEdit, window, workspace } from "vscode";
import type { Files } from "../../deps.ts";
import type { Proposal } from "../../engine/events.ts";
import { nodeOfInputs } from "../../graph/edges.ts";
import { replaceText } from "../../graph/edits/edit.ts";
import { applyEdits, type TextEdit } from "../../graph/fault.ts";
import { TextUnfit } from "../../graph/places/placed-text.ts";
import { verdictHeadline, verdictReason } from "../../i18n/verdict.ts";
import type { SomeCommands } from "../commands/commands.ts";
import { LOCALE } from "../editor-locale.ts";
import { Cancelled, NotFound, TextChanged } from "../errors.ts";
import type { GraphFiles } from "../graph-files.ts";
import { toRange } from "../language/documents.ts";
import type { OpenedRun } from "../runs/opened-run.ts";
import type { RunStore } from "../runs/run-store.ts";
import { showInfo } from "../ui/notifications.ts";
import { askAboutChangedText, notifyMerged } from "./changed-text.ts";
import type { Review } from "./review.ts";
import {
  assertUnchanged,
  holdsBase,
  holdsText,
  isShownAs,
  type LocatedChange,
  type LocatedProposal,
  locationsOf,
  saveOrThrow,
  type TextChange,
  textOnDisk,
} from "./text-locations.ts";
import { isUndone, type TextStatuses } from "./text-status.ts";
import { isOpen, type ProposalTree } from "./tree.ts";
import { askAboutReadOnly } from "./writable.ts";

/** Applies proposed texts to their files, or rejects them. */
export class Apply {
  readonly commands = {
    apply: async (target) => {
      const { run, proposal } = await this.review.proposal(target);
      await this.#apply(run, [proposal]);
    },
    applyAccepted: async (target) => {
      const run = await this.review.run(target);
      await this.#apply(run, [...leftToApply(run), ...(await this.#undone(run))]);
    },
    applyChecked: async (target) => {
      const run = await this.review.run(target);
      await this.#apply(run, this.tree.ticked(run));
    },
    reject: async (target) => {
      const { run, proposal } = await this.review.proposal(target);
      await this.#reject(run, proposal);
    },
  } satisfies SomeCommands;

  constructor(
    private readonly review: Review,
    private readonly tree: ProposalTree,
    private readonly runStore: RunStore,
    private readonly graphs: GraphFiles,
    private readonly files: Files,
    private readonly textStatuses: TextStatuses,
  ) {}

  /** Applies all or none, as one undoable edit. @throws TextChanged, NotSaved, NotFound, Cancelled */
  async #apply(run: OpenedRun, proposals: readonly Proposal[]): Promise<void> {
    if (proposals.length === 0) throw new NotFound(nothingToApply(run));
    for (const proposal of proposals) await confirmDoubtful(run, proposal);
    const all = await locationsOf(run, proposals, this.graphs, this.files);
    const moved = all.filter((place) => !holdsBase(place) && !holdsText(place));
    const [first] = moved;
    if (first && all.length === 1) return this.#applyMoved(run, first);
    const places = all.filter((place) => !moved.some(({ proposal }) => proposal.id === place.proposal.id));
    if (first) await askAboutOthers(moved, places);
    const missing = places.filter((place) => holdsBase(place) || !holdsText(place));
    await askAboutReadOnly([...new Set(missing.map(({ document }) => document))]);
    await edit(missing);
    const own = places.filter(({ isCompanion }) => !isCompanion);
    await this.runStore.act(run, { type: "applied", proposals: own.map(({ proposal }) => proposal.id) });
    void notifyApplied(run, own);
  }

  /** @throws Cancelled */
  async #applyMoved(run: OpenedRun, place: LocatedProposal): Promise<void> {
    const { text, isMerged } = await askAboutChangedText(run, place);
    await askAboutReadOnly([place.document]);
    await edit([{ ...place, proposal: { ...place.proposal, text } }]);
    await this.runStore.act(run, { type: "applied", proposals: [place.proposal.id] });
    if (isMerged) void notifyMerged(run, place);
    else void notifyApplied(run, [place]);
  }

  async #undone(run: OpenedRun): Promise<Proposal[]> {
    if (run.entry.untrusted) return [];
    const textStatus = await this.textStatuses.of(run);
    return run.state.proposals.filter(
      (one) => isWorthApplying(one) && isUndone(run.state.acts[one.id], textStatus(one)),
    );
  }

  async #reject(run: OpenedRun, proposal: Proposal): Promise<void> {
    if (!isOpen(run, proposal)) throw new NotFound(l10n.t("This proposal has already been applied or rejected."));
    await this.runStore.act(run, { type: "dismissed", proposals: [proposal.id] });
  }
}

/**
 * The proposals that *Apply all accepted* applies: none of an untrusted run, none that was applied or rejected, none
 * without effect.
 */
export function leftToApply(run: OpenedRun): readonly Proposal[] {
  if (run.entry.untrusted) return [];
  return run.state.proposals.filter((it) => isWorthApplying(it) && isOpen(run, it));
}

/** Whether the gate accepted a proposal that has an effect, as far as known. */
function isWorthApplying({ verdict, contributes }: Proposal): boolean {
  return verdict.decision === "accepted" && contributes !== false;
}

function nothingToApply(run: OpenedRun): string {
  return run.entry.untrusted
    ? l10n.t(
        "This run was made on another machine, so its verdicts are not verified. Recheck it here, or apply its proposals one by one.",
      )
    : run.state.proposals.some((it) => it.verdict.decision === "accepted" && isOpen(run, it))
      ? l10n.t("There is nothing left to apply: the accepted proposals that are left have no effect on the score.")
      : l10n.t("There is nothing left to apply: every accepted proposal of this run has been applied or rejected.");
}

/** Asks whether to apply only the texts that have not changed since the run. @throws Cancelled */
async function askAboutOthers(moved: readonly LocatedProposal[], others: readonly LocatedProposal[]): Promise<void> {
  const names = moved.map(({ proposal }) => proposal.node).join(", ");
  if (others.length === 0) {
    throw new NotFound(l10n.t("The texts of {0} changed since the run. Apply them one by one to merge.", names));
  }
  const apply = l10n.t("Apply the others");
  const message = l10n.t("The text of {0} changed since the run.", names);
  const detail = l10n.t(
    "Apply {0} now. To merge a changed text, apply its proposal by itself.",
    others.map(({ proposal }) => proposal.node).join(", "),
  );
  if ((await window.showWarningMessage(message, { modal: true, detail }, apply)) !== apply) throw new Cancelled();
}

/** Asks for confirmation if the gate did not accept the proposal or the run is not trusted. @throws Cancelled */
async function confirmDoubtful(run: OpenedRun, { node, verdict }: Proposal): Promise<void> {
  const doubts = [];
  if (verdict.decision !== "accepted")
    doubts.push(`${verdictHeadline(verdict, LOCALE)}. ${verdictReason(verdict, LOCALE)}`);
  if (run.entry.untrusted) doubts.push(l10n.t("This run was made on another machine, so its verdict is not verified."));
  if (doubts.length === 0) return;
  const anyway = l10n.t("Apply anyway");
  const message = l10n.t("Apply the new text of “{0}” anyway?", node);
  const answer = await window.showWarningMessage(message, { modal: true, detail: doubts.join("\n\n") }, anyway);
  if (answer !== anyway) throw new Cancelled();
}

/** @param content of the document, or of its file @throws NotFound if the text can't be there */
function editsOf(
  content: string,
  { place, proposal: { node, text }, document }: LocatedChange<TextChange>,
): readonly TextEdit[] {
  try {
    return replaceText(content, place, text);
  } catch (error) {
    if (!(error instanceof TextUnfit)) throw error;
    throw new NotFound(
      l10n.t(
        "The new text of “{0}” can't be written to {1}: it {2}.",
        node,
        basename(document.uri.fsPath),
        error.reason,
      ),
    );
  }
}

/**
 * Files with several kinds of line ends, as the changes leave them. VS Code reads such a file as if all were of one kind,
 * and saves it that way: lines that nobody changed would change.
 */
async function mixedFiles(
  places: readonly LocatedChange<TextChange>[],
  saved: ReadonlySet<TextDocument>,
): Promise<Map<TextDocument, string>> {
  const found = new Map<TextDocument, string>();
  for (const document of saved) {
    const content = await textOnDisk(document.uri);
    if (new Set(content.match(/\r\n|\r|\n/g)).size < 2) continue;
    const edits = places.filter((one) => one.document === document).flatMap((one) => editsOf(content, one));
    found.set(
      document,
      applyEdits(
        content,
        edits.sort((a, b) => a.offset - b.offset),
      ),
    );
  }
  return found;
}

/** Writes the line ends that VS Code did not keep, unless saving changed more, such as with a formatter. */
async function keepLineEnds(document: TextDocument, content: string): Promise<void> {
  const bytes = await workspace.fs.readFile(document.uri);
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  if (document.isDirty || !isShownAs(content, document) || !isShownAs(new TextDecoder().decode(bytes), document))
    return;
  await workspace.fs.writeFile(document.uri, new TextEncoder().encode(hasMark ? `\uFEFF${content}` : content));
}

/**
 * Writes texts into their files, as one undoable edit, if the files are still as they were found.
 * @throws TextChanged, FileMissing, EncodingMismatch, DocumentOutdated, NotSaved, NotFound
 */
export async function edit(places: readonly LocatedChange<TextChange>[]): Promise<void> {
  await assertUnchanged(places);
  const change = new WorkspaceEdit();
  const saved = new Set<TextDocument>();
  const prompts = new Map<TextDocument, Set<string>>();
  for (const located of places) {
    const { proposal, place, document } = located;
    // Two nodes that share a prompt file would overwrite each other.
    const part = JSON.stringify(place.part ?? null);
    const taken = prompts.get(document) ?? new Set();
    if (taken.has(part)) throw new TextChanged(proposal.node, basename(document.uri.fsPath));
    if (place.form === "file") prompts.set(document, taken.add(part));
    if (!document.isDirty) saved.add(document);
    for (const { offset, length, text } of editsOf(document.getText(), located)) {
      change.replace(document.uri, toRange(document, { start: offset, end: offset + length }), text);
    }
  }
  const mixed = await mixedFiles(places, saved);
  if (change.size > 0 && !(await workspace.applyEdit(change))) {
    throw new NotFound(l10n.t("VS Code couldn't edit the file. Check whether it is read-only."));
  }
  // Files with unsaved edits are not saved.
  for (const document of saved) {
    await saveOrThrow(document);
    const content = mixed.get(document);
    if (content !== undefined) await keepLineEnds(document, content);
  }
}

/**
 * While proposals are left, the status bar shows the message, because a notification for each would cover the review.
 */
async function notifyApplied(run: OpenedRun, places: readonly LocatedProposal[]): Promise<void> {
  const files = [...new Set(places.map(({ document }) => basename(document.uri.fsPath)))].join(", ");
  const id = places[0]?.proposal.node ?? "";
  const node = nodeOfInputs(id);
  const message =
    places.length > 1
      ? l10n.t("Applied {0} new texts to {1}.", places.length, files)
      : node === null
        ? l10n.t("Applied the new text of “{0}” to {1}.", id, files)
        : l10n.t("Applied the new inputs of “{0}” to {1}.", node, files);
  const applied = new Set(places.map(({ proposal }) => proposal.id));
  if (leftToApply(run).some(({ id }) => !applied.has(id))) {
    window.setStatusBarMessage(`$(check) ${message}`, 5000);
    return;
  }
  const commit = l10n.t("Commit accepted prompts");
  if ((await showInfo(message, commit)) === commit) {
    await commands.executeCommand("agentgraph.commit", { entry: { id: run.entry.id } });
  }
}
