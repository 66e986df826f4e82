import { describe, expect, it } from "vitest";
import { wordsOfCutPrompt } from "../../../src/models/prompt-cut.ts";

const usage = (prompt: number, estimated = false) => ({ prompt, completion: 5, estimated });
const prompt = (text: string, times: number) => [
  { role: "system" as const, content: "Answer in one word." },
  { role: "user" as const, content: text.repeat(times) },
];
const ENGLISH = "The quick brown fox jumps over the lazy dog. ";
const GERMAN = "Die Geschwindigkeitsbegrenzung gilt außerhalb geschlossener Ortschaften. ";
const CHINESE = "请根据以下材料回答问题并说明理由。";

describe("a prompt that the server cut", () => {
  it.each([
    // Of 9 words and about 10 tokens a sentence, Ollama's default context of 4,096 tokens leaves 2,051.
    ["English", ENGLISH, 500, 2051],
    ["German", GERMAN, 500, 2051],
    ["Chinese", CHINESE, 900, 2051],
  ])("is seen by its count of tokens: %s", (_, text, times, tokens) => {
    expect(wordsOfCutPrompt(prompt(text, times), usage(tokens))).toBeGreaterThan(tokens);
  });

  it.each([
    ["all tokens are counted", prompt(ENGLISH, 500), usage(5_010)],
    ["all of another language", prompt(CHINESE, 900), usage(9_000)],
    ["tokens are estimated", prompt(ENGLISH, 500), usage(100, true)],
    // A server that leaves out what it has in its cache.
    ["it is short", prompt(ENGLISH, 100), usage(12)],
    ["it is one long word", prompt("data:image/png;base64,", 4_000), usage(2_051)],
    ["it is drawn", prompt("|----|====|    ", 4_000), usage(2_051)],
    ["none is counted", prompt(ENGLISH, 500), usage(0)],
  ])("is none where %s", (_, messages, counted) => {
    expect(wordsOfCutPrompt(messages, counted)).toBeNull();
  });
});
