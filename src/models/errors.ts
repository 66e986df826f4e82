/** One class per cause, with the fields a caller needs; words for people are put at the edge. */
export type ModelError =
  | KeyRefused
  | AccessRefused
  | RateLimited
  | ProviderFault
  | RequestRefused
  | ParameterRefused
  | BudgetReached
  | BodyBroken
  | ReplyWithheld;

/** 401 or 403: stops the run at once, never repeated. */
export class KeyRefused extends Error {
  override readonly name = "KeyRefused";
  constructor(
    readonly identity: string,
    readonly status: number,
    readonly detail: string,
  ) {
    super(`${identity} refused the key (${status}): ${detail}`);
  }
}

/**
 * The key or the user is known, and gets nothing all the same — no credit is left, or a program that has models of its own
 * does not lend them: stops the run at once, never repeated.
 */
export class AccessRefused extends Error {
  override readonly name = "AccessRefused";
  constructor(
    readonly identity: string,
    /** The user said no; the program's own list of who is blocked; nothing is left of what may be used. */
    readonly reason: "permission" | "blocked" | "quota",
    readonly detail: string,
  ) {
    super(`${ACCESS_WORDS[reason]}: ${detail}`);
  }
}

const ACCESS_WORDS = {
  permission: "no permission was given",
  blocked: "this extension is blocked",
  quota: "nothing is left of what may be used",
} as const;

/** 429. Transient: pauses the limiter for everyone. */
export class RateLimited extends Error {
  override readonly name = "RateLimited";
  constructor(
    readonly identity: string,
    /** Milliseconds, from Retry-After; null when the server named none. */
    readonly retryAfter: number | null,
    readonly detail: string,
  ) {
    super(`${identity} limits the rate (429): ${detail}`);
  }
}

/** 5xx, 408, 409, time-out, reset or refused connection: transient. */
export class ProviderFault extends Error {
  override readonly name = "ProviderFault";
  constructor(
    readonly identity: string,
    /** HTTP status; null when no answer came. */
    readonly status: number | null,
    readonly retryAfter: number | null,
    readonly detail: string,
  ) {
    super(`${identity} failed (${status ?? "no answer"}): ${detail}`);
  }
}

/** The HTTP body was cut, is no JSON or holds no choice: transport, transient. */
export class BodyBroken extends Error {
  override readonly name = "BodyBroken";
  constructor(
    readonly identity: string,
    readonly detail: string,
  ) {
    super(`${identity} sent a broken body: ${detail}`);
  }
}

/** 400, 404, 422 and the like: repeating does not help. */
export class RequestRefused extends Error {
  override readonly name = "RequestRefused";
  constructor(
    readonly identity: string,
    readonly status: number,
    readonly model: string,
    readonly detail: string,
  ) {
    super(`${identity} refused the request for model ${model} (${status}): ${detail}`);
  }
}

/** A content filter between us and the model took the prompt or the reply: nobody knows the answer, and the provider is well. */
export class ReplyWithheld extends Error {
  override readonly name = "ReplyWithheld";
  constructor(
    readonly identity: string,
    readonly model: string,
    readonly detail: string,
  ) {
    super(`${identity} withheld an answer of model ${model}: ${detail}`);
  }
}

/** The model refuses one parameter; the provider has learned it, so the next request goes without. */
export class ParameterRefused extends Error {
  override readonly name = "ParameterRefused";
  constructor(
    readonly model: string,
    readonly parameter: string,
    /** The name it is sent under from now on; null: dropped. */
    readonly renamedTo: string | null,
  ) {
    super(`model ${model} refuses the parameter ${parameter}`);
  }
}

/** Nothing was sent: the request would have gone beyond the budget. */
export class BudgetReached extends Error {
  override readonly name = "BudgetReached";
  constructor(
    readonly unit: "calls" | "tokens" | "usd",
    readonly limit: number,
  ) {
    super(`the budget of ${limit} ${unit} is reached`);
  }
}
