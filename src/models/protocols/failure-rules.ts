import {
  AccessRefused,
  AddressWrong,
  KeyRefused,
  type ModelError,
  ModelUnknown,
  ProviderFault,
  RateLimited,
  ReplyWithheld,
  RequestRefused,
  TlsFailed,
} from "../errors.ts";
import type { ServerError } from "./server-error.ts";

/** The target of a request. */
export interface RequestTarget {
  readonly identity: string;
  /** Empty if the request was for no model. */
  readonly model: string;
  /** A base address to try instead; null if there is no likely one. */
  readonly suggestion: string | null;
}

interface Rule {
  readonly status?: readonly number[];
  /** Matches one of the codes as a whole. */
  readonly code?: RegExp;
  /** Matches a part of the message. A rule with `code` and `message` applies if either matches. */
  readonly message?: RegExp;
  readonly page?: "html" | "text";
  readonly failure: (said: ServerError, target: RequestTarget, detail: string) => ModelError;
}

const tooLong: Rule["failure"] = ({ status }, { identity, model }, detail) =>
  new RequestRefused(identity, status, model, detail, "too long");
const withheld: Rule["failure"] = (_, { identity, model }, detail) => new ReplyWithheld(identity, model, detail);
const usedUp: Rule["failure"] = (_, { identity }, detail) => new AccessRefused(identity, "quota", detail);
const limited: Rule["failure"] = ({ retryAfter }, { identity }, detail) =>
  new RateLimited(identity, retryAfter, detail);
const keyRefused: Rule["failure"] = ({ status }, { identity }, detail) => new KeyRefused(identity, status, detail);
const failed: Rule["failure"] = ({ status, retryAfter }, { identity }, detail) =>
  new ProviderFault(identity, status, retryAfter, detail);
const unknownModel =
  (reason: ModelUnknown["reason"]): Rule["failure"] =>
  ({ status }, { identity, model }, detail) =>
    new ModelUnknown(identity, status, model, detail, reason);
const wrongAddress =
  (came: AddressWrong["came"]): Rule["failure"] =>
  ({ status }, { identity, suggestion }, detail) =>
    new AddressWrong(identity, status, came, detail, suggestion);

const PROVIDER_STATUS = [408, 409, 425, 500, 501, 502, 503, 504, 520, 521, 522, 523, 524, 529];

/** The first rule that applies gives the cause of a refusal. Wordings are those of the servers named beside them. */
const RULES: readonly Rule[] = [
  // nginx, Go: https is spoken at that port.
  {
    message: /plain HTTP request was sent to (an )?HTTPS|HTTP request to an HTTPS server/i,
    failure: (_, { identity }, detail) => new TlsFailed(identity, "not http", detail),
  },
  // A body larger than a gateway takes: nginx answers with a page.
  { status: [413], failure: tooLong },
  // A page of a gateway in front of a server that is down, else of something that is not a model server.
  { page: "html", status: PROVIDER_STATUS, failure: failed },
  {
    page: "html",
    message: /\b(sign|log)[ -]?in\b|captive|hotspot|single sign-on|authentication required/i,
    failure: wrongAddress("sign-in page"),
  },
  { page: "html", status: [404, 405], failure: wrongAddress("not found") },
  { page: "html", status: [429], failure: limited },
  { page: "html", failure: wrongAddress("web page") },
  // A model without images. OpenAI, Ollama, LM Studio, DeepSeek, vLLM, Mistral, Anthropic; OpenRouter with 404, llama.cpp with 500.
  {
    message: new RegExp(
      [
        "image_url is only supported by|(does not|doesn't|don't) (support|accept) (images?\\b|vision|multimodal)(?! (format|media|type|size))",
        "endpoints found that support image input|image input is not (enabled|supported)|not a multimodal model",
        "unknown variant .?image_url|missing data required for image input|at most 0 image",
      ].join("|"),
      "i",
    ),
    failure: ({ status }, { identity, model }, detail) => new RequestRefused(identity, status, model, detail, "images"),
  },
  // OpenAI, Azure, gateways, DeepSeek, Alibaba, Zhipu: the content of the request.
  {
    code: /^(content_filter|content_policy_violation|ResponsibleAIPolicyViolation|moderation_blocked|data_inspection_failed|DataInspectionFailed|1301|PROHIBITED_CONTENT|SAFETY|sensitive_words_detected)$/,
    message:
      /\b(was|been|is) flagged\b|content[ _](management )?policy|content exists risk|blocked by (the )?(content|safety)|inappropriate content|filtered due to/i,
    failure: withheld,
  },
  // OpenAI, llama.cpp, Anthropic: too much for the model's context.
  {
    code: /^(context_length_exceeded|exceed_context_size_error|request_too_large|string_above_max_length)$/,
    failure: tooLong,
  },
  {
    message: new RegExp(
      [
        // OpenAI, vLLM, Mistral, OpenRouter, Groq.
        "maximum (context|prompt|input|sequence) length|reduce the length of|input tokens exceed",
        "too large for model with|prompt is too long|(prompt|input|text|message)\\b.{0,60}\\btoo (long|large|big)",
        // llama.cpp, llama-cpp-python, ik_llama.cpp, Ollama, LM Studio.
        "(exceeds?|exceeded|larger than|longer than|greater than|beyond)\\b.{0,40}\\bcontext|context (size|length|window) (has been |was |is )?exceeded",
        "context the overflows|context overflow|reached context length|larger context length|too big compared to kv",
        // Gemini, Anthropic, xAI, Bedrock, Cohere, TGI, Together, TensorRT-LLM, SGLang.
        "token count .{0,30}exceeds|exceed context limit|context_length|too many (input )?tokens(?!,? (please|per))",
        "must have less than \\d+ tokens|inputs` tokens \\+ `max_new_tokens|exceeds? (the )?max(imum)?[_ ]?(input|seq|number of tokens)",
        // vLLM, when the prompt leaves no room for a reply.
        "max_(completion_)?tokens must be at least 1, got -?\\d",
        // A request that is larger than the tokens of a minute never fits: OpenAI, Groq.
        "request too large|request_too_large|payload too large|entity too large|request body .{0,20}too large",
      ].join("|"),
      "i",
    ),
    failure: tooLong,
  },
  // Where a country is not served: OpenAI, Gemini, Anthropic.
  {
    code: /^unsupported_country_region_territory$/,
    message:
      /(country|region|territory|location|area)\b.{0,30}\bnot (be )?supported|not available in your (country|region)/i,
    failure: (_, { identity }, detail) => new AccessRefused(identity, "region", detail),
  },
  // Google: the quota of a minute has the words of one that is used up; that of a day, or of 0, is.
  {
    code: /PerDay/,
    message: /quota exceeded for metric.*\blimit: 0\b|per[-_ ]?day|daily (limit|quota)/i,
    status: [429],
    failure: (said, target, detail) =>
      said.retryAfter === null || said.retryAfter < 300_000
        ? usedUp(said, target, detail)
        : limited(said, target, detail),
  },
  { code: /^RESOURCE_EXHAUSTED$/, failure: limited },
  // OpenAI, Moonshot, new-api, Zhipu, Alibaba, SiliconFlow, OpenRouter, LiteLLM, Anthropic, Mistral.
  { status: [402], failure: usedUp },
  {
    code: /^(insufficient_quota|insufficient_user_quota|insufficient_balance|insufficient_credits|insufficient_funds|exceeded_current_quota_error|billing_hard_limit_reached|billing_not_active|quota_exceeded|quota_limit_reached|credits?_(exhausted|required)|payment_required|budget_exceeded|pre_consume_token_quota_failed|Arrearage|arrearage|402|1113|30001)$/,
    message: new RegExp(
      [
        "insufficient (account )?(balance|credits?|quota|funds)|balance (is )?(insufficient|too low|not enough)",
        "credit balance is too low|(out of|no more|not enough|run out of|requires more|exhausted your|used all .{0,20})\\b.{0,20}credits?",
        "exceeded your current (token )?quota|billing (hard )?limit|budget has been exceeded|spend(ing)? (limit|cap) ",
        "account is not active|account .{0,20}good standing|payment required|add (a payment|credits)|usage limit .{0,30}month",
        "余额不足|欠费|额度(已)?(不足|用尽)",
      ].join("|"),
      "i",
    ),
    failure: usedUp,
  },
  // OpenAI's and Groq's flex tier.
  {
    status: [429, 498],
    code: /^(resource_?unavailable(_error)?|flex_capacity|capacity_exceeded)$/i,
    message:
      /resource[_ ](is )?(temporarily )?unavailable|flex\b.*\b(capacity|unavailable)|\b(capacity|unavailable)\b.*\bflex\b|capacity_exceeded/i,
    failure: ({ retryAfter }, { identity }, detail) => new RateLimited(identity, retryAfter, detail, "no room"),
  },
  { code: /^(rate_limit(_exceeded|_error|ed)?|too_many_requests|TooManyRequests|429)$/, failure: limited },
  { status: [429, 498], failure: limited },
  // OpenAI: a tier that the project may not use.
  {
    status: [403],
    message: /service[_ -]?tier|flex (tier|processing|api|inference)/i,
    failure: ({ status }, { identity, model }, detail) => new RequestRefused(identity, status, model, detail),
  },
  // A key: Gemini refuses one with 400.
  {
    code: /^(invalid_api_key|API_KEY_INVALID|authentication_error|UNAUTHENTICATED|401)$/,
    message:
      /api key (is )?(not valid|invalid|expired|missing)|invalid (api|access|authentication)[ -](key|token)|incorrect api key/i,
    failure: keyRefused,
  },
  { status: [401], failure: keyRefused },
  // A name: OpenAI, Azure, Groq, DeepSeek, Mistral, OpenRouter, Ollama, LM Studio, Bedrock.
  { code: /^DeploymentNotFound$/, failure: unknownModel("deployment") },
  {
    message:
      /(not a chat model|only supported in v1\/(responses|completions)|does not support chat|not supported in the v1\/chat)/i,
    failure: unknownModel("no chat"),
  },
  {
    status: [403, 404],
    // "Does not exist or you do not have access to it" (OpenAI, Vertex) says no more than that the name is unknown.
    message:
      /^(?!.*\b(does not exist|not found) or\b)(.*(not|n't) (have|allowed) .{0,60}\bmodel|.*model .{0,80}(access|not allowed|not enabled)|.*data policy)/is,
    failure: unknownModel("access"),
  },
  {
    code: /^(model_not_found|model_not_available|model_decommissioned|invalid_model|ModelNotFound|model_not_supported)$/,
    message:
      /model .{0,120}\b(not found|does ?n[o']t exist|not exist|decommissioned|retired|not loaded)|(unknown|invalid|no such|unsupported) model\b|not a valid model|no models? (is |are )?loaded|model identifier is invalid|try pulling it first|unable to (access|find) model|\bmodel not exist/i,
    failure: unknownModel("unknown"),
  },
  // LM Studio, with status 400: it loads the model again.
  {
    message: /\bmodel (has|was|is) (crashed|unloaded)\b|\bmodel unloaded\b/i,
    failure: failed,
  },
  // A path: Ollama, llama.cpp, vLLM, OpenAI, LM Studio, Express, FastAPI.
  {
    message:
      /^$|page not found|^"?(file )?not found"?\.?$|resource not found|invalid url|unexpected endpoint|cannot (post|get) |no route|unknown (endpoint|route|path|request url)|method not allowed/i,
    status: [404, 405, 410, 421],
    failure: wrongAddress("not found"),
  },
  { status: [404], failure: unknownModel("unknown") },
  { status: [403], failure: keyRefused },
  { status: PROVIDER_STATUS, failure: failed },
  { page: "text", status: [200, 201, 202, 203], failure: wrongAddress("text") },
];

/** The cause of a refusal. */
export function failureOf(said: ServerError, target: RequestTarget): ModelError {
  const { status, message, codes, page } = said;
  const rule = RULES.find(
    (each) =>
      (each.status === undefined || each.status.includes(status)) &&
      (each.page === undefined || each.page === page) &&
      (each.code === undefined && each.message === undefined
        ? true
        : codes.some((code) => each.code?.test(code)) || each.message?.test(message) === true),
  );
  const detail = message || "it gave no reason";
  if (rule) return rule.failure(said, target, detail);
  if (status >= 500) return failed(said, target, detail);
  if (status < 300) return wrongAddress("other JSON")(said, target, detail);
  return new RequestRefused(target.identity, status, target.model, detail);
}
