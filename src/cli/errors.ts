import { CommanderError } from "commander";
import { describeError, type ShownError } from "../i18n/describe-error.ts";
import type { ErrorAction, Severity } from "../i18n/error-message.ts";
import { ENGLISH } from "../i18n/locale.ts";
import { oneLine, plain } from "../i18n/plain-text.ts";
import { BudgetReached, fieldsOf } from "../models/errors.ts";
import type { RunState } from "../run/state/state.ts";
import { EXIT } from "./exit.ts";
import type { Failure } from "./output/json.ts";

/** Wrong use. The message says what is wrong, where, and what to do. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The graph file has errors, which have been printed. */
export class InvalidGraph extends Error {
  override readonly name = "InvalidGraph";
}

/** The user cancelled the command. */
export class Cancelled extends Error {
  override readonly name = "Cancelled";
  constructor() {
    super("Cancelled.");
  }
}

/** Why a file could not be written, as a clause. */
export function writeFailure(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = UNWRITABLE[code];
  if (reason !== undefined) return reason;
  return error instanceof Error ? oneLine(error.message, 300) : String(error);
}

const UNWRITABLE: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist",
  ENOTDIR: "a file has the name of its folder",
  EEXIST: "a file has the name of its folder",
  EISDIR: "it is a folder",
  EACCES: "permission was denied",
  EPERM: "permission was denied",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
};

/** An error as a message, a code for programs, and an exit code. @param hasRun whether the command makes or resumes a run */
export function failureOf(error: unknown, hasRun = true): Failure & { readonly exit: number } {
  if (error instanceof CommanderError) {
    return { code: "UsageError", message: plain(sentence(error.message)), exit: EXIT.wrongUse };
  }
  const code = error instanceof Error ? error.name : "Error";
  const fields = error instanceof Error ? fieldsOf(error) : {};
  const shown = describeError(code, fields, error instanceof Error ? error.message : String(error), ENGLISH);
  return { code, message: withAction(shown, hasRun), exit: exitFor(error, shown.severity) };
}

function exitFor(error: unknown, severity: Severity): number {
  if (error instanceof Cancelled) return EXIT.cancelled;
  if (error instanceof BudgetReached) return EXIT.budget;
  const isMissingFile = error instanceof Error && "code" in error && error.code === "ENOENT";
  return severity === "error" && !isMissingFile ? EXIT.failed : EXIT.wrongUse;
}

/** The message of a run that failed, from its log. */
export function runFailure({ error, detail, finished }: RunState): Failure {
  const code = error ?? "Error";
  return { code, message: withAction(describeError(code, finished?.fields ?? {}, detail ?? "", ENGLISH)) };
}

function withAction({ message, action }: ShownError, hasRun = true): string {
  const actions = hasRun ? ACTIONS : { ...ACTIONS, ...WITHOUT_RUN };
  const next = action === null ? "" : actions[action];
  return plain(next ? `${message} ${next}` : message);
}

/** What the user can do, as a sentence; empty if the message says it. */
const ACTIONS: Readonly<Record<ErrorAction, string>> = {
  "add credit": "Add credit to the account, or use another key or model. Then resume the run.",
  "allow models": "",
  "cancel batch":
    "Resume the run later. To stop waiting for the batch, cancel it with `agentgraph batches <run> --cancel`; the resumed run then sends the rest again.",
  "check address": "Check the address (--base-url).",
  "check model": "Check the model name (--model) and the address (--base-url).",
  "check network": "Check the network, HTTPS_PROXY and NO_PROXY.",
  "check server": "Check that the server is running and that --base-url is correct. All replies so far are saved.",
  "choose folder": "To store runs in another folder, use --runs-dir.",
  "choose model": "Name a model with --model.",
  "choose tier": "Leave out --tier, or allow the standard price with --tier-fallback.",
  "collect batches": "Add --tier batch, or the tiers that the run had, or --yes to send these requests again.",
  "free space":
    "Free up disk space or check write permissions, or use another folder with --runs-dir. If the run had started, resume it.",
  "install certificate": "Add the certificate with --ca-file.",
  "list runs": "`agentgraph runs` lists all runs.",
  "manage trust": "",
  "open source control": "",
  "resume later": "All replies so far are saved. Resume the run later.",
  "set key": "Set AGENTGRAPH_API_KEY or OPENAI_API_KEY to a valid key.",
  "show problems": "",
  "start new run": "Start a new run with `agentgraph optimize`.",
  "use same provider": "Use the same --base-url, or start a new run with `agentgraph optimize`.",
  "wait for tier":
    "Resume the run later, allow a longer wait with --max-wait, or allow the standard price with --tier-fallback.",
  "wait longer": "Resume the run later, or allow a longer wait with --max-wait.",
};

/** The same where there is no run. */
const WITHOUT_RUN: Partial<Readonly<Record<ErrorAction, string>>> = {
  "add credit": "Add credit to the account, or use another key.",
  "check server": "Check that the server is running and that --base-url is correct.",
  "free space": "Free up disk space or check write permissions.",
  "resume later": "Try again later.",
  "wait longer": "Try again later.",
};

/** Commander's messages as sentences: `error: unknown option '--x'`. */
export function sentence(message: string): string {
  const text = message.replace(/^error: /, "");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.)]$/.test(text) ? "" : "."}`;
}
