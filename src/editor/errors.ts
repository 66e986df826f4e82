import { basename } from "node:path";
import type { Fault } from "../graph/fault.ts";
import { describeError, type ShownError } from "../i18n/describe-error.ts";
import { fieldsOf } from "../models/errors.ts";
import { LOCALE } from "./editor-locale.ts";

/** The user cancelled a dialog. Nothing is shown. */
export class Cancelled extends Error {
  override readonly name = "Cancelled";
}

/** What the user asked for does not exist. `message` is a sentence that is shown. */
export class NotFound extends Error {
  override readonly name = "NotFound";
}

/** VS Code has not opened the repository of the files to commit. */
export class NoRepository extends Error {
  override readonly name = "NoRepository";
  constructor(readonly folder: string) {
    super(`git opened no repository in ${folder}`);
  }
}

/** Git rejected the commit: a hook failed, or the user name or signing key is missing. */
export class CommitRefused extends Error {
  override readonly name = "CommitRefused";
  constructor(
    readonly detail: string,
    /** Whether the files are staged and the message is filled in. */
    readonly isStaged: boolean,
  ) {
    super(`git made no commit: ${detail}`);
  }
}

/** The folder is not trusted, so no model and no program is called. */
export class NotTrusted extends Error {
  override readonly name = "NotTrusted";
}

/** The text that a proposal replaces has changed since the run. */
export class TextChanged extends Error {
  override readonly name = "TextChanged";
  constructor(
    readonly node: string,
    readonly file: string,
  ) {
    super(`the text of ${node} in ${file} has changed since the run`);
  }
}

/** The graph file or one of its prompt files was deleted or renamed. */
export class FileMissing extends Error {
  override readonly name = "FileMissing";
  constructor(readonly file: string) {
    super(`${file} is gone`);
  }
}

/** VS Code shows a file in another encoding, so an edit would change more than the text. */
export class EncodingMismatch extends Error {
  override readonly name = "EncodingMismatch";
  constructor(readonly file: string) {
    super(`${file} is not shown as it is on disk`);
  }
}

/** A file changes faster than VS Code reads it. */
export class DocumentOutdated extends Error {
  override readonly name = "DocumentOutdated";
  constructor(readonly file: string) {
    super(`${file} has changed on disk and is shown as before`);
  }
}

/** A file could not be saved. VS Code has shown why, and the editor still contains the text. */
export class NotSaved extends Error {
  override readonly name = "NotSaved";
  constructor(readonly file: string) {
    super(`${file} could not be saved`);
  }
}

/** The graph file has errors, so it cannot run. */
export class GraphInvalid extends Error {
  override readonly name = "GraphInvalid";
  readonly file: string;
  /** The first error, with what to do. */
  readonly first: string;
  /** How many more errors there are. */
  readonly more: number;
  constructor(
    /** Absolute path of the file. */
    readonly path: string,
    faults: readonly Fault[],
  ) {
    const [first, ...others] = faults.filter(({ severity }) => severity === "error");
    super(`${path} has ${others.length + 1} errors; the first: ${first?.message}`);
    this.file = basename(path);
    this.first = first ? `${first.message} ${first.remedy}` : "";
    this.more = others.length;
  }
}

/** Neither the user nor the graph file names a model. */
export class NoModel extends Error {
  override readonly name = "NoModel";
  constructor(readonly file: string) {
    super(`${file} names no model, and none is chosen`);
  }
}

/** The message, severity and action of an error. */
export function describe(error: unknown): ShownError {
  if (!(error instanceof Error)) return describeError("Error", {}, String(error), LOCALE);
  const unwritten = unwrittenFile(error);
  if (unwritten) return describeError("NotRecorded", unwritten, error.message, LOCALE);
  return describeError(error.name, fieldsOf(error), error.message, LOCALE);
}

/** The file of a system error that only writing has. */
function unwrittenFile(error: Error): { readonly path: string; readonly systemCode: string } | null {
  const [code, path] = ["code" in error && error.code, "path" in error && error.path];
  const isKnown = typeof code === "string" && ["EROFS", "ENOSPC", "EDQUOT"].includes(code);
  return isKnown && typeof path === "string" ? { path, systemCode: code } : null;
}
