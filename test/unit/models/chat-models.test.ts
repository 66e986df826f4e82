import { expect, it } from "vitest";
import { isForChat } from "../../../src/models/chat-models.ts";

it("tells models that answer chats from the others that a server lists", () => {
  const chat = ["gpt-4.1-mini", "llama3.2:3b", "qwen2.5-coder", "mistral-large-latest", "o4-mini", "copilot/gpt-4o"];
  const others = [
    "text-embedding-3-small",
    "nomic-embed-text:latest",
    "BAAI/bge-m3",
    "mxbai-embed-large",
    "jina-reranker-v2",
    "whisper-1",
    "tts-1-hd",
    "dall-e-3",
    "omni-moderation-latest",
    "gpt-4o-transcribe",
    "gpt-4o-realtime-preview",
    "gpt-image-1",
    "davinci-002",
  ];
  expect(chat.filter((name) => !isForChat({ name }))).toEqual([]);
  expect(others.filter((name) => isForChat({ name }))).toEqual([]);
});
