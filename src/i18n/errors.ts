import type { AddressRefused } from "../models/address.ts";
import { clause, entry, type FieldsOf } from "./error-message.ts";
import { serverLabel } from "./labels.ts";
import type { Locale } from "./locale.ts";
import { MODEL_ERRORS } from "./model-errors.ts";
import { oneLine } from "./plain-text.ts";

/**
 * Every error that reaches a user: code → severity, message and action. The editor shows the message as a notification
 * with a button for the action; the command line prints the message and the action as a sentence, and sets the exit code.
 */
export const ERRORS = {
  ...MODEL_ERRORS,

  // Addresses and keys
  KeyUnusable: entry<object>(
    "warning",
    (_, { t }) => t("The API key contains a space, a line break or an unsupported character. Copy it again."),
    "set key",
  ),
  AddressRefused: entry<FieldsOf<AddressRefused>>(
    "warning",
    ({ address, reason }, { t }) =>
      ({
        "no address": t("“{0}” is not a complete address, such as https://api.openai.com/v1.", address),
        "not encrypted": t(
          "http is only allowed for servers on this computer (localhost). Use https for {0}.",
          address,
        ),
        "not http": t("{0} must start with https://.", address),
        "holds credentials": t(
          "{0} contains a user name or password. Remove it. You enter the API key separately.",
          address,
        ),
        "holds a query": t("{0} contains a query (?) or fragment (#). Remove it.", address),
      })[reason],
    "check address",
  ),

  // Runs
  RunInProgress: entry<{ process: number; host: string; lockFile: string }>(
    "warning",
    ({ process, host, lockFile }, { t }) =>
      host === ""
        ? t("Another process is running this graph. Wait for it to finish, or stop it.")
        : t(
            "A run of this graph is in progress (process {0} on {1}). Wait for it to finish, or stop it. If that process no longer exists, delete {2}.",
            process,
            host,
            lockFile,
          ),
  ),
  RunMissing: entry<{ run: string; folder: string }>(
    "warning",
    ({ run, folder }, { t }) => t("Run {0} does not exist in {1}.", oneLine(run, 80), folder),
    "list runs",
  ),
  RunUnreadable: entry<{ path: string; detail: string }>("warning", ({ path, detail }, { t }) =>
    t("The run can't be read: {0} ({1}). Delete it, or update AgentGraph.", path, clause(detail)),
  ),
  RunComplete: entry<{ run: string }>("warning", ({ run }, { t }) =>
    t("Run {0} is finished, so there is nothing to resume.", run),
  ),
  OtherProvider: entry<{ recorded: string; given: string }>(
    "warning",
    ({ recorded, given }, { t }) =>
      t(
        "This run used {0}, but {1} is selected now, so its saved replies can't be used.",
        serverLabel(oneLine(recorded, 200)),
        serverLabel(oneLine(given, 200)),
      ),
    "use same provider",
  ),
  BatchesOpen: entry<{ run: string; requests: number }>(
    "warning",
    ({ run, requests }, locale) =>
      locale.t(
        "Run {0} has {1} in batches. Resume it with the batch tier to collect their replies, or they are paid for again.",
        run,
        locale.count(requests, "call"),
      ),
    "collect batches",
  ),
  NotRecorded: entry<{ path: string; systemCode: string }>(
    "error",
    ({ path, systemCode }, { t }) =>
      ["EEXIST", "ENOTDIR"].includes(systemCode)
        ? t("{0} couldn't be written because a file has the name of its folder. Move the file, then try again.", path)
        : unwritable(path, systemCode, t),
    "free space",
  ),
  UntrustedRun: entry<{ run: string }>(
    "warning",
    (_, { t }) => t("This run was made on another machine or has been changed, so it can't be resumed here."),
    "start new run",
  ),
  UnsafeFile: entry<{ path: string; reason: "is a link" | "is not a regular file" | "is too large" }>(
    "warning",
    ({ path, reason }, { t }) =>
      ({
        "is a link": t("{0} is a symbolic link. Runs can't be stored behind a link. Remove it, then try again.", path),
        "is not a regular file": t("{0} is not a regular file, so it can't be read.", path),
        "is too large": t("{0} is too large to read.", path),
      })[reason],
    "choose folder",
  ),

  CertificatesUnreadable: entry<{ path: string; reason: string }>("warning", ({ path, reason }, { t }) =>
    t("No certificates could be read from {0} ({1}).", path, reason),
  ),

  // The editor
  NotTrusted: entry<object>(
    "warning",
    (_, { t }) =>
      t(
        "This folder is not trusted, so AgentGraph can't call models or tools, run code, or use git. Trust the folder to continue.",
      ),
    "manage trust",
  ),
  NoRepository: entry<{ folder: string }>(
    "warning",
    ({ folder }, { t }) =>
      t("VS Code has not opened the git repository in {0}. Open it in Source Control, then commit again.", folder),
    "open source control",
  ),
  CommitRefused: entry<{ detail: string; isStaged: boolean }>("error", ({ detail, isStaged }, { t }) =>
    isStaged
      ? t(
          "Git rejected the commit: {0}. Fix the problem, then commit from Source Control. The files are staged and the message is filled in.",
          clause(detail),
        )
      : t("Git rejected the commit: {0}. Nothing was staged or committed. Try again.", clause(detail)),
  ),
  TextChanged: entry<{ node: string; file: string }>("warning", ({ node, file }, { t }) =>
    t(
      "The text of “{0}” in {1} changed since the run, so nothing was applied. Undo your edit, or optimize the graph again.",
      node,
      file,
    ),
  ),
  FileMissing: entry<{ file: string }>("warning", ({ file }, { t }) =>
    t("{0} no longer exists, so nothing was applied. Restore it under this name, or optimize the graph again.", file),
  ),
  EncodingMismatch: entry<{ file: string }>("warning", ({ file }, { t }) =>
    t(
      "{0} is open in an encoding other than UTF-8, so nothing was applied. Select UTF-8 in the status bar, save the file, then try again.",
      file,
    ),
  ),
  DocumentOutdated: entry<{ file: string }>("warning", ({ file }, { t }) =>
    t("Another program keeps changing {0}, so nothing was applied. Try again when it has finished.", file),
  ),
  NotSaved: entry<{ file: string }>("warning", ({ file }, { t }) =>
    t("{0} couldn't be saved. Your changes are still in the editor: save the file, then try again.", file),
  ),
  GraphInvalid: entry<{ file: string; first: string; more: number }>(
    "warning",
    ({ file, first, more }, { t }) =>
      more === 0
        ? t("{0} can't run: {1}", file, first)
        : t("{0} can't run. {1} ({2} more in Problems.)", file, first, more),
    "show problems",
  ),
  NoModel: entry<{ file: string }>(
    "warning",
    ({ file }, { t }) => t("No model is selected, and {0} doesn't name one. Choose models, then try again.", file),
    "choose model",
  ),

  // Errors with a sentence of their own
  NotFound: entry<object>("information", () => ""),
  UsageError: entry<object>("warning", () => ""),
  InvalidGraph: entry<object>("warning", () => ""),
} as const;

/** @param code of the system */
function unwritable(path: string, code: string, t: Locale["t"]): string {
  switch (code) {
    case "EROFS":
      return t("{0} couldn't be written: the folder is read-only ({1}).", path, code);
    case "EACCES":
    case "EPERM":
      return t("{0} couldn't be written: permission denied ({1}).", path, code);
    case "ENOSPC":
      return t("{0} couldn't be written: the disk is full ({1}).", path, code);
    case "EDQUOT":
      return t("{0} couldn't be written: the disk quota is used up ({1}).", path, code);
    case "EFBIG":
      return t("{0} couldn't be written: the file is too large ({1}).", path, code);
    default:
      return t("{0} couldn't be written ({1}).", path, code);
  }
}

/** Codes in the table. */
export type ErrorCode = keyof typeof ERRORS;
