import type { Provider } from "../provider.ts";
import { type ServerPreset, serverProvider } from "./server.ts";

/** Vendors and servers by name. Addresses, keys and peculiarities as their documentation has them in November 2026. */
const SERVERS: readonly ServerPreset[] = [
  {
    id: "anthropic",
    label: "Anthropic",
    detail: (t) => t("Claude, by its own protocol"),
    address: "https://api.anthropic.com",
    key: "required",
    keyVariable: "ANTHROPIC_API_KEY",
    note: "Long system messages are marked for the prompt cache, because this API caches nothing by itself.",
    connect: async ({ address, ...rest }) =>
      (await import("../protocols/anthropic.ts")).createAnthropic({ ...rest, baseUrl: address }),
  },
  {
    id: "gemini",
    label: "Google Gemini",
    detail: (t) => t("Gemini, by its own protocol"),
    address: "https://generativelanguage.googleapis.com/v1beta",
    key: "required",
    keyVariable: "GEMINI_API_KEY",
    note: "A blocked prompt comes with status 200 and no candidate; its sample isn't scored.",
    connect: async ({ address, ...rest }) =>
      (await import("../protocols/gemini.ts")).createGemini({ ...rest, baseUrl: address }),
  },
  {
    id: "openrouter",
    label: "OpenRouter",
    detail: (t) => t("Models of many vendors, one key"),
    address: "https://openrouter.ai/api/v1",
    key: "required",
    keyVariable: "OPENROUTER_API_KEY",
    note: "The vendor behind a model can change between requests, and some ignore parameters without saying so.",
  },
  {
    id: "ollama",
    label: "Ollama",
    detail: (t) => t("On this computer, no key"),
    address: "http://127.0.0.1:11434/v1",
    key: "none",
    concurrency: 4,
    note: "A prompt beyond the context (OLLAMA_CONTEXT_LENGTH) is cut without an error.",
  },
  {
    id: "lmstudio",
    label: "LM Studio",
    detail: (t) => t("On this computer, no key"),
    address: "http://127.0.0.1:1234/v1",
    key: "none",
    concurrency: 4,
    note: "It knows JSON by schema only, and answers unknown paths with status 200.",
  },
  {
    id: "vllm",
    label: "vLLM",
    detail: (t) => t("Your own server"),
    address: "http://127.0.0.1:8000/v1",
    key: "optional",
    concurrency: 64,
    note: "It batches by itself, so many requests at once are faster. Guided decoding can fail with status 500.",
  },
  {
    id: "llamacpp",
    label: "llama.cpp",
    detail: (t) => t("llama-server on this computer"),
    address: "http://127.0.0.1:8080/v1",
    key: "optional",
    concurrency: 4,
    note: "It serves one model whatever the request names, in as many slots as --parallel says.",
  },
  {
    id: "bedrock",
    label: "Amazon Bedrock",
    detail: (t) => t("Its OpenAI-compatible endpoint"),
    address: "https://bedrock-runtime.REGION.amazonaws.com/openai/v1",
    key: "required",
    keyVariable: "AWS_BEARER_TOKEN_BEDROCK",
    note: "Short-term keys end after 12 hours. It lists no models here.",
  },
  {
    id: "vertex",
    label: "Google Vertex AI",
    detail: (t) => t("Its OpenAI-compatible endpoint"),
    address: "https://LOCATION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/LOCATION/endpoints/openapi",
    key: "required",
    note: "The key is an access token (gcloud auth print-access-token), which ends after an hour: resume the run with a new one.",
  },
];

export const servers: readonly Provider[] = SERVERS.map(serverProvider);
