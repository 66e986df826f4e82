import type { Tier } from "./known-models.ts";
import type { OtherTier, Usage } from "./model.ts";
import type { WaitReason } from "./stack/waiting.ts";

/**
 * Why a call to a model failed: one class per cause, with the fields that a message needs. `code` and fields are data;
 * `src/i18n/model-errors.ts` turns them into severity, message and action. `message` is for logs and developers.
 */
export type ModelError =
  | KeyRefused
  | AccessRefused
  | RateLimited
  | WaitTooLong
  | ProviderFault
  | BodyBroken
  | RequestRefused
  | ModelUnknown
  | AddressWrong
  | TlsFailed
  | ProxyFailed
  | ReplyWithheld
  | AnswerMissing
  | ParameterRefused
  | ParameterInvalid
  | TierUnavailable
  | BatchEnded
  | BudgetReached;

/** Keys of the message table. */
export type ModelErrorCode = ModelError["code"];

/**
 * How many calls a failure reaches.
 * - `request`: this request alone. Its sample is not scored, and the run goes on, however many there are.
 * - `provider`: probably every request now. Several in a row end the run.
 * - `run`: every request. It ends the run at once.
 */
export type Reach = "request" | "provider" | "run";

abstract class Failure<Code extends string = string> extends Error {
  constructor(
    readonly code: Code,
    readonly reach: Reach,
    message: string,
  ) {
    super(message);
    this.name = code;
  }
}

export function isModelError(error: unknown): error is ModelError {
  return error instanceof Failure;
}

/** The fields of a failure, for its message: plain data that a log can contain. */
export function fieldsOf(error: Error): Record<string, string | number | null> {
  const isPlain = (value: unknown) => value === null || typeof value === "string" || typeof value === "number";
  const entries = Object.entries(error).filter(([name, value]) => !NO_FIELDS.has(name) && isPlain(value));
  return Object.fromEntries(entries);
}

const NO_FIELDS = new Set(["name", "code", "reach", "stack", "message"]);

/** How many calls a failure affects. Errors other than model errors affect only this request. */
export function reachOf(error: unknown): Reach {
  return isModelError(error) ? error.reach : "request";
}

/** 401 or 403: the server does not accept the key. Never repeated. */
export class KeyRefused extends Failure<"KeyRefused"> {
  constructor(
    readonly identity: string,
    readonly status: number,
    readonly detail: string,
  ) {
    super("KeyRefused", "run", `${identity} refused the key (${status}): ${detail}`);
  }
}

/** The key is valid, but its account can't use the models: no credit is left, or it has no permission. */
export class AccessRefused extends Failure<"AccessRefused"> {
  constructor(
    readonly identity: string,
    /**
     * - `permission`: the user has not allowed this extension to use the models of VS Code.
     * - `blocked`: the vendor has blocked this extension.
     * - `quota`: the credit or quota is used up.
     * - `region`: the provider does not serve this country, or this network address.
     */
    readonly reason: "permission" | "blocked" | "quota" | "region",
    readonly detail: string,
  ) {
    super("AccessRefused", "run", `${ACCESS_WORDS[reason]}: ${detail}`);
  }
}

const ACCESS_WORDS = {
  permission: "permission was not granted",
  blocked: "this extension is blocked",
  quota: "the credit or quota is used up",
  region: "the provider does not serve this location",
} as const;

/** 429. Transient: pauses the limiter for everyone. */
export class RateLimited extends Failure<"RateLimited"> {
  constructor(
    readonly identity: string,
    /** Milliseconds, from Retry-After; null when the server named none. */
    readonly retryAfter: number | null,
    readonly detail: string,
    /** `no room`: a half-price tier has no capacity; the standard tier may have some. */
    readonly reason: "rate" | "no room" = "rate",
  ) {
    super("RateLimited", "provider", `${identity} limits the rate (429): ${detail}`);
  }
}

/** The provider asks for a longer wait, or has not answered for a longer time, than the user allows. */
export class WaitTooLong extends Failure<"WaitTooLong"> {
  constructor(
    readonly identity: string,
    /** Why it waits: a rate limit, a failing server, or one that can't be reached. */
    readonly reason: WaitReason,
    /** Milliseconds that the server asks for; null if the wait is our own. */
    readonly asked: number | null,
    /** Milliseconds waited so far, since the last answer. */
    readonly waited: number,
    /** Milliseconds that the user allows. */
    readonly limit: number,
    readonly detail: string,
  ) {
    super(
      "WaitTooLong",
      "run",
      asked === null
        ? `${identity} has not answered for ${seconds(waited)} (${reason}), and ${seconds(limit)} are allowed: ${detail}`
        : `${identity} asks to wait ${seconds(asked)} (${reason}), and ${seconds(limit)} are allowed: ${detail}`,
    );
  }
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} s`;
}

/** 5xx, 408, 409, time-out, reset or refused connection: transient. */
export class ProviderFault extends Failure<"ProviderFault"> {
  constructor(
    readonly identity: string,
    /** HTTP status; null when no answer came. */
    readonly status: number | null,
    readonly retryAfter: number | null,
    readonly detail: string,
    /** `unreached`: no connection was made, so the server has not seen the request. */
    readonly reason: "failed" | "timeout" | "lost" | "unreached" = status === null ? "lost" : "failed",
  ) {
    super("ProviderFault", "provider", `${identity} failed (${status ?? "no answer"}): ${detail}`);
  }
}

/** The HTTP body was cut off, isn't JSON, or has no choices: transport, transient. */
export class BodyBroken extends Failure<"BodyBroken"> {
  constructor(
    readonly identity: string,
    readonly detail: string,
  ) {
    super("BodyBroken", "provider", `${identity} sent an unusable response: ${detail}`);
  }
}

/** 400, 413, 422 and the like: repeating this request doesn't help, but other requests can succeed. */
export class RequestRefused extends Failure<"RequestRefused"> {
  constructor(
    readonly identity: string,
    readonly status: number,
    readonly model: string,
    readonly detail: string,
    /** `too long`: for the model's context, the server's body limit, or the tokens of a minute. `images`: the model takes none. */
    readonly reason: "invalid" | "too long" | "images" = "invalid",
  ) {
    super("RequestRefused", "request", `${identity} refused the request for model ${model} (${status}): ${detail}`);
  }
}

/** The value of a parameter is wrong for this model: every request with it is refused, and only the user can correct it. */
export class ParameterInvalid extends Failure<"ParameterInvalid"> {
  constructor(
    readonly identity: string,
    readonly model: string,
    readonly parameter: string,
    readonly detail: string,
  ) {
    super("ParameterInvalid", "run", `${identity} refuses the value of ${parameter} for model ${model}: ${detail}`);
  }
}

/** The model is not offered at this tier, and the user has not allowed the standard price. */
export class TierUnavailable extends Failure<"TierUnavailable"> {
  constructor(
    readonly identity: string,
    readonly model: string,
    readonly tier: Tier,
    readonly detail: string,
  ) {
    super("TierUnavailable", "run", `${identity} does not offer ${model} at the tier ${tier}: ${detail}`);
  }
}

/** A batch ended before its requests were answered: somebody cancelled it, or the server took none of it. */
export class BatchEnded extends Failure<"BatchEnded"> {
  constructor(
    readonly identity: string,
    readonly batch: string,
    readonly reason: "cancelled" | "failed" | "late",
    readonly detail: string,
  ) {
    super("BatchEnded", "run", `batch ${batch} of ${identity} was ${reason}: ${detail}`);
  }
}

/** The server has no model of this name, or none for this key. */
export class ModelUnknown extends Failure<"ModelUnknown"> {
  constructor(
    readonly identity: string,
    readonly status: number,
    readonly model: string,
    readonly detail: string,
    /**
     * - `deployment`: Azure knows models by the names of their deployments.
     * - `access`: the model exists, but not for this key.
     * - `no chat`: the model exists, but not for chat completions.
     */
    readonly reason: "unknown" | "deployment" | "access" | "no chat" = "unknown",
  ) {
    super("ModelUnknown", "run", `${identity} has no model ${model} (${status}): ${detail}`);
  }
}

/** The server at this address doesn't serve chat completions. */
export class AddressWrong extends Failure<"AddressWrong"> {
  constructor(
    readonly identity: string,
    readonly status: number,
    /** What it returned instead. */
    readonly came: "web page" | "sign-in page" | "not found" | "no list" | "redirect" | "other JSON" | "text",
    /** Text of the answer, or the target of its redirect. */
    readonly detail: string,
    /** A base address to try; null if none is likely. */
    readonly suggestion: string | null,
  ) {
    super(
      "AddressWrong",
      "run",
      `${identity} has no chat completions (${status}, ${came}): ${detail}${suggestion ? `; try ${suggestion}` : ""}`,
    );
  }
}

/** No secure connection: the certificate is not accepted, or one side does not use TLS. */
export class TlsFailed extends Failure<"TlsFailed"> {
  constructor(
    readonly identity: string,
    /**
     * - `untrusted`: signed by itself or by an authority that is not known here.
     * - `expired`: or not valid yet. `name`: made for another host.
     * - `not tls`: https to a port that speaks http. `not http`: http to a port that speaks https.
     * - `handshake`: anything else.
     */
    readonly reason: "untrusted" | "expired" | "name" | "not tls" | "not http" | "handshake",
    readonly detail: string,
  ) {
    super("TlsFailed", "run", `no secure connection to ${identity} (${reason}): ${detail}`);
  }
}

/** The proxy does not let the request through, or is not a proxy. */
export class ProxyFailed extends Failure<"ProxyFailed"> {
  constructor(
    readonly identity: string,
    /** Without credentials. */
    readonly proxy: string,
    /** HTTP status; null when the proxy gave no answer. */
    readonly status: number | null,
    readonly detail: string,
  ) {
    super(
      "ProxyFailed",
      "run",
      `the proxy ${proxy} does not connect to ${identity} (${status ?? "no answer"}): ${detail}`,
    );
  }
}

/** A content filter withheld the prompt or the reply: the answer is unknown, and the provider is not at fault. */
export class ReplyWithheld extends Failure<"ReplyWithheld"> {
  constructor(
    readonly identity: string,
    readonly model: string,
    readonly detail: string,
  ) {
    super("ReplyWithheld", "request", `${identity} withheld an answer of model ${model}: ${detail}`);
  }
}

/**
 * The reply has no answer. What the model would have said is unknown, so it never counts as a wrong answer and is
 * not stored. Asking again can help, unless it was cut.
 */
export class AnswerMissing extends Failure<"AnswerMissing"> {
  constructor(
    readonly identity: string,
    readonly model: string,
    readonly reason: MissingReason,
    /** What the reply has in its place; empty if there is nothing to add. */
    readonly detail: string,
    /** Usage of the reply, which is charged anyway. */
    readonly usage: Usage,
  ) {
    super(
      "AnswerMissing",
      "request",
      `model ${model} sent no answer: ${MISSING_WORDS[reason]}${detail && ` (${detail})`}`,
    );
  }
}

/**
 * - `empty`: there is no text.
 * - `tool calls`: it calls tools.
 * - `thoughts`: it thinks and does not answer.
 * - `not text`: its content is an object, a number, or parts without text.
 * - `finish`: it ended for a reason that is not known.
 * - `cut`: the limit of tokens was reached before the answer began.
 */
export type MissingReason = "empty" | "tool calls" | "thoughts" | "not text" | "finish" | "cut";

const MISSING_WORDS: Readonly<Record<MissingReason, string>> = {
  empty: "the reply is empty",
  "tool calls": "the reply only calls tools",
  thoughts: "the reply holds only thoughts",
  "not text": "the content of the reply isn't text",
  finish: "the reply ended for an unknown reason",
  cut: "the reply was cut before the answer began; raise max_tokens",
};

/** The model refuses one parameter. The provider has learned this: the next request leaves it out or renames it. */
export class ParameterRefused extends Failure<"ParameterRefused"> {
  constructor(
    readonly model: string,
    readonly parameter: string,
    /** The name it is sent under from now on; null: dropped. */
    readonly renamedTo: string | null,
  ) {
    super("ParameterRefused", "request", `model ${model} refuses the parameter ${parameter}`);
  }
}

/**
 * The request is sent again at the standard price. It never leaves the wrapper stack.
 * @param cause what the other tier answered, which says whether that can cost something
 */
export class FellBack extends Error {
  constructor(
    readonly reason: OtherTier,
    override readonly cause: unknown,
  ) {
    super(`at the standard price: ${reason}`);
  }
}

/** The request was not sent, because it would have exceeded the budget. */
export class BudgetReached extends Failure<"BudgetReached"> {
  constructor(
    readonly unit: "calls" | "tokens" | "usd",
    readonly limit: number,
  ) {
    super("BudgetReached", "request", `the budget of ${limit} ${unit} is reached`);
  }
}
