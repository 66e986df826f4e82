import { APIConnectionError, APIConnectionTimeoutError, AzureOpenAI, OpenAI } from "openai";
import type { Clock } from "../deps.ts";
import { type Address, checkAddress, checkKey, likelyBase } from "./address.ts";
import { connectionFailure } from "./connection-failure.ts";
import {
  AddressWrong,
  AnswerMissing,
  type ModelError,
  ParameterInvalid,
  ParameterRefused,
  ProviderFault,
  RequestRefused,
} from "./errors.ts";
import { failureOf } from "./failure-rules.ts";
import { LearnedSupport, type Memory } from "./learned.ts";
import type { Model, ModelReply, ModelRequest } from "./model.ts";
import { type ListedModel, NoCompletion, Refused, readBody, readCompletion, readModels } from "./openai-wire.ts";
import { ParameterSupport, type Sent } from "./parameter-support.ts";
import { CharactersPerToken } from "./tokens.ts";
import { DEFAULT_TIMEOUT } from "./waits.ts";

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
  /** The way to the server. Default: the platform's own `fetch`, without a proxy. */
  readonly network?: Network;
  /** What models refuse, from earlier runs. Default: nothing is remembered. */
  readonly memory?: Memory;
}

/** How requests leave: through a proxy, with certificates of one's own. */
export interface Network {
  readonly send: Send;
  /** The proxy on the way, without credentials; null: none. */
  readonly proxy: string | null;
}

export type Send = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface OpenAIModel extends Model {
  /** What the key is sent to. */
  readonly origin: string;
  /** The server's models, sorted. @throws ModelError, or the signal's reason when aborted. */
  listModels(signal: AbortSignal): Promise<ListedModel[]>;
}

/** A provider that speaks OpenAI's chat completions. @throws AddressRefused, KeyUnusable */
export function createOpenAI(given: OpenAIOptions): OpenAIModel {
  const key = checkKey(given.key);
  const options = { ...given, key };
  const { clock } = options;
  const address = checkAddress(options.baseUrl);
  const identity = `${options.azureApiVersion === undefined ? "openai" : "azure"} ${address.origin}`;
  const suggestion = likelyBase(address.url);
  let wasWell = false;
  const { send = fetch, proxy = null } = options.network ?? {};
  const client = createClient(address, options, async (url, init) => {
    const sent = { ...init, headers: ownHeaders(init?.headers, options) };
    const reading = { identity, key, clock, signal: init?.signal ?? null, wasWell };
    const text = await readBody(await send(url, sent), reading);
    return new Response(text, { headers: { "content-type": "application/json" } });
  });
  const support = new ParameterSupport();
  const memory = new LearnedSupport(support, identity, clock, options.memory);
  const charactersPerToken = new CharactersPerToken();

  /** What went wrong; learns what the model refuses. @param sent null where no model was asked */
  const failureFrom = (cause: unknown, model: string, sent: Sent | null): unknown => {
    if (cause instanceof NoCompletion) {
      const detail = JSON.stringify(cause.body)?.slice(0, 200) ?? "";
      return new AddressWrong(identity, 200, "other JSON", detail, suggestion);
    }
    if (cause instanceof Refused) {
      const failure = failureOf(cause.said, { identity, model, suggestion });
      const learned = sent && mayConcernParameters(failure) ? support.learn(model, sent, cause.said) : null;
      if (learned === null) return failure;
      if (!("wrong" in learned)) void memory.keep(model);
      return "wrong" in learned
        ? new ParameterInvalid(identity, model, learned.wrong, cause.said.message)
        : new ParameterRefused(model, learned.parameter, learned.renamedTo);
    }
    if (cause instanceof APIConnectionTimeoutError) {
      return new ProviderFault(identity, null, null, "no answer in time", "timeout");
    }
    return connectionFailure(cause, { identity, url: address.url, proxy }) ?? cause;
  };

  const complete = async (request: ModelRequest, signal: AbortSignal): Promise<ModelReply> => {
    signal.throwIfAborted();
    const started = clock.now();
    const { model, messages } = request;
    await memory.recall(model);
    const known = support.known(request);
    if (known) {
      request.onWithdrawn?.(request.attempt ?? 1);
      throw new ParameterRefused(model, known.parameter, known.renamedTo);
    }
    const sent = support.fit(request);
    try {
      const body = { ...sent.params, model, messages: [...sent.messages], stream: false as const };
      const answer: unknown = await client.chat.completions.create(body, { signal });
      const prompt = messages.map(({ content }) => content).join("\n");
      const { text, finish, missing, usage: counted, model: named } = readCompletion(answer, identity, prompt);
      wasWell = true;
      const usage = counted ?? {
        prompt: charactersPerToken.ofPrompt(model, messages),
        completion: charactersPerToken.ofText(model, text),
        estimated: true,
      };
      charactersPerToken.learn(model, messages, usage);
      support.accept(model, sent);
      if (missing) throw new AnswerMissing(identity, model, missing.reason, missing.detail, usage);
      const milliseconds = clock.now() - started;
      return { text, finish, usage, model: named ?? model, key: "", source: "provider", requests: 1, milliseconds };
    } catch (error) {
      throw failureFrom(causeOf(error, signal), model, sent);
    }
  };

  const listModels = async (signal: AbortSignal): Promise<ListedModel[]> => {
    try {
      const { data } = await client.models.list({ signal });
      return readModels(data, identity);
    } catch (error) {
      throw failureFrom(causeOf(error, signal), "", null);
    }
  };

  return {
    identity,
    timeout: options.timeout ?? DEFAULT_TIMEOUT,
    origin: address.origin,
    complete,
    listModels,
    isUntried: (request) => support.isUntried(request),
  };
}

/** A refusal with a cause of its own — a length, a key, a rate — is not mended by leaving a parameter out. */
function mayConcernParameters(failure: ModelError): boolean {
  if (failure instanceof RequestRefused) return failure.reason === "invalid";
  return failure.code === "ProviderFault" || failure.code === "ModelUnknown";
}

/** The SDK knows paths, headers and Azure; neither address nor key comes from the environment, and nothing is repeated. */
function createClient(address: Address, options: OpenAIOptions, fetch: Send): OpenAI {
  const { key, azureApiVersion: apiVersion, timeout = DEFAULT_TIMEOUT } = options;
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
