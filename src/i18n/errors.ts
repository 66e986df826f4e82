import type { AddressRefused } from "../models/address.ts";
import type {
  AccessRefused,
  AddressWrong,
  AnswerMissing,
  BatchEnded,
  BodyBroken,
  BudgetReached,
  KeyRefused,
  ModelErrorCode,
  ModelUnknown,
  ParameterInvalid,
  ParameterRefused,
  ProviderFault,
  ProxyFailed,
  RateLimited,
  ReplyWithheld,
  RequestRefused,
  TierUnavailable,
  TlsFailed,
  WaitTooLong,
} from "../models/errors.ts";
import { serverLabel } from "./labels.ts";
import type { Locale } from "./locale.ts";
import { missingMessage } from "./missing.ts";
import { oneLine } from "./plain-text.ts";

/**
 * Every error that reaches a user: code → severity, message and action. The editor shows the message as a notification
 * with a button for the action; the command line prints the message and the action as a sentence, and sets the exit code.
 */

/** `warning`: the user can fix it and try again. `error`: something failed; the editor also writes it to the log. */
export type Severity = "information" | "warning" | "error";

/** What the user can do. */
export type ErrorAction =
  | "add credit"
  | "allow models"
  | "check address"
  | "check model"
  | "check network"
  | "check server"
  | "choose folder"
  | "choose model"
  | "free space"
  | "install certificate"
  | "list runs"
  | "manage trust"
  | "open source control"
  | "resume later"
  | "set key"
  | "show problems"
  | "start new run"
  | "use same provider"
  | "wait longer";

/** Plain data of an error. */
export type ErrorFields = Readonly<Record<string, string | number | null>>;

/** One row of the table. */
export interface ErrorMessage<Fields> {
  readonly severity: Severity;
  message(fields: Fields, locale: Locale): string;
  action?(fields: Fields): ErrorAction | null;
}

/** The fields of an error class. */
type FieldsOf<E extends Error> = Omit<E, keyof Error | "code" | "reach">;

function entry<Fields>(
  severity: Severity,
  message: (fields: Fields, locale: Locale) => string,
  action?: ErrorAction | ((fields: Fields) => ErrorAction | null),
): ErrorMessage<Fields> {
  return { severity, message, action: typeof action === "function" ? action : () => action ?? null };
}

/** A detail as the end of a sentence. */
function clause(detail: string): string {
  return oneLine(detail, 300).replace(/\.$/, "");
}

export const ERRORS = {
  // Calls to models
  KeyRefused: entry<FieldsOf<KeyRefused>>(
    "error",
    ({ identity, status, detail }, { t }) =>
      t("{0} rejected the API key ({1}): {2}.", serverLabel(identity), status, clause(detail)),
    "set key",
  ),
  KeyUnusable: entry<object>(
    "warning",
    (_, { t }) => t("The API key contains a space, a line break or an unsupported character. Copy it again."),
    "set key",
  ),
  AccessRefused: entry<FieldsOf<AccessRefused>>(
    "error",
    ({ identity, reason, detail }, { t }) =>
      ({
        permission: t("VS Code did not allow AgentGraph to use its models: {0}.", clause(detail)),
        blocked: t("AgentGraph is blocked from using these models: {0}.", clause(detail)),
        quota: t("The credit or quota at {0} is used up: {1}.", serverLabel(identity), clause(detail)),
        region: t("{0} does not serve this location: {1}.", serverLabel(identity), clause(detail)),
      })[reason],
    ({ reason }) =>
      (({ permission: "allow models", blocked: "choose model", quota: "add credit", region: "choose model" }) as const)[
        reason
      ],
  ),
  RateLimited: entry<FieldsOf<RateLimited>>(
    "error",
    ({ identity, detail }, { t }) =>
      t("{0} keeps limiting the request rate: {1}.", serverLabel(identity), clause(detail)),
    "resume later",
  ),
  WaitTooLong: entry<FieldsOf<WaitTooLong>>(
    "error",
    ({ identity, asked, waited, limit, detail }, locale) =>
      asked === null
        ? locale.t(
            "{0} has not responded for {1}; the limit is {2}: {3}.",
            serverLabel(identity),
            locale.duration(waited),
            locale.duration(limit),
            clause(detail),
          )
        : locale.t(
            "{0} requests a wait of {1}; the limit is {2}: {3}.",
            serverLabel(identity),
            locale.duration(asked),
            locale.duration(limit),
            clause(detail),
          ),
    "wait longer",
  ),
  TierUnavailable: entry<FieldsOf<TierUnavailable>>("error", ({ identity, model, tier, detail }, { t }) =>
    t("{0} doesn't offer {1} at the tier {2}: {3}.", serverLabel(identity), model, tier, clause(detail)),
  ),
  BatchEnded: entry<FieldsOf<BatchEnded>>(
    "error",
    ({ identity, batch, reason, detail }, { t }) =>
      reason === "cancelled"
        ? t("Batch {0} of {1} was cancelled.", batch, serverLabel(identity))
        : t("{0} rejected batch {1}: {2}.", serverLabel(identity), batch, clause(detail)),
    "resume later",
  ),
  ProviderFault: entry<FieldsOf<ProviderFault>>(
    "error",
    ({ identity, status, reason, detail }, { t }) =>
      ({
        failed: t("{0} failed ({1}): {2}.", serverLabel(identity), status ?? "–", clause(detail)),
        timeout: t("{0} did not respond in time: {1}.", serverLabel(identity), clause(detail)),
        lost: t("The connection to {0} was lost: {1}.", serverLabel(identity), clause(detail)),
        unreached: t("{0} can't be reached: {1}.", serverLabel(identity), clause(detail)),
      })[reason],
    ({ reason }) => (reason === "unreached" ? "check server" : "resume later"),
  ),
  BodyBroken: entry<FieldsOf<BodyBroken>>(
    "error",
    ({ identity, detail }, { t }) => t("{0} sent an incomplete response: {1}.", serverLabel(identity), clause(detail)),
    "resume later",
  ),
  RequestRefused: entry<FieldsOf<RequestRefused>>(
    "error",
    ({ identity, status, model, reason, detail }, { t }) =>
      reason === "too long"
        ? t("A request is too long for model {0}: {1}.", model, clause(detail))
        : t("{0} rejected a request for model {1} ({2}): {3}.", serverLabel(identity), model, status, clause(detail)),
    "check model",
  ),
  ModelUnknown: entry<FieldsOf<ModelUnknown>>(
    "error",
    ({ identity, status, model, reason, detail }, { t }) =>
      ({
        unknown: t("{0} has no model named {1} ({2}): {3}.", serverLabel(identity), model, status, clause(detail)),
        deployment: t(
          "{0} has no deployment named {1} ({2}): {3}. On Azure, a model is named by its deployment.",
          serverLabel(identity),
          model,
          status,
          clause(detail),
        ),
        "no chat": t(
          "Model {1} at {0} doesn't answer chat completions ({2}): {3}.",
          serverLabel(identity),
          model,
          status,
          clause(detail),
        ),
        access: t(
          "The API key for {0} can't use model {1} ({2}): {3}.",
          serverLabel(identity),
          model,
          status,
          clause(detail),
        ),
      })[reason],
    "check model",
  ),
  AddressWrong: entry<FieldsOf<AddressWrong>>(
    "error",
    ({ identity, status, came, detail, suggestion }, { t }) => {
      const server = serverLabel(identity);
      const said = clause(detail);
      const message = {
        "web page": t("{0} returned a web page instead of a model's answer ({1}): {2}.", server, status, said),
        "sign-in page": t("{0} returned a sign-in page instead of a model's answer ({1}): {2}.", server, status, said),
        "not found": t("{0} has no chat completions ({1}): {2}.", server, status, said),
        redirect: t("{0} redirects to another address ({1}): {2}.", server, status, said),
        "other JSON": t("{0} returned JSON that is not a model's answer ({1}): {2}.", server, status, said),
        text: t("{0} returned text instead of a model's answer ({1}): {2}.", server, status, said),
      }[came];
      return suggestion === null ? message : `${message} ${t("Try {0}.", suggestion)}`;
    },
    "check address",
  ),
  TlsFailed: entry<FieldsOf<TlsFailed>>(
    "error",
    ({ identity, reason, detail }, { t }) => {
      const server = serverLabel(identity);
      return {
        untrusted: t("The certificate of {0} is not trusted: {1}.", server, clause(detail)),
        expired: t("The certificate of {0} is expired or not yet valid: {1}.", server, clause(detail)),
        name: t("The certificate of {0} is for another host: {1}.", server, clause(detail)),
        "not tls": t("{0} does not use https: {1}. Try http://.", server, clause(detail)),
        "not http": t("{0} requires https: {1}. Try https://.", server, clause(detail)),
        handshake: t("A secure connection to {0} failed: {1}.", server, clause(detail)),
      }[reason];
    },
    ({ reason }) =>
      reason === "untrusted" ? "install certificate" : reason.startsWith("not ") ? "check address" : "check network",
  ),
  ProxyFailed: entry<FieldsOf<ProxyFailed>>(
    "error",
    ({ identity, proxy, status, detail }, { t }) =>
      t("The proxy {0} can't connect to {1} ({2}): {3}.", proxy, serverLabel(identity), status ?? "–", clause(detail)),
    "check network",
  ),
  ReplyWithheld: entry<FieldsOf<ReplyWithheld>>("error", ({ identity, model, detail }, { t }) =>
    t("A content filter at {0} withheld an answer of model {1}: {2}.", serverLabel(identity), model, clause(detail)),
  ),
  AnswerMissing: entry<FieldsOf<AnswerMissing>>("error", ({ detail, ...missing }, locale) => {
    const message = missingMessage(missing, locale);
    return detail === "" ? message : locale.t("{0} ({1})", message, clause(detail));
  }),
  ParameterInvalid: entry<FieldsOf<ParameterInvalid>>("error", ({ identity, model, ...refused }, { t }) => {
    const [server, detail] = [serverLabel(identity), clause(refused.detail)];
    return t("{0} doesn't accept the value of {1} for model {2}: {3}.", server, refused.parameter, model, detail);
  }),
  ParameterRefused: entry<FieldsOf<ParameterRefused>>("error", ({ model, parameter }, { t }) =>
    t("Model {0} doesn't accept the parameter {1}.", model, parameter),
  ),
  BudgetReached: entry<FieldsOf<BudgetReached>>("warning", ({ unit, limit }, locale) => {
    const { t } = locale;
    const budget = unit === "usd" ? locale.money(limit) : locale.count(limit, unit === "calls" ? "call" : "token");
    return t("The budget of {0} is reached.", budget);
  }),
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
  NotRecorded: entry<{ path: string; systemCode: string }>(
    "error",
    ({ path, systemCode }, { t }) =>
      ["EEXIST", "ENOTDIR"].includes(systemCode)
        ? t("{0} couldn't be written because a file is in the place of a folder. Move the file, then try again.", path)
        : t("{0} couldn't be written ({1}).", path, systemCode),
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
      t("This folder is not trusted, so AgentGraph can't call models or run git. Trust the folder, then try again."),
    "manage trust",
  ),
  NoRepository: entry<{ folder: string }>(
    "warning",
    ({ folder }, { t }) =>
      t("VS Code has not opened the git repository in {0}. Open it in Source Control, then commit again.", folder),
    "open source control",
  ),
  CommitRefused: entry<{ detail: string }>("error", ({ detail }, { t }) =>
    t(
      "Git rejected the commit: {0}. Fix the problem, then commit from Source Control. The files are staged and the message is filled in.",
      clause(detail),
    ),
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
      "{0} has mixed line endings or is open in an encoding other than UTF-8, so nothing was applied. Select LF or CRLF and UTF-8 in the status bar, save the file, then try again.",
      file,
    ),
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

  // Errors that bring their own sentence
  NotFound: entry<object>("information", () => ""),
  UsageError: entry<object>("warning", () => ""),
  InvalidGraph: entry<object>("warning", () => ""),
} as const satisfies Readonly<Record<ModelErrorCode, unknown>> & Readonly<Record<string, unknown>>;

/** Codes in the table. */
export type ErrorCode = keyof typeof ERRORS;
