import type { Clock } from "../../deps.ts";
import { parseJson } from "../../graph/replies/json.ts";
import { type Address, checkAddress, checkKey, movedBaseUrl, redirectTarget, suggestBaseUrl } from "../address.ts";
import type { BatchApi } from "../batch/batch-api.ts";
import {
  AddressWrong,
  AnswerMissing,
  BodyBroken,
  isModelError,
  type ModelError,
  ModelUnknown,
  ParameterInvalid,
  ParameterRefused,
  ProviderFault,
  RequestRefused,
} from "../errors.ts";
import type { Tier } from "../known-models.ts";
import type { Model, ModelReply, ModelRequest, Usage } from "../model.ts";
import { notSent } from "../not-sent.ts";
import { LearnedSupport, type Memory } from "../parameters/learned.ts";
import { ParameterSupport, type Sent } from "../parameters/parameter-support.ts";
import { property } from "../property.ts";
import { DEFAULT_TIMEOUT } from "../stack/retry-waits.ts";
import { CharactersPerToken } from "../stack/tokens.ts";
import { AdaptiveYielder } from "../yielder.ts";
import { Calls } from "./calls.ts";
import { connectionFailure } from "./connection-failure.ts";
import { failureOf } from "./failure-rules.ts";
import { jsonLines } from "./json-lines.ts";
import { ErrorResponse, type ListedModel, NoCompletion, readBody, readCompletion, readModels } from "./openai-wire.ts";
import type { ServerError } from "./server-error.ts";

/** How requests are sent: through a proxy, with the user's certificates. */
export interface Network {
  readonly send: Send;
  /** The proxy, without credentials; null: none. */
  readonly proxy: string | null;
}

export type Send = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface ServerOptions {
  /** Of the server, e.g. `https://api.openai.com/v1`. See `checkAddress`. */
  readonly baseUrl: string;
  /** Empty for a server that needs none. */
  readonly key: string;
  readonly clock: Clock;
  /** Time limit of a request including its body, in milliseconds. Default 120,000. */
  readonly timeout?: number;
  /** Connection to the server. Default: the platform's own `fetch`, without a proxy. */
  readonly network?: Network;
  /** What models refused in earlier runs. Default: nothing is remembered. */
  readonly memory?: Memory;
}

/**
 * The part that a vendor's SDK does. It doesn't retry, and takes neither the address nor the key from the
 * environment.
 */
export interface Protocol {
  /** One answer, in the format of OpenAI's chat completions. The SDK gets the options as they are. */
  ask(model: string, sent: Sent, options: AskOptions): Promise<unknown>;
  /** The server's models, each with an `id`. */
  list(signal: AbortSignal): Promise<unknown>;
}

export interface AskOptions {
  readonly signal: AbortSignal;
  /** By these, `fetch` knows the call. They are not sent. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Connecting {
  readonly address: Address;
  readonly key: string;
  readonly timeout: number;
  /** Sends only these headers, reads the whole answer, and throws the server's error. */
  readonly fetch: Send;
}

/** A model behind an HTTP server. */
export interface ServerModel extends Model {
  /** The origin that the key is sent to. */
  readonly origin: string;
  /** The server's models, sorted by name. @throws ModelError, or the signal's reason when aborted. */
  listModels(signal: AbortSignal): Promise<ListedModel[]>;
  /** The same requests and replies, in the format of batch lines. */
  readonly lines: Lines;
  readonly http: Http;
  /** Whether it supports `service_tier: "flex"` at half the price. Default: no. */
  readonly hasFlex?: boolean;
  /** Statuses, beside 429, that mean that flex has no capacity. Default: none. */
  readonly flexFull?: readonly number[];
  /** The `service_tier` with the standard price, where none means the tier that the account has chosen. */
  readonly standardTier?: string;
  /** Absent: it doesn't support batches. */
  readonly batches?: BatchApi;
}

export function isServerModel(model: Model): model is ServerModel {
  return "http" in model && "lines" in model;
}

/** Requests other than chat completions. Paths are relative to the base address; failures are those of a request. */
export interface Http {
  /** Name of the server in errors. */
  readonly identity: string;
  /** Posts a body, or sends a GET request if there is none. @returns JSON */
  json(path: string, body: unknown, signal: AbortSignal): Promise<unknown>;
  /** Streams JSON Lines. Throws `BodyBroken` if they are cut. */
  rows(path: string, signal: AbortSignal): AsyncGenerator<unknown>;
}

/** Requests inside a batch. */
export interface Lines {
  /** @throws ParameterRefused, once, for a part that the model is known to refuse */
  fit(request: ModelRequest): Promise<Sent>;
  /** @throws ModelError */
  read(request: ModelRequest, sent: Sent, answer: unknown, tier?: Tier): ModelReply;
  /** The cause of a refusal. Learns what the model refuses. */
  refused(request: ModelRequest, sent: Sent, said: ServerError): unknown;
}

/**
 * The common part of all servers: checks the address and binds the key to it, learns refused parameters, and reads
 * every answer or names its failure.
 * @param kind first word of the identity
 * @param query of every address that no SDK builds
 * @throws AddressRefused, KeyUnusable
 */
export function createServerModel(
  kind: string,
  given: ServerOptions,
  headers: (key: string) => Readonly<Record<string, string>>,
  connect: (connecting: Connecting) => Protocol,
  query = "",
): ServerModel {
  const key = checkKey(given.key);
  const { clock, timeout = DEFAULT_TIMEOUT } = given;
  const address = checkAddress(given.baseUrl);
  const identity = `${kind} ${address.origin}`;
  const suggestion = suggestBaseUrl(address.url);
  let wasWell = false;
  /** Whether a proxy on the way sends bodies that are not encoded as their header says. */
  let asksPlain = false;
  const onMisencoded = () => {
    asksPlain = true;
  };
  const { send = fetch, proxy = null } = given.network ?? {};
  const calls = new Calls();
  const sendOwn: Send = async (url, init) => {
    calls.send(init?.headers);
    const own = { ...init, redirect: "manual" as const, headers: ownHeaders(init?.headers, headers(key)) };
    if (asksPlain) own.headers.set("accept-encoding", "identity");
    const response = await send(url, own);
    const requested = url instanceof Request ? url.url : String(url);
    const target = redirectTarget(response, requested);
    if (target === null) return response;
    await response.body?.cancel();
    const moved = movedBaseUrl(address.url, requested, target);
    throw new AddressWrong(identity, response.status, "redirect", target, moved);
  };
  const readWhole: Send = async (url, init) => {
    const reading = { identity, key, clock, signal: init?.signal ?? null, wasWell, onMisencoded };
    const text = await readBody(await sendOwn(url, init), reading);
    return new Response(text, { headers: { "content-type": "application/json" } });
  };
  const protocol = connect({ address, key, timeout, fetch: readWhole });
  const urlOf = (path: string) =>
    `${address.url}${path}${query === "" ? "" : `${path.includes("?") ? "&" : "?"}${query}`}`;
  const support = new ParameterSupport();
  const memory = new LearnedSupport(support, identity, clock, given.memory);
  const charactersPerToken = new CharactersPerToken();

  const refused = (model: string, sent: Sent | null, said: ServerError): ModelError => {
    const failure = failureOf(said, { identity, model, suggestion });
    const learned = sent && mayConcernParameters(failure) ? support.learn(model, sent, said) : null;
    if (learned === null) return failure;
    if ("wrong" in learned) return new ParameterInvalid(identity, model, learned.wrong, said.message);
    void memory.keep(model);
    return new ParameterRefused(model, learned.parameter, learned.renamedTo);
  };

  /** The cause of a failure; learns what the model refuses. @param sent null if no model was asked */
  const failureFrom = (cause: unknown, model: string, sent: Sent | null): unknown => {
    if (cause instanceof NoCompletion) {
      const detail = JSON.stringify(cause.body)?.slice(0, 200) ?? "";
      if (wasWell) return new BodyBroken(identity, `the answer is no chat completion: ${detail}`);
      return new AddressWrong(identity, 200, "other JSON", detail, suggestion);
    }
    if (cause instanceof ErrorResponse) return refused(model, sent, cause.error);
    const lost = connectionFailure(cause, { identity, url: address.url, proxy });
    return lost ?? (isTimeout(cause) ? new ProviderFault(identity, null, null, "no answer in time", "timeout") : cause);
  };

  const within = async <T>(
    signal: AbortSignal,
    model: string,
    sent: Sent | null,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const late = AbortSignal.timeout(timeout);
    try {
      return await work(AbortSignal.any([signal, late]));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (isModelError(error)) throw error;
      if (late.aborted) throw new ProviderFault(identity, null, null, "no answer in time", "timeout");
      throw failureFrom(causeOf(error), model, sent);
    }
  };

  const endings = new AdaptiveYielder(clock);
  /** Calls `work` with a signal that follows `signal` in turns: to end a connection takes time, and a cancelled run ends all of its. */
  const endedInTurns = async <T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const stop = new AbortController();
    const leave = () => void endings.next().then(() => stop.abort(signal.reason));
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await work(stop.signal);
    } finally {
      signal.removeEventListener("abort", leave);
    }
  };

  const fitted = async (request: ModelRequest): Promise<Sent> => {
    await memory.recall(request.model);
    const known = support.known(request);
    if (!known) return support.fit(request);
    throw new ParameterRefused(request.model, known.parameter, known.renamedTo);
  };

  const fit = (request: ModelRequest) => fitted(request).catch((error: unknown) => notSent(request, error));

  const read = ({ model, messages }: ModelRequest, sent: Sent, answer: unknown, tier?: Tier): ModelReply => {
    const prompt = messages.map(({ content }) => content).join("\n");
    const { text, finish, missing, withheld, usage: counted, model: named } = readCompletion(answer, identity, prompt);
    wasWell = true;
    const estimate = {
      prompt: charactersPerToken.ofPrompt(model, messages),
      completion: charactersPerToken.ofText(model, text),
      estimated: true,
    };
    const usage: Usage = { ...(counted ?? estimate), ...(tier && { tier }) };
    charactersPerToken.learn(model, messages, usage);
    support.accept(model, sent);
    if (missing) throw new AnswerMissing(identity, model, missing.reason, missing.detail, usage);
    return {
      text,
      finish,
      ...(withheld !== null && { withheld }),
      usage,
      model: named ?? model,
      key: "",
      source: "provider",
      requests: 1,
      milliseconds: 0,
    };
  };

  return {
    identity,
    timeout,
    origin: address.origin,
    isUntried: (request) => support.isUntried(request),
    async complete(request, signal) {
      const started = clock.now();
      const call = calls.begin(signal);
      const ask = async (limited: AbortSignal, sent: Sent) => {
        const answer = await protocol.ask(request.model, sent, { signal: limited, headers: call.headers });
        const tier = String(property(answer, "service_tier")).toLowerCase();
        const reply = read(request, sent, answer, tier === "flex" ? "flex" : undefined);
        const milliseconds = Math.max(0, clock.now() - started);
        return { ...reply, milliseconds, ...(DEARER.includes(tier) && { otherTier: "priority" as const }) };
      };
      try {
        const sent = await fitted(request);
        signal.throwIfAborted();
        return await endedInTurns(signal, (turn) => within(turn, request.model, sent, (limited) => ask(limited, sent)));
      } catch (error) {
        if (!call.isSent) request.onWithdrawn?.(request.attempt ?? 1);
        // What `fetch` throws comes back from an SDK as another error.
        throw signal.aborted ? signal.reason : error;
      } finally {
        calls.end(call);
      }
    },
    listModels: (signal) =>
      within(signal, "", null, async (limited) => readModels(await protocol.list(limited), identity)).catch(
        (error: unknown) => {
          throw listFailure(error);
        },
      ),
    http: {
      identity,
      json: (path, body, signal) =>
        within(signal, "", null, async (limited) => {
          const isForm = body instanceof FormData;
          const sent = {
            method: body === null ? "GET" : "POST",
            signal: limited,
            ...(body !== null && { body: isForm ? body : JSON.stringify(body) }),
            ...(body !== null && !isForm && { headers: { "content-type": "application/json" } }),
          };
          const reading = { identity, key, clock, signal: limited, wasWell, isOther: true };
          const text = await readBody(await sendOwn(urlOf(path), sent), reading);
          return parseJson(text)?.value;
        }),
      async *rows(path, signal) {
        const stop = new AbortController();
        const either = AbortSignal.any([signal, stop.signal]);
        const response = await within(signal, "", null, async (limited) => {
          const leave = () => stop.abort(limited.reason);
          limited.addEventListener("abort", leave);
          try {
            const answer = await sendOwn(urlOf(path), { signal: either });
            if (!answer.ok) await readBody(answer, { identity, key, clock, signal: limited, wasWell: true });
            return answer;
          } finally {
            limited.removeEventListener("abort", leave);
          }
        });
        yield* jsonLines(response, { identity, clock, timeout, signal, stop: () => stop.abort() });
      },
    },
    lines: { fit, read, refused: ({ model }, sent, said) => refused(model, sent, said) },
  };
}

/** Tiers that cost more than the standard one: OpenAI, Azure, Google. */
const DEARER = ["priority", "fast", "ultrafast"];

/** An address without a list can be right: Bedrock and Vertex have none. */
function listFailure(error: unknown): unknown {
  if (error instanceof ModelUnknown)
    return new AddressWrong(error.identity, error.status, "no list", error.detail, null);
  if (!(error instanceof AddressWrong && error.came === "not found")) return error;
  return new AddressWrong(error.identity, error.status, "no list", error.detail, error.suggestion);
}

/** A refusal with another cause, such as a length, a key or a rate, can't be fixed by leaving out a parameter. */
function mayConcernParameters(failure: ModelError): boolean {
  if (failure instanceof RequestRefused) return failure.reason === "invalid";
  return failure.code === "ProviderFault" || failure.code === "ModelUnknown";
}

/** Keeps only our headers: SDKs add others from the environment, which can be meant for another server. */
function ownHeaders(headers: RequestInit["headers"], keyed: Readonly<Record<string, string>>): Headers {
  const own = new Headers();
  for (const [name, value] of new Headers(headers)) {
    if (/^(accept|content-type|user-agent|x-stainless-.+|anthropic-version)$/.test(name)) own.set(name, value);
  }
  for (const [name, value] of Object.entries(keyed)) own.set(name, value);
  return own;
}

/** SDKs report every time limit below them this way, without the original error. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && /^request timed out/i.test(error.message);
}

/** SDKs report every error of `fetch` as a lost connection; the original error is its cause. */
function causeOf(error: unknown): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isModelError(cause) || cause instanceof ErrorResponse || cause instanceof NoCompletion) return cause;
  }
  const isSdks =
    error instanceof Error &&
    error.cause instanceof Error &&
    /connection error|request was aborted/i.test(error.message);
  return isSdks ? error.cause : error;
}
