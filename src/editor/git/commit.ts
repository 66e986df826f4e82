import { basename, sep } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { commands, FileType, l10n, type TextDocument, Uri, window, workspace } from "vscode";
import type { Files } from "../../deps.ts";
import type { Proposal } from "../../engine/events.ts";
import { replaceText, TextNotFound } from "../../graph/edits/edit.ts";
import { applyEdits } from "../../graph/fault.ts";
import { TextUnfit } from "../../graph/places/placed-text.ts";
import { readGraph } from "../../graph/read.ts";
import { isSameButFormatting } from "../../graph/text/formatting.ts";
import { graphFormat } from "../../methods/registry.ts";
import type { SomeCommands } from "../commands/commands.ts";
import { Disposable } from "../disposable.ts";
import { LOCALE } from "../editor-locale.ts";
import { Cancelled, CommitRefused, NotFound, NotTrusted } from "../errors.ts";
import type { GraphFiles } from "../graph-files.ts";
import type { Review } from "../review/review.ts";
import {
  holdsBase,
  holdsText,
  type LocatedProposal,
  locationsOf,
  saveOrThrow,
  textOnDisk,
} from "../review/text-locations.ts";
import type { OpenedRun } from "../runs/opened-run.ts";
import type { RunStore } from "../runs/run-store.ts";
import { oneLine } from "../ui/markdown.ts";
import { showInfo } from "../ui/notifications.ts";
import type { Repository } from "./api.ts";
import { askAboutChanged } from "./changed.ts";
import { commitMessage } from "./message.ts";
import { gitMessage, refuseOtherWork, repositoryOf, textInHead } from "./repository.ts";

/** Commits applied texts, and nothing else, after the user has seen the message. */
export class Commit extends Disposable {
  readonly commands = { commit: (target) => this.#commit(target) } satisfies SomeCommands;

  constructor(
    private readonly review: Review,
    private readonly runStore: RunStore,
    private readonly graphs: GraphFiles,
    private readonly files: Files,
  ) {
    super();
  }

  async #commit(target: unknown): Promise<void> {
    if (!workspace.isTrusted) throw new NotTrusted();
    const run = await this.#withApplied(target);
    const first = await this.#inFiles(run);
    const chosen = await askAboutChanged(run, first, first.filter(not(holdsText)));
    const chosenFiles = documentsOf(chosen);
    const repository = await repositoryOf(
      chosenFiles.map(({ uri }) => uri),
      Uri.file(run.entry.root),
    );
    const head = await refuseOtherWork(repository, chosenFiles);
    for (const document of chosenFiles) await saveOrThrow(document);
    const textsNow = () => Promise.all(chosenFiles.map(({ uri }) => textOnDisk(uri)));
    const texts = await textsNow();
    // Saving may have changed a text: formatters and trimmed line ends.
    const saved = await this.#inFiles(run, chosen);
    const isNew = (place: LocatedProposal) => {
      const before = chosen.find(
        ({ proposal, isCompanion }) => proposal.id === place.proposal.id && isCompanion === place.isCompanion,
      );
      return !holdsText(place) && before?.current !== place.current;
    };
    const places = await askAboutChanged(run, saved, saved.filter(isNew));
    const documents = documentsOf(places);
    const { fresh, spaced } = await this.#askAboutOtherChanges(repository, documents, places);

    const own = places.filter(({ isCompanion }) => !isCompanion);
    const subject: Committed = {
      applied: own.filter(holdsText).map(({ proposal }) => proposal),
      changed: own.filter(not(holdsText)).map(({ proposal }) => proposal),
    };
    const message = messageOf(run, subject);
    const paths = documents.map(({ uri }) => uri.fsPath);
    const edit = l10n.t("Edit message…");
    const go = l10n.t("Commit");
    const title = l10n.t("Commit {0}?", documents.map(({ uri }) => basename(uri.fsPath)).join(", "));
    const ids = new Set(places.map(({ proposal }) => proposal.id));
    const leftOut = appliedOf(run).filter(({ id }) => !ids.has(id));
    const notes = [];
    const isDetached = repository.state.HEAD !== undefined && repository.state.HEAD.name === undefined;
    if (isDetached) notes.push(l10n.t("HEAD is detached, so this commit isn't on a branch."));
    if (leftOut.length > 0) notes.push(leftOutSentence(leftOut.map(({ node }) => node)));
    if (spaced.length > 0) notes.push(l10n.t("Saving also changed the spacing in {0}.", spaced.join(", ")));
    if (fresh.length > 0) {
      const names = fresh.map(({ uri }) => basename(uri.fsPath)).join(", ");
      notes.push(
        l10n.t(
          "Not yet in git: {0}. A first commit contains the texts from before the run, so that this one shows the change.",
          names,
        ),
      );
    }
    const detail = [...notes, message].join("\n\n");
    const answer = await window.showInformationMessage(title, { modal: true, detail }, go, edit);
    if (answer !== go && answer !== edit) throw new Cancelled();
    // Other windows, terminals and the user's tools go on while a question is open.
    const isAsAsked =
      (await refuseOtherWork(repository, chosenFiles)) === head && isDeepStrictEqual(await textsNow(), texts);
    if (!isAsAsked) {
      throw new NotFound(
        l10n.t("A file or the branch changed while you were asked, so nothing was committed. Try again."),
      );
    }

    try {
      if (fresh.length > 0) await this.#commitOriginals(repository, run, fresh, places);
      if (answer === edit) return await this.#leaveToUser(repository, run, subject, paths, message);
      await repository.add(paths);
      await repository.commit(message);
    } catch (error) {
      if (error instanceof NotFound) throw error;
      // After a failed hook or a missing user name or signing key, the user can commit in Source Control.
      const isStaged = await this.#leaveToUser(repository, run, subject, paths, message).then(
        () => true,
        () => false,
      );
      throw new CommitRefused(gitMessage(error), isStaged);
    }
    const sha = await this.#record(repository, run, subject);
    void showInfo(l10n.t("Committed as {0}.", sha.slice(0, 8)));
  }

  /**
   * Commits untracked files of the graph with the texts from before the run, so that the next commit shows the
   * change and not whole new files. Afterwards, the files on disk are as before, also after an error, but for those that
   * another program has written meanwhile, such as a hook: they stay as they are.
   * @throws NotFound if there are such files
   */
  async #commitOriginals(
    repository: Repository,
    run: OpenedRun,
    fresh: readonly TextDocument[],
    places: readonly LocatedProposal[],
  ): Promise<void> {
    const taken: string[] = [];
    const written: { readonly uri: Uri; readonly bytes: Uint8Array; readonly before: string; isJson: boolean }[] = [];
    const paths = new Set(fresh.map(({ uri }) => uri.fsPath));
    for (const path of await this.#untracked(repository, run)) paths.add(path);
    try {
      for (const document of fresh) {
        const { uri } = document;
        const own = places.filter((place) => place.document === document);
        const bytes = await workspace.fs.readFile(uri);
        const before = withBases(decode(bytes), own);
        if (before === null) continue;
        written.push({ uri, bytes, before, isJson: own.some(({ place }) => place.form !== "file") });
        await workspace.fs.writeFile(uri, new TextEncoder().encode(before));
      }
      await repository.add([...paths]);
      await repository.commit(`Add ${oneLine(run.entry.graphName)} as it was before tuning`);
    } finally {
      for (const { uri, bytes, before, isJson } of written) {
        const isOurs = isSameButFormatting(before, decode(await workspace.fs.readFile(uri)), isJson);
        if (isOurs) await workspace.fs.writeFile(uri, bytes);
        else taken.push(basename(uri.fsPath));
      }
    }
    if (taken.length === 0) return;
    throw new NotFound(
      l10n.t(
        "Another program wrote to {0} during the commit of the original texts. Its version is kept, and the new texts were not committed. Apply the proposals again.",
        taken.join(", "),
      ),
    );
  }

  /** Files of the graph that the last commit does not contain: the graph file, prompts and data. */
  async #untracked(repository: Repository, run: OpenedRun): Promise<string[]> {
    const file = await this.graphs.known(run.entry.graphPath);
    const text = new TextDecoder().decode(await workspace.fs.readFile(file));
    const { outline } = await readGraph(file.fsPath, text, this.files, graphFormat, { locale: LOCALE });
    const named = outline.references.map(({ reference }) => Uri.joinPath(file, "..", reference));
    const found: string[] = [];
    for (const uri of [file, ...named]) {
      const isThere = await workspace.fs.stat(uri).then(
        ({ type }) => type === FileType.File,
        () => false,
      );
      const isInside = uri.fsPath.startsWith(`${repository.rootUri.fsPath}${sep}`);
      if (isThere && isInside && (await textInHead(repository, uri)) === null) found.push(uri.fsPath);
    }
    return found;
  }

  /** The run of the command. Offers to apply its proposals if none is applied. */
  async #withApplied(target: unknown): Promise<OpenedRun> {
    const run = await this.review.run(target);
    if (appliedOf(run).length > 0) return run;
    const apply = l10n.t("Apply all accepted");
    const message = l10n.t("No proposal of this run has been applied, so there is nothing to commit.");
    if ((await window.showInformationMessage(message, { modal: true }, apply)) !== apply) throw new Cancelled();
    await commands.executeCommand("agentgraph.applyAccepted", { entry: { id: run.entry.id } });
    const again = await this.review.run({ entry: { id: run.entry.id } });
    if (appliedOf(again).length === 0) throw new Cancelled();
    return again;
  }

  /**
   * Locations of applied texts that were not undone, also of those that were edited since.
   * @param among limits the result to these
   * @throws NotFound
   */
  async #inFiles(run: OpenedRun, among?: readonly LocatedProposal[]): Promise<LocatedProposal[]> {
    const chosen = among && new Set(among.map(({ proposal }) => proposal.id));
    const proposals = appliedOf(run).filter(({ id }) => chosen?.has(id) ?? true);
    const places = (await locationsOf(run, proposals, this.graphs, this.files)).filter(not(holdsBase));
    if (places.length > 0) return places;
    throw new NotFound(l10n.t("The applied texts have since been undone, so there is nothing to commit."));
  }

  /**
   * Asks whether to commit files with changes other than the applied texts.
   * @returns the changes that no commit contains yet, and the names of those that differ in spacing only
   * @throws NotFound, Cancelled
   */
  async #askAboutOtherChanges(
    repository: Repository,
    documents: readonly TextDocument[],
    places: readonly LocatedProposal[],
  ): Promise<{ readonly fresh: TextDocument[]; readonly spaced: string[] }> {
    const others: string[] = [];
    const fresh: TextDocument[] = [];
    const spaced: string[] = [];
    let same = 0;
    for (const document of documents) {
      const own = places.filter((place) => place.document === document);
      const head = await textInHead(repository, document.uri);
      const text = await textOnDisk(document.uri);
      const name = basename(document.uri.fsPath);
      if (head === null) fresh.push(document);
      else if (head === text) same += 1;
      else {
        const expected = withTexts(head, own);
        const isJson = own.some(({ place }) => place.form !== "file");
        if (expected === null || !isSameButFormatting(expected, text, isJson)) others.push(name);
        else if (expected !== text || own.some(({ proposal, current }) => current !== proposal.text)) spaced.push(name);
      }
    }
    if (same === documents.length) throw new NotFound(l10n.t("These texts are already committed."));
    if (others.length === 0) return { fresh, spaced };
    const include = l10n.t("Commit all changes");
    const said = l10n.t("{0} also contains changes other than the applied texts.", others.join(", "));
    const detail = l10n.t("All of these changes would be part of this commit. Cancel to commit them separately first.");
    if ((await window.showWarningMessage(said, { modal: true, detail }, include)) !== include) throw new Cancelled();
    return { fresh, spaced };
  }

  /** Stages the files and fills in the message. The user commits in Source Control, and the run logs that commit. */
  async #leaveToUser(
    repository: Repository,
    run: OpenedRun,
    subject: Committed,
    paths: string[],
    message: string,
  ): Promise<void> {
    await repository.add(paths);
    const draft = repository.inputBox.value;
    repository.inputBox.value = message;
    await commands.executeCommand("workbench.view.scm");
    if (draft.trim() !== "" && draft !== message) void offerDraft(repository, draft);
    const listening = this.own(
      repository.onDidCommit(async () => {
        const head = await repository.getCommit("HEAD");
        if (!head.message.includes(run.entry.id)) return;
        listening.dispose();
        await this.#record(repository, run, subject);
      }),
    );
  }

  /** Logs the commit in the run, without texts that were edited after they were judged. */
  async #record(repository: Repository, run: OpenedRun, { applied }: Committed): Promise<string> {
    const { hash } = await repository.getCommit("HEAD");
    if (applied.length > 0)
      await this.runStore.act(run, { type: "committed", proposals: applied.map(({ id }) => id), sha: hash });
    return hash;
  }
}

function leftOutSentence(nodes: readonly string[]): string {
  return l10n.t("Skipped because the text changed after it was applied: {0}.", nodes.join(", "));
}

function documentsOf(places: readonly LocatedProposal[]): TextDocument[] {
  return [...new Set(places.map(({ document }) => document))];
}

function not<T>(is: (one: T) => boolean): (one: T) => boolean {
  return (one) => !is(one);
}

function appliedOf({ state }: OpenedRun): Proposal[] {
  return state.proposals.filter(({ id }) => state.acts[id] === "applied");
}

/**
 * The content of a commit: proposals with their judged texts, and proposals whose texts were edited after they were
 * applied.
 */
interface Committed {
  readonly applied: readonly Proposal[];
  readonly changed: readonly Proposal[];
}

function messageOf(run: OpenedRun, { applied, changed }: Committed): string {
  const accepted = run.state.proposals.filter(({ verdict }) => verdict.decision === "accepted");
  const ids = new Set(applied.map(({ id }) => id));
  const whole = accepted.length === ids.size && accepted.every(({ id }) => ids.has(id));
  const validation = run.state.finished?.validation ?? { n: 0, before: null, after: null };
  const { id, graphName, model } = run.entry;
  return commitMessage({ run: id, graphName, model, applied, changed, whole, validation });
}

/** The committed content of a file with its current texts. null if a text has no place there. */
function withTexts(head: string, places: readonly LocatedProposal[]): string | null {
  try {
    return places.reduce((text, { place, current }) => applyEdits(text, replaceText(text, place, current)), head);
  } catch (error) {
    if (error instanceof TextNotFound || error instanceof TextUnfit) return null;
    throw error;
  }
}

/** A file with the texts from before the run. null if a text has no place there. */
function withBases(content: string, places: readonly LocatedProposal[]): string | null {
  return withTexts(
    content,
    places.map((place) => ({ ...place, current: place.proposal.base })),
  );
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** Offers to put back a message that the user had begun to write in Source Control. */
async function offerDraft(repository: Repository, draft: string): Promise<void> {
  const restore = l10n.t("Restore my message");
  const message = l10n.t("The message in Source Control was replaced: {0}", oneLine(draft, 80));
  if ((await showInfo(message, restore)) === restore) repository.inputBox.value = draft;
}
