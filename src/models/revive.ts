import {
  AccessRefused,
  AddressWrong,
  AnswerMissing,
  BatchEnded,
  BodyBroken,
  BudgetReached,
  fieldsOf,
  KeyRefused,
  type ModelError,
  type ModelErrorCode,
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
} from "./errors.ts";
import type { Usage } from "./model.ts";

/** A failure in the form that is sent between machines. */
export interface PlainFailure {
  readonly code: string;
  readonly fields: Readonly<Record<string, string | number | null>>;
  /** Of a reply without an answer. */
  readonly usage?: Usage;
}

export function plainFailure(error: ModelError): PlainFailure {
  const { code } = error;
  return { code, fields: fieldsOf(error), ...(error instanceof AnswerMissing && { usage: error.usage }) };
}

// biome-ignore lint/suspicious/noExplicitAny: each has its own arguments, which are named beside it
type Constructor = new (...values: any[]) => ModelError;

/** Each class, and its constructor's arguments by name. */
const CLASSES: Readonly<Record<ModelErrorCode, readonly [Constructor, readonly string[]]>> = {
  KeyRefused: [KeyRefused, ["identity", "status", "detail"]],
  AccessRefused: [AccessRefused, ["identity", "reason", "detail"]],
  RateLimited: [RateLimited, ["identity", "retryAfter", "detail", "reason"]],
  WaitTooLong: [WaitTooLong, ["identity", "reason", "asked", "waited", "limit", "detail"]],
  ProviderFault: [ProviderFault, ["identity", "status", "retryAfter", "detail", "reason"]],
  BodyBroken: [BodyBroken, ["identity", "detail"]],
  RequestRefused: [RequestRefused, ["identity", "status", "model", "detail", "reason"]],
  ParameterInvalid: [ParameterInvalid, ["identity", "model", "parameter", "detail"]],
  TierUnavailable: [TierUnavailable, ["identity", "model", "tier", "detail"]],
  BatchEnded: [BatchEnded, ["identity", "batch", "reason", "detail"]],
  ModelUnknown: [ModelUnknown, ["identity", "status", "model", "detail", "reason"]],
  AddressWrong: [AddressWrong, ["identity", "status", "came", "detail", "suggestion"]],
  TlsFailed: [TlsFailed, ["identity", "reason", "detail"]],
  ProxyFailed: [ProxyFailed, ["identity", "proxy", "status", "detail"]],
  ReplyWithheld: [ReplyWithheld, ["identity", "model", "detail"]],
  AnswerMissing: [AnswerMissing, ["identity", "model", "reason", "detail", "usage"]],
  ParameterRefused: [ParameterRefused, ["model", "parameter", "renamedTo"]],
  BudgetReached: [BudgetReached, ["unit", "limit"]],
};

/** Restores a failure from its plain form; null if it is not one. */
export function revive({ code, fields, usage }: PlainFailure): ModelError | null {
  const known = CLASSES[code as ModelErrorCode];
  if (!known) return null;
  const [make, names] = known;
  const values: Readonly<Record<string, unknown>> = { ...fields, usage };
  return new make(...names.map((name) => values[name]));
}
