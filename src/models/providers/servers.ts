import type { Provider } from "../provider.ts";
import { type ServerPreset, serverProvider } from "./server.ts";

/** Vendors and servers by name, with addresses, keys and peculiarities from their documentation of November 2026. */
const SERVERS: readonly ServerPreset[] = [
  {
    id: "anthropic",
    label: "Anthropic",
    detail: (t) => t("Claude, through Anthropic's own API"),
    address: "https://api.anthropic.com",
    key: "required",
    keyVariable: "ANTHROPIC_API_KEY",
    connect: async ({ address, ...rest }) =>
      (await import("../protocols/anthropic.ts")).createAnthropic({ ...rest, baseUrl: address }),
  },
  {
    id: "gemini",
    label: "Google Gemini",
    detail: (t) => t("Gemini, through Google's own API"),
    address: "https://generativelanguage.googleapis.com/v1beta",
    key: "required",
    keyVariable: "GEMINI_API_KEY",
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
  },
  {
    id: "ollama",
    label: "Ollama",
    detail: (t) => t("On this computer, no key"),
    address: "http://127.0.0.1:11434/v1",
    key: "none",
    concurrency: 4,
  },
  {
    id: "lmstudio",
    label: "LM Studio",
    detail: (t) => t("On this computer, no key"),
    address: "http://127.0.0.1:1234/v1",
    key: "none",
    concurrency: 4,
  },
  {
    id: "vllm",
    label: "vLLM",
    detail: (t) => t("Your own server"),
    address: "http://127.0.0.1:8000/v1",
    key: "optional",
    concurrency: 64,
  },
  {
    id: "llamacpp",
    label: "llama.cpp",
    detail: (t) => t("llama-server on this computer"),
    address: "http://127.0.0.1:8080/v1",
    key: "optional",
    concurrency: 4,
  },
  {
    id: "bedrock",
    label: "Amazon Bedrock",
    detail: (t) => t("Its OpenAI-compatible endpoint"),
    address: "https://bedrock-runtime.REGION.amazonaws.com/openai/v1",
    key: "required",
    keyVariable: "AWS_BEARER_TOKEN_BEDROCK",
  },
  {
    id: "vertex",
    label: "Google Vertex AI",
    detail: (t) => t("Its OpenAI-compatible endpoint"),
    address: "https://LOCATION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/LOCATION/endpoints/openapi",
    key: "required",
  },
];

export const servers: readonly Provider[] = SERVERS.map(serverProvider);
