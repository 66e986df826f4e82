import { basename } from "node:path";
import { l10n } from "vscode";
import type { Fault } from "../graph/fault.ts";
import { serverLabel } from "../i18n/labels.ts";
import { AddressRefused } from "../models/address.ts";
import { KeyRefused, ProviderFault } from "../models/errors.ts";
import { UnsafeFile } from "../platform/files.ts";
import {
  MadeElsewhere,
  NotRecorded,
  OtherProvider,
  RunComplete,
  RunInProgress,
  RunMissing,
  RunUnreadable,
} from "../run/errors.ts";
import { oneLine } from "./markdown.ts";

/** The user stopped a dialog half-way: nothing to say. */
export class Cancelled extends Error {
  override readonly name = "Cancelled";
}

/** Something the user asked for is not there; `message` is already a sentence for a person. */
export class NothingThere extends Error {
  override readonly name = "NothingThere";
}

/** VS Code's git shows no repository where the files to commit are. */
export class NoRepository extends Error {
  override readonly name = "NoRepository";
  constructor(readonly folder: string) {
    super(`git opened no repository in ${folder}`);
  }
}

/** git did not make the commit: a hook said no, or it lacks a name or a key to sign with. */
export class CommitRefused extends Error {
  override readonly name = "CommitRefused";
  constructor(readonly detail: string) {
    super(`git made no commit: ${detail}`);
  }
}

/** The folder is not trusted, so nothing is sent and no program is called. */
export class NotTrusted extends Error {
  override readonly name = "NotTrusted";
}

/** The text that a proposal would replace is no longer the one its run saw. */
export class TextChanged extends Error {
  override readonly name = "TextChanged";
  constructor(
    readonly node: string,
    readonly file: string,
  ) {
    super(`the text of ${node} in ${file} has changed since the run`);
  }
}

/** The graph file or a prompt file of it was deleted or renamed. */
export class FileGone extends Error {
  override readonly name = "FileGone";
  constructor(readonly file: string) {
    super(`${file} is gone`);
  }
}

/** What VS Code shows of a file is not what is on disk: an edit there would change more than it should. */
export class ShownOtherwise extends Error {
  override readonly name = "ShownOtherwise";
  constructor(readonly file: string) {
    super(`${file} is not shown as it is on disk`);
  }
}

/** A file could not be saved; VS Code itself has said why, and the text stands in its editor. */
export class NotSaved extends Error {
  override readonly name = "NotSaved";
  constructor(readonly file: string) {
    super(`${file} could not be saved`);
  }
}

/** The graph file has faults that keep it from running. */
export class GraphFaulty extends Error {
  override readonly name = "GraphFaulty";
  readonly errors: readonly Fault[];
  constructor(
    /** Absolute. */
    readonly path: string,
    faults: readonly Fault[],
  ) {
    const errors = faults.filter(({ severity }) => severity === "error");
    super(`${path} has ${errors.length} faults; the first: ${errors[0]?.message}`);
    this.errors = errors;
  }
}

/** Nobody has said which model is asked: neither the user nor the file. */
export class NoModel extends Error {
  override readonly name = "NoModel";
  constructor(readonly file: string) {
    super(`${file} names no model, and none is chosen`);
  }
}

/** What a user can bring about and set right: said as a warning, and of no interest to the log. */
export function isExpected(error: unknown): boolean {
  return [
    NotTrusted,
    TextChanged,
    FileGone,
    ShownOtherwise,
    NotSaved,
    GraphFaulty,
    RunInProgress,
    RunComplete,
    OtherProvider,
    MadeElsewhere,
    AddressRefused,
    UnsafeFile,
  ].some((cause) => error instanceof cause);
}

/** What happened, where, and what to do: the words for every error that reaches the user. */
export function sentence(error: unknown): string {
  if (error instanceof NotTrusted) {
    return l10n.t(
      "This folder is not trusted, so AgentGraph can't call models or run git. Trust the folder, then try again.",
    );
  }
  if (error instanceof NoRepository) {
    return l10n.t(
      "VS Code has not opened the git repository in {0}. Open it in Source Control, then commit again.",
      error.folder,
    );
  }
  if (error instanceof CommitRefused) {
    return l10n.t(
      "Git rejected the commit: {0}. Fix the problem, then commit from Source Control. The files are staged and the message is filled in.",
      oneLine(error.detail, 300).replace(/\.$/, ""),
    );
  }
  if (error instanceof TextChanged) {
    return l10n.t(
      "The text of “{0}” in {1} changed since the run, so nothing was applied. Undo your edit, or optimize the graph again.",
      error.node,
      error.file,
    );
  }
  if (error instanceof FileGone) {
    return l10n.t(
      "{0} no longer exists, so nothing was applied. Restore it under this name, or optimize the graph again.",
      error.file,
    );
  }
  if (error instanceof ShownOtherwise) {
    return l10n.t(
      "{0} has mixed line endings or is open in an encoding other than UTF-8, so nothing was applied. Select LF or CRLF and UTF-8 in the status bar, save the file, then try again.",
      error.file,
    );
  }
  if (error instanceof NotSaved) {
    return l10n.t(
      "{0} couldn't be saved. Your changes are still in the editor: save the file, then try again.",
      error.file,
    );
  }
  if (error instanceof GraphFaulty) {
    const [first, ...others] = error.errors;
    const what = first ? `${first.message} ${first.remedy}` : "";
    const file = basename(error.path);
    return others.length === 0
      ? l10n.t("{0} cannot run: {1}", file, what)
      : l10n.t("{0} cannot run. {1} ({2} more in Problems.)", file, what, others.length);
  }
  if (error instanceof NoModel) {
    return l10n.t("No model is selected, and {0} doesn't name one. Choose models, then try again.", error.file);
  }
  if (error instanceof RunInProgress) {
    return l10n.t(
      "A run of this graph is in progress (process {0} on {1}). Wait for it to finish, or cancel it there.",
      error.process,
      error.host,
    );
  }
  if (error instanceof RunComplete) {
    return l10n.t("This run is finished, so there is nothing to resume.");
  }
  if (error instanceof OtherProvider) {
    return l10n.t(
      "This run used {0}, but {1} is selected now, so its saved replies can't be used. Select {0} again, or start a new run.",
      error.recorded,
      error.given,
    );
  }
  if (error instanceof MadeElsewhere) {
    return l10n.t("This run was made on another machine, so it can't be resumed here. Start a new run instead.");
  }
  if (error instanceof RunMissing) return l10n.t("The run no longer exists: its folder {0} was deleted.", error.folder);
  if (error instanceof RunUnreadable) {
    return l10n.t("The run can't be read: {0} ({1}). Delete it, or update AgentGraph.", error.path, error.detail);
  }
  if (error instanceof NotRecorded && ["EEXIST", "ENOTDIR"].includes(error.code)) {
    return l10n.t(
      "{0} couldn't be written because a file is in the place of a folder. Move the file, then try again.",
      error.path,
    );
  }
  if (error instanceof NotRecorded) {
    return l10n.t(
      "{0} couldn't be written ({1}). Free up disk space or check write permissions.",
      error.path,
      error.code,
    );
  }
  if (error instanceof UnsafeFile) {
    return {
      "is a link": l10n.t(
        "{0} is a symbolic link. Runs can't be stored behind a link. Remove it, then try again.",
        error.path,
      ),
      "is no regular file": l10n.t("{0} is not a regular file, so it can't be read.", error.path),
      "is too large": l10n.t("{0} is too large to read.", error.path),
    }[error.reason];
  }
  if (error instanceof AddressRefused) return addressSentence(error);
  if (error instanceof KeyRefused) {
    return l10n.t(
      "{0} rejected the API key. Run “AgentGraph: Set API key” to set another one.",
      serverLabel(error.identity),
    );
  }
  if (error instanceof ProviderFault)
    return l10n.t(
      "{0} did not respond ({1}). Check that the server is running.",
      serverLabel(error.identity),
      error.detail,
    );
  return error instanceof Error ? error.message : String(error);
}

function addressSentence({ address, reason }: AddressRefused): string {
  switch (reason) {
    case "no address":
      return l10n.t("“{0}” is not a complete address, such as https://api.openai.com/v1.", address);
    case "not encrypted":
      return l10n.t("http is only allowed for servers on this computer (localhost). Use https for {0}.", address);
    case "not http":
      return l10n.t("{0} must start with https://.", address);
    case "holds credentials":
      return l10n.t("{0} contains a user name or password. Remove it. You enter the API key separately.", address);
    case "holds a query":
      return l10n.t("{0} contains a query (?) or fragment (#). Remove it.", address);
  }
}
