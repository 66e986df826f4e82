import type { ModelError, ModelErrorCode } from "../models/errors.ts";
import { clause, type ErrorMessage, entry, type FieldsOf } from "./error-message.ts";
import { serverLabel } from "./labels.ts";
import type { Locale } from "./locale.ts";
import { missingMessage } from "./missing-answer.ts";

type ModelErrors = { readonly [C in ModelErrorCode]: ErrorMessage<FieldsOf<Extract<ModelError, { code: C }>>> };

/** Errors of calls to models. */
export const MODEL_ERRORS: ModelErrors = {
  KeyRefused: entry(
    "error",
    ({ identity, status, detail }, { t }) =>
      t("{0} rejected the API key ({1}): {2}.", serverLabel(identity), status, clause(detail)),
    "set key",
  ),
  AccessRefused: entry(
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
  RateLimited: entry(
    "error",
    ({ identity, detail }, { t }) =>
      t("{0} keeps limiting the request rate: {1}.", serverLabel(identity), clause(detail)),
    "resume later",
  ),
  WaitTooLong: entry(
    "error",
    ({ identity, asked, waited, limit, detail }, locale) =>
      asked === null
        ? locale.t(
            "{0} has answered no request for {1}; the limit is {2}: {3}.",
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
    ({ reason }) => (reason === "no room" ? "wait for tier" : "wait longer"),
  ),
  TierUnavailable: entry(
    "error",
    ({ identity, model, tier, detail }, { t }) =>
      t("{0} doesn't offer {1} at the tier {2}: {3}.", serverLabel(identity), model, tier, clause(detail)),
    "choose tier",
  ),
  BatchEnded: entry(
    "error",
    ({ identity, batch, reason, detail }, { t }) =>
      ({
        cancelled: t("Batch {0} of {1} was cancelled.", batch, serverLabel(identity)),
        failed: t("{0} rejected batch {1}: {2}.", serverLabel(identity), batch, clause(detail)),
        late: t(
          "Batch {0} of {1} has not ended within 30 hours. Requests done: {2}.",
          batch,
          serverLabel(identity),
          clause(detail),
        ),
      })[reason],
    ({ reason }) => (reason === "late" ? "cancel batch" : "resume later"),
  ),
  ProviderFault: entry(
    "error",
    ({ identity, status, reason, detail }, { t }) =>
      ({
        failed: t("{0} failed ({1}): {2}.", serverLabel(identity), status ?? "–", clause(detail)),
        timeout: t("{0} did not respond in time: {1}.", serverLabel(identity), clause(detail)),
        lost: t("The connection to {0} was lost: {1}.", serverLabel(identity), clause(detail)),
        unreached: t("{0} can't be reached: {1}.", serverLabel(identity), unreachedReason(clause(detail), t)),
      })[reason],
    ({ reason }) => (reason === "unreached" ? "check server" : "resume later"),
  ),
  BodyBroken: entry(
    "error",
    ({ identity, detail }, { t }) => t("{0} sent an unusable response: {1}.", serverLabel(identity), clause(detail)),
    "resume later",
  ),
  RequestRefused: entry(
    "error",
    ({ identity, status, model, reason, detail }, { t }) =>
      reason === "too long"
        ? t("A request is too long for model {0}: {1}.", model, clause(detail))
        : reason === "images"
          ? t("Model {0} doesn't take images: {1}.", model, clause(detail))
          : t("{0} rejected a request for model {1} ({2}): {3}.", serverLabel(identity), model, status, clause(detail)),
    "check model",
  ),
  ModelUnknown: entry(
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
  AddressWrong: entry(
    "error",
    ({ identity, status, came, detail, suggestion }, { t }) => {
      const server = serverLabel(identity);
      const said = clause(detail);
      const message = {
        "web page": t("{0} returned a web page instead of a model's answer ({1}): {2}.", server, status, said),
        "sign-in page": t("{0} returned a sign-in page instead of a model's answer ({1}): {2}.", server, status, said),
        "not found": t("{0} has no chat completions ({1}): {2}.", server, status, said),
        "no list": t(
          "{0} has no list of models ({1}): {2}. If the address is right, enter the name of a model.",
          server,
          status,
          said,
        ),
        redirect:
          detail === ""
            ? t("{0} redirects to another address ({1}). Your key is not sent there.", server, status)
            : t("{0} redirects to {1} ({2}). Your key is not sent there.", server, said, status),
        "other JSON": t("{0} returned JSON that is not a model's answer ({1}): {2}.", server, status, said),
        text: t("{0} returned text instead of a model's answer ({1}): {2}.", server, status, said),
      }[came];
      return suggestion === null ? message : `${message} ${t("Try {0}.", suggestion)}`;
    },
    "check address",
  ),
  TlsFailed: entry(
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
  ProxyFailed: entry(
    "error",
    ({ identity, proxy, status, detail }, { t }) =>
      t("The proxy {0} can't connect to {1} ({2}): {3}.", proxy, serverLabel(identity), status ?? "–", clause(detail)),
    "check network",
  ),
  ReplyWithheld: entry("error", ({ identity, model, detail }, { t }) =>
    t("A content filter at {0} withheld an answer of model {1}: {2}.", serverLabel(identity), model, clause(detail)),
  ),
  AnswerMissing: entry("error", ({ detail, ...missing }, locale) => {
    const message = missingMessage(missing, locale);
    return detail === "" ? message : locale.t("{0} ({1})", message, clause(detail));
  }),
  ParameterInvalid: entry("error", ({ identity, model, ...refused }, { t }) => {
    const [server, detail] = [serverLabel(identity), clause(refused.detail)];
    return t("{0} doesn't accept the value of {1} for model {2}: {3}.", server, refused.parameter, model, detail);
  }),
  ParameterRefused: entry("error", ({ model, parameter }, { t }) =>
    t("Model {0} doesn't accept the parameter {1}.", model, parameter),
  ),
  BudgetReached: entry("warning", ({ unit, limit }, locale) => {
    const { t } = locale;
    const budget = unit === "usd" ? locale.money(limit) : locale.count(limit, unit === "calls" ? "call" : "token");
    return t("The budget of {0} is reached.", budget);
  }),
};

/** Why nothing answers at an address. @param detail the code of the failed connection, or a message */
function unreachedReason(detail: string, t: Locale["t"]): string {
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: t("the connection was refused"),
    ENOTFOUND: t("its name was not found"),
    EAI_AGAIN: t("its name could not be looked up"),
    EHOSTUNREACH: t("there is no route to it"),
    ENETUNREACH: t("there is no route to it"),
    UND_ERR_CONNECT_TIMEOUT: t("the connection timed out"),
  };
  const reason = Object.hasOwn(reasons, detail) ? reasons[detail] : undefined;
  return reason === undefined ? detail : t("{0} ({1})", reason, detail);
}
