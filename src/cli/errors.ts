import { CommanderError } from "commander";
import { oneLine, plain } from "../i18n/plain-text.ts";
import { AddressRefused, KeyUnusable } from "../models/address.ts";
import { BudgetReached, isModelError } from "../models/errors.ts";
import { UnsafeFile } from "../platform/files.ts";
import { CertificatesUnreadable } from "../platform/network.ts";
import {
  MadeElsewhere,
  NotRecorded,
  OtherProvider,
  RunComplete,
  RunInProgress,
  RunMissing,
  RunUnreadable,
} from "../run/errors.ts";
import { EXIT } from "./exit.ts";
import type { Failure } from "./json.ts";

/** Wrong use: what is wrong, where, and what to do, as sentences. */
export class Misuse extends Error {
  override readonly name = "Misuse";
}

/** The graph file has errors; they have been printed. */
export class FaultyFile extends Error {
  override readonly name = "FaultyFile";
}

/** The user stopped it. */
export class Cancelled extends Error {
  override readonly name = "Cancelled";
  constructor() {
    super("It was cancelled.");
  }
}

/** Why a file could not be written, as the end of a sentence, with what to do. */
export function unwritable(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = UNWRITABLE[code];
  if (reason !== undefined) return reason;
  return error instanceof Error ? oneLine(error.message, 300) : String(error);
}

const UNWRITABLE: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist; make it first",
  ENOTDIR: "a file stands where its folder would be",
  EISDIR: "it is a folder",
  EACCES: "you may not write there",
  EPERM: "you may not write there",
  EROFS: "nothing can be written to that disk",
  ENOSPC: "the disk is full",
};

/** What went wrong, for a person and for a program. */
export function failureOf(error: unknown): Failure & { readonly exit: number } {
  const isUse = error instanceof CommanderError;
  const code = isUse ? "Misuse" : error instanceof Error ? error.name : "Error";
  return { code, message: plain(wordsFor(error)), exit: exitFor(error) };
}

function exitFor(error: unknown): number {
  if (error instanceof Cancelled) return EXIT.cancelled;
  if (error instanceof BudgetReached) return EXIT.budget;
  const isFailed = isModelError(error) || error instanceof NotRecorded;
  return isFailed || !isExpected(error) ? EXIT.failed : EXIT.wrongUse;
}

function isExpected(error: unknown): boolean {
  return (
    [Misuse, FaultyFile, AddressRefused, CertificatesUnreadable, KeyUnusable, CommanderError, UnsafeFile].some(
      (cause) => error instanceof cause,
    ) ||
    [RunInProgress, RunMissing, RunUnreadable, RunComplete, OtherProvider, MadeElsewhere].some(
      (cause) => error instanceof cause,
    ) ||
    (error instanceof Error && "code" in error && error.code === "ENOENT")
  );
}

function wordsFor(error: unknown): string {
  if (error instanceof RunInProgress) {
    const who = error.host ? `process ${error.process} on ${error.host}` : "another process";
    return `A run of this graph is under way (${error.run || "just begun"}, ${who}). Wait for its end, or stop it. If that process is gone, delete ${error.lockFile}.`;
  }
  if (error instanceof RunMissing) {
    return `There is no run ${oneLine(error.run, 80)}. \`agentgraph runs\` lists the runs of this folder's repository.`;
  }
  if (error instanceof RunUnreadable) return `The run cannot be read: ${error.path}: ${oneLine(error.detail, 300)}.`;
  if (error instanceof RunComplete) return `Run ${error.run} is done: there is nothing to resume.`;
  if (error instanceof OtherProvider) {
    return `Run ${error.run} asked ${oneLine(error.recorded, 200)}, not ${oneLine(error.given, 200)}, so its replies cannot be used again. Give the same --base-url, or start a new run with \`agentgraph optimize\`.`;
  }
  if (error instanceof MadeElsewhere) {
    return `Run ${error.run} was not made on this machine, or was changed since, so it is not resumed. Start a new run with \`agentgraph optimize\`.`;
  }
  if (error instanceof UnsafeFile) {
    return `${error.path} ${error.reason}, and was not written by AgentGraph. Remove it, or keep runs elsewhere with --runs-dir.`;
  }
  if (error instanceof NotRecorded) {
    const isFull = ["ENOSPC", "EDQUOT", "EFBIG"].includes(error.code);
    const remedy = isFull ? "Make room there" : "See to it that you may write there";
    return `${error.path} could not be written (${error.code}). ${remedy}, or keep runs elsewhere with --runs-dir; then try again.`;
  }
  if (error instanceof CommanderError) return sentence(error.message);
  if (error instanceof CertificatesUnreadable) return `--ca-file: ${error.message}.`;
  return failureWords(
    error instanceof Error ? error.name : "Error",
    error instanceof Error ? error.message : String(error),
  );
}

/** Commander's words as ours: `error: unknown option '--x'`. */
export function sentence(message: string): string {
  const said = message.replace(/^error: /, "");
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}${/[.)]$/.test(said) ? "" : "."}`;
}

/** Of a run that ended: the name of what ended it and what that said. */
export function failureWords(name: string, detail: string): string {
  const said = oneLine(detail, 500).replace(/\.$/, "");
  switch (name) {
    case "KeyUnusable":
    case "KeyRefused":
      return `${said}. Put a valid key into AGENTGRAPH_API_KEY (or OPENAI_API_KEY).`;
    case "AccessRefused":
      return `${said}. Add credit to the account, or use another key or model; then resume the run.`;
    case "RequestRefused":
    case "ModelUnknown":
    case "AddressWrong":
      return `${said}. Check the model's name (--model) and the address (--base-url).`;
    case "RateLimited":
    case "ProviderFault":
    case "BodyBroken":
      return `${said}. What was paid for is kept; resume the run when the provider is well again.`;
    case "NotRecorded":
      return `${said}. The run was stopped, for nothing more could be kept. Make room, then resume it.`;
    default:
      return `${said}.`;
  }
}
