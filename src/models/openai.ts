import { APIConnectionError, APIConnectionTimeoutError, AzureOpenAI, OpenAI } from "openai";
import type { Clock } from "../deps.ts";
import { type Address, checkAddress, checkKey } from "./address.ts";
import { AddressWrong, ParameterRefused, ProviderFault } from "./errors.ts";
import type { Model, ModelReply, ModelRequest } from "./model.ts";
import { errorOf, Refused, readBody, readCompletion, readModelNames } from "./openai-wire.ts";
import { ParameterSupport } from "./parameter-support.ts";
import { CharactersPerToken } from "./tokens.ts";

export interface OpenAIOptions {
  /** Of any compatible server, e.g. `https://api.openai.com/v1`. See `checkAddress`. */
  readonly baseUrl: string;
  /** Empty for a server that asks for none. */
  readonly key: string;
  readonly clock: Clock;
  /** Set for Azure's own paths: `baseUrl` is `https://<resource>.openai.azure.com/openai` then, models are deployments. */
  readonly azureApiVersion?: string;
  /** Milliseconds a request may take, its body included. Default 120,000. */
  readonly timeout?: number;
}

export interface OpenAIModel extends Model {
  /** What the key is sent to. */
  readonly origin: string;
  /** Names of the server's models, sorted. @throws ModelError, or the signal's reason when aborted. */
  listModels(signal: AbortSignal): Promise<string[]>;
}

/** A provider that speaks OpenAI's chat completions. @throws AddressRefused, KeyUnusable */
export function createOpenAI(given: OpenAIOptions): OpenAIModel {
  const key = checkKey(given.key);
  const options = { ...given, key };
  const { clock } = options;
  const address = checkAddress(options.baseUrl);
  const identity = `${options.azureApiVersion === undefined ? "openai" : "azure"} ${address.origin}`;
  const client = createClient(address, options, async (url, init) => {
    const sent = { ...init, headers: ownHeaders(init?.headers, options) };
    const text = await readBody(await fetch(url, sent), { identity, key, clock, signal: init?.signal ?? null });
    return new Response(text, { headers: { "content-type": "application/json" } });
  });
  const refusals = new ParameterSupport();
  const charactersPerToken = new CharactersPerToken();

  const complete = async (request: ModelRequest, signal: AbortSignal): Promise<ModelReply> => {
    signal.throwIfAborted();
    const started = clock.now();
    const { model, messages } = request;
    const sent = refusals.fit(request);
    let answer: unknown;
    try {
      const body = { ...sent.params, model, messages: [...sent.messages], stream: false as const };
      answer = await client.chat.completions.create(body, { signal });
    } catch (error) {
      const cause = causeOf(error, signal);
      if (!(cause instanceof Refused)) throw errorFrom(cause, identity);
      const refusal = refusals.learn(model, sent, cause.said);
      throw refusal
        ? new ParameterRefused(model, refusal.parameter, refusal.renamedTo)
        : errorOf(identity, model, cause.said);
    }
    const { text, finish, usage: counted, model: named } = readCompletion(answer, identity);
    const usage = counted ?? {
      prompt: charactersPerToken.ofPrompt(model, messages),
      completion: charactersPerToken.ofText(model, text),
      estimated: true,
    };
    charactersPerToken.learn(model, messages, usage);
    refusals.accept(model, sent);
    const milliseconds = clock.now() - started;
    return { text, finish, usage, model: named ?? model, key: "", source: "provider", requests: 1, milliseconds };
  };

  const listModels = async (signal: AbortSignal): Promise<string[]> => {
    try {
      const { data } = await client.models.list({ signal });
      return readModelNames(data, identity);
    } catch (error) {
      const cause = causeOf(error, signal);
      throw cause instanceof Refused ? errorOf(identity, "", cause.said) : errorFrom(cause, identity);
    }
  };

  return {
    identity,
    origin: address.origin,
    complete,
    listModels,
    isUntried: (request) => refusals.isUntried(request),
  };
}

type Fetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** The SDK knows paths, headers and Azure; neither address nor key comes from the environment, and nothing is repeated. */
function createClient(address: Address, options: OpenAIOptions, fetch: Fetch): OpenAI {
  const { key, azureApiVersion: apiVersion, timeout = 120_000 } = options;
  const own = {
    baseURL: address.url,
    apiKey: key || "none",
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    maxRetries: 0,
    timeout,
    logLevel: "off" as const,
    fetchOptions: { redirect: "error" as const },
    fetch,
  };
  return apiVersion === undefined ? new OpenAI(own) : new AzureOpenAI({ ...own, apiVersion });
}

/** The SDK adds what OPENAI_CUSTOM_HEADERS holds, whomever it was meant for: of the headers only these leave. */
function ownHeaders(headers: RequestInit["headers"], { key, azureApiVersion }: OpenAIOptions): Headers {
  const own = new Headers();
  for (const [name, value] of new Headers(headers)) {
    if (/^(accept|content-type|user-agent|x-stainless-.+)$/.test(name)) own.set(name, value);
  }
  if (key !== "" && azureApiVersion === undefined) own.set("authorization", `Bearer ${key}`);
  if (key !== "" && azureApiVersion !== undefined) own.set("api-key", key);
  return own;
}

/** The SDK takes every failure to fetch for a lost connection; what was thrown there is what counts. */
function causeOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  return error instanceof APIConnectionError && error.cause !== undefined ? error.cause : error;
}

function errorFrom(cause: unknown, identity: string): unknown {
  if (cause instanceof APIConnectionTimeoutError)
    return new ProviderFault(identity, null, null, "no answer in time", "timeout");
  if (!(cause instanceof TypeError) || cause.message !== "fetch failed") return cause;
  const { code, message } = whatHappened(cause.cause);
  if (/redirect/.test(message)) {
    return new AddressWrong(
      identity,
      302,
      "redirect",
      "it redirects to another address, where the key must not go",
      null,
    );
  }
  return new ProviderFault(identity, null, null, code ?? message);
}

/** undici says "fetch failed" and keeps the rest one level down. */
function whatHappened(cause: unknown): { code: string | undefined; message: string } {
  if (!(cause instanceof Error)) return { code: undefined, message: "the connection failed" };
  return { code: "code" in cause && typeof cause.code === "string" ? cause.code : undefined, message: cause.message };
}
