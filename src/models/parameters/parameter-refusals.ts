import type { ServerError } from "../protocols/server-error.ts";

/** The part of a request that a refusal is about. */
export type RefusedPart =
  | { readonly kind: "parameter"; readonly name: string }
  /** How JSON is requested. */
  | { readonly kind: "format" }
  /** The system role, or the order of roles. */
  | { readonly kind: "system" | "order" }
  /** The value is wrong for this model, or for all. */
  | { readonly kind: "value"; readonly name: string }
  /** One of the parameters: the server does not say which. */
  | { readonly kind: "some" };

/** Other names of parameters, as in the messages of servers behind a gateway, or of another API. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  max_tokens: ["max_output_tokens", "max_new_tokens", "max_tokens_to_sample", "num_predict", "n_predict", "max_length"],
  max_completion_tokens: ["max_output_tokens", "max_new_tokens", "max_tokens", "max_tokens_to_sample"],
  response_format: [
    "response_schema",
    "response_mime_type",
    "response_json_schema",
    "json_schema",
    "json_object",
    "guided_json",
    "guided_decoding",
    "structured_output",
    "structured_outputs",
    "output_config",
    "output_format",
    "text.format",
  ],
  stop: ["stop_sequences"],
  reasoning_effort: [
    "reasoning",
    "thinking",
    "think",
    "thinking_level",
    "thinking_budget",
    "enable_thinking",
    "effort",
  ],
  verbosity: ["text.verbosity"],
  n: ["candidate_count", "num_generations"],
};

/** Words that say that a part of the request is refused, not the data in it. */
const REFUSAL = new RegExp(
  [
    "unsupported|unknown|unexpected|unrecogni[sz]ed|invalid|forbidden|deprecated|unavailable|incompatible|not compatible",
    "only the default|extra (inputs|fields)|extraneous|no longer|must be|should be|must not|should not|failed to|cannot find field",
    "(?:enabled|available|supported|allowed) only|only (?:\\S+ )?(?:is|are|be) (?:allowed|supported|permitted)|only be set",
    "not (?:be |yet |currently )?(?:an? )?(?:support|permitted|allowed|available|enabled|implemented|valid|recogni[sz]ed|one of|accepted|understood)",
    "(?:does not|doesn't|don't|only) (?:support|allow|accept)|leave it unset|or unset|remove|can(?:not|'t) be (?:set|used|specified)",
  ].join("|"),
  "i",
);

/** Two parameters that exclude each other. */
const EXCLUSIVE =
  /cannot (both )?be (both )?(specified|set|used|provided)|mutually exclusive|only one of|\bnot both\b|use only one|one of .{0,60} but not both|(together|combined|combination) with|at the same time/i;

/** Of two that exclude each other, the first in this list is kept. */
const PREFERENCE = ["response_format", "max_completion_tokens", "max_tokens", "temperature", "top_p", "top_k"];

/** Names that servers have for a structured reply. */
const FORMAT =
  /structured[ _-]output|response[ _]?format|json[ _]?(schema|object|mode)|\bgrammars?\b|guided[ _-]?(decoding|json|grammar)|xgrammar|outlines|lm-format-enforcer|constrained decoding|must contain the word 'json'/i;

const SYSTEM =
  /\b(system|developer)( \w+)? (role|message|instruction|prompt)s?\b|\b(role|message)s?\b.{0,60}['"`]system['"`]/i;
const ORDER =
  /roles? must alternate|must alternate between|alternating roles|system message must be (at the beginning|first)|(first|last) message must|consecutive .{0,20}(messages|roles)/i;
/** A role that is not accepted: `'system' is not one of ['user', 'assistant']`. */
const ROLE =
  /only user and assistant roles|['"`]system['"`].{0,30}(not one of|not supported|is not|invalid)|(unexpected|invalid|unknown|unsupported) (message )?role\b.{0,20}system/i;

/**
 * A value that this model, or every model, rejects. The user has to correct it, because without it the reply would
 * be another.
 */
const WRONG_VALUE =
  /too (large|high|big|small|low)|(above|below) (the )?(maximum|minimum)|(less|greater|smaller|larger) than (or equal to )?-?\d|at (most|least) \d|between -?[\d.]+ and|out of range|\brange:|in the range|maximum (allowed |value )?(number|is|of)\b|exceeds? (the )?(maximum|limit)/i;
const WRONG_VALUE_CODE = /_(above|below)_\w+_value$|^invalid_type$/;
/** The parameter with the wrong value can be left out. */
const UNLESS_UNSET = /\bor unset\b|when (thinking|reasoning) is enabled/i;

/** A tier that a model, or an account, doesn't have: OpenAI, Vertex AI, gateways. */
const TIER = /\bservice[_ -]?tiers?\b|\bflex (api|tier|processing|inference)\b|\bflex (is|isn't|is not|was) /i;
/** A tier that the model has, but not now. */
const NOT_NOW = /\b(capacity|overloaded|busy|congested|temporar(y|ily)|try again|time[sd]? ?-?out|retry)\b/i;

const SOME_PARAMETER = /no endpoints found that (support|can handle)[\w ]* parameters|requested parameters/i;

/** Codes of errors that can't be fixed by leaving out a parameter. */
const HOPELESS =
  /^(context_length_exceeded|model_not_found|invalid_prompt|content_policy_violation|content_filter|json_validate_failed)$/;

/** Statuses of a server that read the request and rejected it; 404 is OpenRouter's. */
const REFUSING = [400, 404, 422, 501];

/**
 * The part of the request that a refusal is about; null if it is nothing that could be left out, renamed or
 * corrected.
 * @param names all parameters that were sent
 */
export function refusedPart(
  { status, message, codes, param }: ServerError,
  names: readonly string[],
): RefusedPart | null {
  if (codes.some((code) => HOPELESS.test(code))) return null;
  if (SOME_PARAMETER.test(message)) return { kind: "some" };
  const isTier = names.includes("service_tier") && TIER.test(message);
  if (isTier && !(NOT_NOW.test(message) && !REFUSING.includes(status)))
    return { kind: "parameter", name: "service_tier" };
  const isRefusal = REFUSAL.test(message) || EXCLUSIVE.test(message);
  // A gateway reports a refusal as its own failure. It counts only if its words are unambiguous.
  if (!REFUSING.includes(status) && !(status >= 500 && (isRefusal || FORMAT.test(message) || isTemplate(message)))) {
    return null;
  }
  const [lead = "", second] = param?.split(/[.[]/) ?? [];
  const places = second === undefined ? [lead] : [lead, `${lead}.${second}`];
  if (lead === "messages" && SYSTEM.test(`${message} ${param}`)) return { kind: "system" };
  if (ORDER.test(message)) return { kind: "order" };
  const mentioned = named(names, message);
  if (EXCLUSIVE.test(message) && mentioned.length > 1) return { kind: "parameter", name: lessWanted(mentioned) };

  const name =
    names.find((each) => places.some((place) => isSame(each, place))) ??
    inLocation(names, message) ??
    (isRefusal ? mentioned[0] : undefined);
  if (name !== undefined && name !== "response_format") {
    const isWrong = codes.some((code) => WRONG_VALUE_CODE.test(code)) || WRONG_VALUE.test(message);
    return { kind: isWrong && !UNLESS_UNSET.test(message) ? "value" : "parameter", name };
  }
  if (names.includes("response_format") && (name !== undefined || FORMAT.test(message))) return { kind: "format" };
  if (ROLE.test(message) || (SYSTEM.test(message) && (isTemplate(message) || (isRefusal && status < 500))))
    return { kind: "system" };
  return isRefusal || mentioned.length === 0 || !WRONG_VALUE.test(message)
    ? null
    : { kind: "value", name: mentioned[0]! };
}

/** llama.cpp reports an exception of a chat template as a server error. */
function isTemplate(message: string): boolean {
  return /jinja|template/i.test(message);
}

/** Normalizes a name of any style: `maxOutputTokens`, `max-output-tokens`. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

function namesOf(name: string): readonly string[] {
  return [name, ...(Object.hasOwn(OTHER_NAMES, name) ? (OTHER_NAMES[name] ?? []) : [])];
}

function isSame(name: string, said: string): boolean {
  const plain = plainName(said);
  return plain !== "" && namesOf(name).some((each) => plainName(each) === plain);
}

/** FastAPI's location of a fault: `"loc": ["body", "seed"]`. */
function inLocation(names: readonly string[], message: string): string | undefined {
  const said = /['"]?loc['"]?\s*[:=]\s*[[(]\s*['"]body['"],\s*['"]([\w-]+)/.exec(message)?.[1];
  return said === undefined ? undefined : names.find((name) => isSame(name, said));
}

/** The names that a message mentions, those of several words first, because a plain word has other meanings. */
function named(names: readonly string[], message: string): string[] {
  const found = names.flatMap((name) => {
    const lengths = namesOf(name).flatMap((said) => (speaksOf(said, message) ? [said.length] : []));
    return lengths.length === 0 ? [] : [{ name, own: speaksOf(name, message) ? 1 : 0, length: Math.max(...lengths) }];
  });
  return found.sort((a, b) => b.own - a.own || b.length - a.length).map(({ name }) => name);
}

/**
 * A name of several words counts anywhere in the message; a plain word, such as `seed` or `stop`, only where it is
 * used as a name.
 */
function speaksOf(name: string, message: string): boolean {
  const parts = name.split(/[_.]/);
  if (parts.length > 1) return new RegExp(`\\b${parts.join("[_.-]?")}\\b`, "i").test(message);
  const kinds =
    "parameters?|arguments?|fields?|propert(?:y|ies)|inputs?|keys?|values?|invalid|supplied|unsupported|unknown";
  return new RegExp(
    `["'\`[]${name}["'\`.\\]]|\\b(?:${kinds})[ :=]+(?:\\S+: )?${name}\\b|\\b${name}\\b (?:is|are|does|must|may|should|can|cannot|value|parameter|and|or)\\b|\\b${name}: |: ${name}\\b`,
    "i",
  ).test(message);
}

function lessWanted(names: readonly string[]): string {
  const rank = (name: string) => (PREFERENCE.includes(name) ? PREFERENCE.indexOf(name) : PREFERENCE.length);
  return [...names].sort((a, b) => rank(b) - rank(a))[0]!;
}
