import type { Message, ModelRequest } from "./model.ts";

/** How a request asks for JSON, from strict to not at all. */
type Format = "json_schema" | "json_object" | "none";

/** Says that a parameter is the matter, not what it is applied to. */
const REFUSAL = new RegExp(
  [
    "unsupported|unknown|unexpected|unrecogni[sz]ed|invalid|forbidden|deprecated|unavailable|must be|failed to",
    "only the default|extra inputs|(?:enabled|available|supported) only",
    "not (?:be |yet )?(?:support|permitted|allowed|available|enabled|implemented|valid|recogni[sz]ed)",
    "(?:does not|doesn't|don't|only) support",
  ].join("|"),
  "i",
);

/** Codes of requests that leaving a parameter out does not mend, or must not: a wrong value is the user's to correct. */
const HOPELESS =
  /^(context_length_exceeded|model_not_found|invalid_prompt|content_policy_violation|content_filter|json_validate_failed|invalid_type|\w+_(above|below)_\w+_value)$/;

/** What the server says of a request it refused. */
export interface RefusedBody {
  readonly status: number;
  readonly message: string;
  readonly code: string | null;
  readonly param: string | null;
}

/** The part of a request that a model may refuse. */
export interface Sent {
  readonly messages: readonly Message[];
  /** Every other property of the body but the model. */
  readonly params: Readonly<Record<string, unknown>>;
}

export interface Refusal {
  readonly parameter: string;
  readonly renamedTo: string | null;
}

/** What each model refuses, learned from its refusals, and requests without it. */
export class ParameterSupport {
  /** Model → parameter → its other name; null: dropped. */
  readonly #renames = new Map<string, Map<string, string | null>>();
  readonly #formats = new Map<string, Format>();
  readonly #withoutSystem = new Set<string>();
  /** Model → what it has answered to without complaint. */
  readonly #taken = new Map<string, Set<string>>();

  /** Whether this model has never yet answered a request with all that this one holds. */
  isUntried(request: ModelRequest): boolean {
    const taken = this.#taken.get(request.model);
    return !partsOf(this.fit(request)).every((part) => taken?.has(part));
  }

  /** The model has answered. */
  accept(model: string, sent: Sent): void {
    const taken = this.#taken.get(model) ?? new Set();
    for (const part of partsOf(sent)) taken.add(part);
    this.#taken.set(model, taken);
  }

  /** The request as this model takes it. */
  fit({ model, messages, params, schema }: ModelRequest): Sent {
    const renames = this.#renames.get(model);
    const fitting: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(params)) {
      const sent = renames?.get(name);
      if (sent !== null && value !== undefined) fitting[sent ?? name] = value;
    }
    const format = this.#formats.get(model) ?? "json_schema";
    if (schema && format === "json_object") fitting.response_format = { type: "json_object" };
    if (schema && format === "json_schema") {
      const json_schema = { name: schemaName(schema.name), schema: schema.schema, strict: true };
      fitting.response_format = { type: "json_schema", json_schema };
    }
    return { messages: this.#withoutSystem.has(model) ? withoutSystem(messages) : messages, params: fitting };
  }

  /** Learns what of `sent` is refused; null where it is nothing that can be left out. */
  learn(model: string, sent: Sent, refused: RefusedBody): Refusal | null {
    // A chat template that raises an exception is an error of the server to llama.cpp.
    if (refused.status === 500)
      return /jinja|template/i.test(refused.message) ? this.#learnSystem(model, sent, refused) : null;
    if (![400, 422, 501].includes(refused.status)) return null;
    if (refused.code !== null && HOPELESS.test(refused.code)) return null;
    if (/too (large|long|small)|at most|maximum context/i.test(refused.message)) return null;
    const { param } = refused;
    const names = Object.keys(sent.params);
    const name = names.find((each) => param === each || param?.startsWith(`${each}.`)) ?? named(names, refused.message);
    if (name === "response_format") return this.#learnFormat(model, sent);
    if (name !== undefined) return this.#learnName(model, name, refused.message);
    return this.#learnSystem(model, sent, refused);
  }

  #learnName(model: string, name: string, message: string): Refusal {
    const renames = this.#renames.get(model) ?? new Map<string, string | null>();
    this.#renames.set(model, renames);
    // What is refused now may be the new name of what was refused before.
    const original = [...renames].find(([, to]) => to === name)?.[0] ?? name;
    const other = name === "max_tokens" ? "max_completion_tokens" : null;
    const renamedTo = other !== null && original === name && message.includes(other) ? other : null;
    renames.set(original, renamedTo);
    return { parameter: original, renamedTo };
  }

  #learnFormat(model: string, { params }: Sent): Refusal {
    const { response_format: format } = params;
    const strict = typeof format === "object" && format !== null && "json_schema" in format;
    this.#formats.set(model, strict ? "json_object" : "none");
    if (!strict) this.#learnName(model, "response_format", "");
    return {
      parameter: strict ? "response_format json_schema" : "response_format",
      renamedTo: strict ? "response_format json_object" : null,
    };
  }

  #learnSystem(model: string, { messages }: Sent, { message }: RefusedBody): Refusal | null {
    const speaksOfIt = /system/i.test(message) && /role|message|instruction/i.test(message) && REFUSAL.test(message);
    if (!speaksOfIt || !messages.some(({ role }) => role === "system")) return null;
    this.#withoutSystem.add(model);
    return { parameter: "system message", renamedTo: "user message" };
  }
}

/** All of a request that a model may refuse, by name. */
function partsOf({ messages, params }: Sent): string[] {
  const system = messages.some(({ role }) => role === "system") ? ["system message"] : [];
  return [...Object.keys(params), ...system];
}

/** The longest of the names that the refusal speaks of. */
function named(names: readonly string[], message: string): string | undefined {
  if (!REFUSAL.test(message)) return undefined;
  const words = new Set(message.match(/[a-z][a-z0-9_]*/gi));
  const mentioned = names.filter((name) => words.has(name) && (name.includes("_") || standsAsName(name, message)));
  if (mentioned.length > 0) return mentioned.sort((a, b) => b.length - a.length)[0];
  const speaksOfFormat =
    ["json_schema", "json_object", "response_schema"].some((word) => words.has(word)) ||
    /structured output|response_format|json schema|grammar/i.test(message);
  return speaksOfFormat ? names.find((name) => name === "response_format") : undefined;
}

/** A plain word, such as `seed` or `stop`, counts only where it stands as a name. */
function standsAsName(name: string, message: string): boolean {
  const kinds = "parameters?|arguments?|fields?|propert(?:y|ies)|inputs?|keys?|value";
  return new RegExp(`["'\`]${name}["'\`.]|(?:${kinds})[ :=]+${name}\\b|\\b${name}\\b (?:is|does|must)`, "i").test(
    message,
  );
}

/** System text goes before the first user message's. */
export function withoutSystem(messages: readonly Message[]): Message[] {
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  const rest = messages.filter(({ role }) => role !== "system");
  const first = rest.findIndex(({ role }) => role === "user");
  if (first < 0) return [{ role: "user", content: system.join("\n\n") }, ...rest];
  return rest.map((message, index) =>
    index === first ? { ...message, content: [...system, message.content].join("\n\n") } : message,
  );
}

/** Letters, digits, `_` and `-`, at most 64. */
function schemaName(name: string): string {
  return name.replace(/[^\w-]/g, "_").slice(0, 64) || "reply";
}
