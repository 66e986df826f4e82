import * as z from "zod";
import { thinks } from "../known-models.ts";
import type { Message, ModelRequest } from "../model.ts";
import type { ServerError } from "../protocols/server-error.ts";
import { type RefusedPart, refusedPart } from "./parameter-refusals.ts";

/** How a request asks for JSON: from a strict schema to not at all. */
type Format = z.infer<typeof format>;
const format = z.enum(["json_schema", "json_object", "none"]);

/** What a model refuses, as remembered between runs. */
export const learned = z.object({
  /** Parameter → its other name; null: it is not sent. */
  renames: z.record(z.string(), z.string().nullable()),
  format: format.optional(),
  /** `system`: no system message. `order`: roles alternate. */
  roles: z.enum(["system", "order"]).optional(),
});

export type Learned = z.infer<typeof learned>;

/** The part of a request that a model can refuse. */
export interface Sent {
  readonly messages: readonly Message[];
  /** All other properties of the body except the model. */
  readonly params: Readonly<Record<string, unknown>>;
}

export interface Refusal {
  readonly parameter: string;
  /** The name under which it is sent from now on; null: dropped. */
  readonly renamedTo: string | null;
}

/** The value of a parameter is refused, and only the user can correct it. */
export interface WrongValue {
  readonly wrong: string;
}

/** Two names of one parameter: if a server refuses both, neither is sent. */
const LIMITS = ["max_completion_tokens", "max_tokens"];

/** The parameter that chooses a tier. It is never left out, because a request without it has another price. */
export const TIER_PARAMETER = "service_tier";

/** Parameters that a reasoning model rejects. */
const SAMPLING = ["temperature", "top_p"];

/** Number of consecutive unexplained failures of requests with a schema after which the schema counts as the cause. */
const SUSPICIOUS = 3;

/** Learns what each model refuses from its refusals, and leaves it out of further requests. */
export class ParameterSupport {
  /** Model → parameter → its other name; null: dropped. */
  readonly #renames = new Map<string, Map<string, string | null>>();
  readonly #formats = new Map<string, Format>();
  readonly #messages = new Map<string, (messages: readonly Message[]) => readonly Message[]>();
  /** Model → parts of requests that it has accepted. */
  readonly #taken = new Map<string, Set<string>>();
  readonly #roles = new Map<string, "system" | "order">();
  /** Models, and the refusals of each that the user was told. */
  readonly #told = new Set<string>();
  /** Model → consecutive unexplained failures of requests with a schema, while it has answered none. */
  readonly #suspected = new Map<string, number>();

  /** Whether this model has not yet answered a request with all parts of this one. */
  isUntried(request: ModelRequest): boolean {
    const taken = this.#taken.get(request.model);
    return !partsOf(this.fit(request)).every((part) => taken?.has(part));
  }

  /** Notes that the model has answered. */
  accept(model: string, sent: Sent): void {
    const taken = this.#taken.get(model) ?? new Set();
    for (const part of partsOf(sent)) taken.add(part);
    this.#taken.set(model, taken);
    if ("response_format" in sent.params) this.#suspected.delete(model);
  }

  /** Takes over what another run has learned about a model. */
  recall(model: string, { renames, format, roles }: Learned): void {
    // Earlier versions left the tier out.
    const { [TIER_PARAMETER]: _, ...others } = renames;
    this.#renames.set(model, new Map(Object.entries(others)));
    if (format) this.#formats.set(model, format);
    if (roles) this.#learnOrder(model, roles);
  }

  /** What is known about a model so far; null: nothing. */
  learned(model: string): Learned | null {
    const [renames, format, roles] = [this.#renames.get(model), this.#formats.get(model), this.#roles.get(model)];
    if (!renames?.size && !format && !roles) return null;
    return { renames: Object.fromEntries(renames ?? []), ...(format && { format }), ...(roles && { roles }) };
  }

  /**
   * A part of this request that its model is known to refuse before it is sent: a temperature while it reasons, or
   * what an earlier run has learned. Returned once for each model and part; `fit` leaves it out every time.
   */
  known({ model, params, schema }: ModelRequest): Refusal | null {
    const isThinking = thinks(model, params.reasoning_effort);
    const renames = this.#renames.get(model);
    for (const name of Object.keys(params).filter((each) => params[each] !== undefined)) {
      if (isThinking && SAMPLING.includes(name) && this.#isNews(model, name))
        return { parameter: name, renamedTo: null };
      const renamedTo = renames?.get(name);
      if (renamedTo !== undefined && this.#isNews(model, name)) return { parameter: name, renamedTo };
    }
    const format = this.#formats.get(model);
    if (!schema || !format || !this.#isNews(model, "response_format")) return null;
    return format === "none"
      ? { parameter: "response_format", renamedTo: null }
      : { parameter: "response_format json_schema", renamedTo: `response_format ${format}` };
  }

  #isNews(model: string, part: string): boolean {
    const news = `${model}\n${part}`;
    if (this.#told.has(news)) return false;
    this.#told.add(news);
    return true;
  }

  /** The request in the form that this model accepts. */
  fit({ model, messages, params, schema }: ModelRequest): Sent {
    const renames = this.#renames.get(model);
    const fitting: Record<string, unknown> = {};
    const isThinking = thinks(model, params.reasoning_effort);
    for (const [name, value] of Object.entries(params)) {
      if (isThinking && SAMPLING.includes(name)) continue;
      const sent = renames?.get(name);
      if (sent !== null && value !== undefined) fitting[sent ?? name] = value;
    }
    const format = this.#formats.get(model) ?? "json_schema";
    if (schema && format === "json_object") fitting.response_format = { type: "json_object" };
    if (schema && format === "json_schema") {
      const json_schema = { name: schemaName(schema.name), schema: schema.schema, strict: true };
      fitting.response_format = { type: "json_schema", json_schema };
    }
    return { messages: this.#messages.get(model)?.(messages) ?? messages, params: fitting };
  }

  /** Learns which part of `sent` is refused; null if it is nothing that can be left out. */
  learn(model: string, sent: Sent, said: ServerError): Refusal | WrongValue | null {
    const names = Object.keys(sent.params);
    const part = refusedPart(said, names);
    if (part) return this.#learnPart(model, sent, part);
    return this.#isSuspicious(model, sent, said) ? this.#learnFormat(model, sent) : null;
  }

  #learnPart(model: string, sent: Sent, part: RefusedPart): Refusal | WrongValue | null {
    switch (part.kind) {
      case "format":
        return this.#learnFormat(model, sent);
      case "parameter":
        return part.name === TIER_PARAMETER ? { wrong: part.name } : this.#learnName(model, part.name);
      case "value":
        return { wrong: part.name };
      case "system":
      case "order":
        return this.#learnRoles(model, sent, part.kind);
      case "some":
        return this.#learnSome(model, sent);
    }
  }

  #learnName(model: string, name: string): Refusal {
    const renames = this.#renames.get(model) ?? new Map<string, string | null>();
    this.#renames.set(model, renames);
    // The part that is refused now can be the new name of one that was refused before.
    const original = [...renames].find(([, to]) => to === name)?.[0] ?? name;
    const other = original === name && LIMITS.includes(name) ? LIMITS.find((each) => each !== name) : undefined;
    const renamedTo = other ?? null;
    renames.set(original, renamedTo);
    this.#isNews(model, original);
    return { parameter: original, renamedTo };
  }

  #learnFormat(model: string, { params }: Sent): Refusal {
    const { response_format: format } = params;
    const strict = typeof format === "object" && format !== null && "json_schema" in format;
    this.#formats.set(model, strict ? "json_object" : "none");
    this.#suspected.delete(model);
    this.#isNews(model, "response_format");
    if (!strict) this.#learnName(model, "response_format");
    return {
      parameter: strict ? "response_format json_schema" : "response_format",
      renamedTo: strict ? "response_format json_object" : null,
    };
  }

  /** Moves system messages into the user's; if roles must alternate, merges consecutive messages of one role. */
  #learnRoles(model: string, { messages }: Sent, kind: "system" | "order"): Refusal | null {
    const hasSystem = messages.some(({ role }) => role === "system");
    if (kind === "system" && !hasSystem) return null;
    if (!hasSystem && alternating(messages).length === messages.length) return null;
    this.#learnOrder(model, kind);
    return { parameter: hasSystem ? "system message" : "messages of one role in a row", renamedTo: "user message" };
  }

  #learnOrder(model: string, kind: "system" | "order"): void {
    this.#roles.set(model, kind);
    this.#messages.set(model, kind === "system" ? withoutSystem : alternating);
  }

  /** The server does not say which: the least important one is dropped first. */
  #learnSome(model: string, sent: Sent): Refusal | null {
    const names = Object.keys(sent.params);
    if (names.includes("response_format")) return this.#learnFormat(model, sent);
    const last = names.filter((name) => !LIMITS.includes(name) && name !== TIER_PARAMETER).at(-1);
    return last === undefined ? null : this.#learnName(model, last);
  }

  /**
   * Guided decoding that fails on a schema gives no reason: requests with a schema repeatedly get a plain 500, while
   * others are answered.
   */
  #isSuspicious(model: string, { params }: Sent, { status }: ServerError): boolean {
    const taken = this.#taken.get(model);
    if (status !== 500 || !("response_format" in params) || !taken || taken.has("response_format")) return false;
    const failures = (this.#suspected.get(model) ?? 0) + 1;
    this.#suspected.set(model, failures);
    return failures >= SUSPICIOUS;
  }
}

/** Names of all parts of a request that a model can refuse. */
function partsOf({ messages, params }: Sent): string[] {
  const system = messages.some(({ role }) => role === "system") ? ["system message"] : [];
  return [...Object.keys(params), ...system];
}

/** Puts system text before the first user message's. */
export function withoutSystem(messages: readonly Message[]): Message[] {
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  const rest = messages.filter(({ role }) => role !== "system");
  const first = rest.findIndex(({ role }) => role === "user");
  if (first < 0) return [{ role: "user", content: system.join("\n\n") }, ...rest];
  return rest.map((message, index) =>
    index === first ? { ...message, content: [...system, message.content].join("\n\n") } : message,
  );
}

function alternating(messages: readonly Message[]): Message[] {
  return merged(withoutSystem(messages));
}

/** Merges consecutive messages of one role. */
function merged(messages: readonly Message[]): Message[] {
  const all: Message[] = [];
  for (const message of messages) {
    const last = all.at(-1);
    if (last?.role === message.role)
      all[all.length - 1] = { ...last, content: `${last.content}\n\n${message.content}` };
    else all.push(message);
  }
  return all;
}

/** A valid name for a schema: letters, digits, `_` and `-`, at most 64. */
function schemaName(name: string): string {
  return name.replace(/[^\w-]/g, "_").slice(0, 64) || "reply";
}
