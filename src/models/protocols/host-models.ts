import type { Clock } from "../../deps.ts";
import { hasImage } from "../../graph/images.ts";
import {
  AccessRefused,
  AnswerMissing,
  BodyBroken,
  type ModelError,
  ModelUnknown,
  ParameterInvalid,
  ParameterRefused,
  ProviderFault,
  RateLimited,
  ReplyWithheld,
  RequestRefused,
} from "../errors.ts";
import type { Message, Model, ModelReply, ModelRequest, Usage } from "../model.ts";
import { ParameterSupport, withoutSystem } from "../parameters/parameter-support.ts";
import { DEFAULT_TIMEOUT } from "../stack/retry-waits.ts";
import { CharactersPerToken } from "../stack/tokens.ts";
import { answerText } from "./answer-text.ts";

/** A chat model of the host program. */
export interface HostChat {
  /** `vendor/id`: unique. */
  readonly name: string;
  /** Its name within the vendor; several versions can share a family. */
  readonly id: string;
  readonly family: string;
  /**
   * Streams the answer. Messages must not include system messages.
   * @throws HostFailure, or whatever the host throws when aborted
   */
  ask(
    messages: readonly Message[],
    params: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): AsyncIterable<string>;
  countTokens(text: string): PromiseLike<number>;
}

/** The host's error for a request that it did not serve. */
export class HostFailure extends Error {
  override readonly name = "HostFailure";
  constructor(
    /** As in VS Code's `LanguageModelError`; empty if there is none. */
    readonly code: string,
    readonly detail: string,
  ) {
    super(`${code}: ${detail}`);
  }
}

export interface HostModelOptions {
  /** The current models; called again when one has disappeared. */
  readonly chats: () => PromiseLike<readonly HostChat[]>;
  /** Their provider, for example `vscode`. */
  readonly identity: string;
  readonly clock: Clock;
  /** Milliseconds a request may take. Default 120,000. */
  readonly timeout?: number;
}

/** Characters. */
const LARGEST_TEXT = 2 ** 20;
/** Milliseconds after which counting a reply's tokens is replaced with an estimate. */
const COUNTING = 2_000;

/**
 * A provider of the host program's models. They have no system messages, JSON schemas or usage: system text goes
 * before the first user message, only the prompt asks for JSON, and tokens are counted by the model's tokenizer or
 * estimated. Parameters are passed on as hints; one that is refused is not sent again.
 */
export function createHostModel({ chats, identity, clock, timeout = DEFAULT_TIMEOUT }: HostModelOptions): Model {
  const support = new ParameterSupport();
  const charactersPerToken = new CharactersPerToken();
  const known = new Map<string, HostChat>();

  const find = async (model: string): Promise<HostChat> => {
    const chat = known.get(model) ?? chatNamed(model, await chats());
    if (!chat) throw new ModelUnknown(identity, 404, model, "VS Code has no model of this name now");
    known.set(model, chat);
    return chat;
  };

  const usageOf = async (chat: HostChat, messages: readonly Message[], text: string): Promise<Usage> => {
    const { name } = chat;
    const prompt = messages.map(({ content }) => content).join("\n");
    const [counted, completion] = await Promise.all([prompt, text].map((one) => countOf(chat, one, clock)));
    return {
      prompt: counted ?? charactersPerToken.ofPrompt(name, messages),
      completion: completion ?? charactersPerToken.ofText(name, text),
      estimated: true,
    };
  };

  const complete = async (request: ModelRequest, signal: AbortSignal): Promise<ModelReply> => {
    signal.throwIfAborted();
    const started = clock.now();
    const { model } = request;
    if (request.messages.some(({ content }) => hasImage(content))) {
      throw new RequestRefused(identity, 400, model, "images can't be sent to models of the editor", "images");
    }
    const chat = await abortable(find(model), signal);
    const { schema: _, ...unshaped } = request;
    const fitted = support.fit(unshaped);
    const sent = { ...fitted, messages: withoutSystem(fitted.messages) };
    const late = new AbortController();
    const done = new AbortController();
    const isLate = new ProviderFault(identity, null, null, "no answer in time", "timeout");
    clock.sleep(timeout, done.signal).then(
      () => late.abort(isLate),
      () => {},
    );
    const stop = AbortSignal.any([signal, late.signal]);
    let said: string;
    try {
      said = await abortable(collect(chat.ask(sent.messages, sent.params, stop), identity), stop);
    } catch (error) {
      if (stop.aborted || !(error instanceof HostFailure)) throw error;
      if (error.code === "NotFound") known.delete(model);
      const { code, detail } = error;
      const said = { status: 400, message: detail, codes: [code], param: null, retryAfter: null, page: null };
      const learned = support.learn(model, sent, said);
      if (learned === null) throw errorOf(error, identity, model);
      if ("wrong" in learned) throw new ParameterInvalid(identity, model, learned.wrong, detail);
      throw new ParameterRefused(model, learned.parameter, learned.renamedTo);
    } finally {
      done.abort();
    }
    const usage = await usageOf(chat, sent.messages, said);
    const text = answerText(said, sent.messages.map(({ content }) => content).join("\n"));
    if (text.trim() === "") {
      throw new AnswerMissing(identity, chat.name, said.trim() === "" ? "empty" : "thoughts", "", usage);
    }
    const milliseconds = Math.max(0, clock.now() - started);
    return { text, finish: "stop", usage, model: chat.name, key: "", source: "provider", requests: 1, milliseconds };
  };

  return { identity, timeout, complete };
}

/** By its full name, else by its id, else the first of its family. */
function chatNamed(model: string, chats: readonly HostChat[]): HostChat | undefined {
  const by = (property: "name" | "id" | "family") => chats.find((chat) => chat[property] === model);
  return by("name") ?? by("id") ?? by("family");
}

async function collect(answer: AsyncIterable<string>, identity: string): Promise<string> {
  let text = "";
  for await (const part of answer) {
    text += part;
    if (text.length > LARGEST_TEXT) throw new BodyBroken(identity, `it is longer than ${LARGEST_TEXT} characters`);
  }
  return text;
}

/** null if the host can't count, or not in time: a received reply must not be lost because of its count. */
async function countOf(chat: HostChat, text: string, clock: Clock): Promise<number | null> {
  const done = new AbortController();
  try {
    const late = clock.sleep(COUNTING, done.signal).then(() => Number.NaN);
    const count = await Promise.race([chat.countTokens(text), late]);
    return Number.isFinite(count) && count >= 0 ? Math.ceil(count) : null;
  } catch {
    return null;
  } finally {
    done.abort();
  }
}

/** The cause of a failure. Vendors use different codes, so the message decides if the code says little. */
function errorOf({ code, detail }: HostFailure, identity: string, model: string): ModelError {
  const said = `${code} ${detail}`;
  if (code === "NoPermissions") return new AccessRefused(identity, "permission", detail);
  if (code === "NotFound") return new ModelUnknown(identity, 404, model, detail);
  if (/off.?topic|content.?filter|filtered|responsible ai/i.test(said)) {
    return new ReplyWithheld(identity, model, detail);
  }
  if (/quota|allowance|billing/i.test(said)) return new AccessRefused(identity, "quota", detail);
  if (/rate.?limit|too many requests|\b429\b/i.test(said)) return new RateLimited(identity, null, detail);
  if (code === "Blocked") return new AccessRefused(identity, "blocked", detail);
  return new ProviderFault(identity, null, null, detail);
}

/** Doesn't wait for what the host does after an abort. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}
