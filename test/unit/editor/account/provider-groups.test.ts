import { expect, it } from "vitest";
import { groupsOf } from "../../../../src/editor/account/provider-groups.ts";
import { PROVIDERS } from "../../../../src/models/providers.ts";

it("puts providers under headings: what is ready first, then cloud, this computer, any server, none", () => {
  const anthropic = PROVIDERS.filter(({ id }) => id === "anthropic");
  const groups = groupsOf(PROVIDERS, new Set(anthropic)).map(([group, members]) => [
    group,
    members.map(({ id }) => id),
  ]);
  expect(groups).toEqual([
    ["ready", ["anthropic"]],
    ["cloud", ["openai", "azure", "gemini", "openrouter", "bedrock", "vertex"]],
    ["local", ["ollama", "lmstudio", "vllm", "llamacpp"]],
    ["other", ["compatible"]],
    ["none", ["simulated"]],
  ]);
  expect(groupsOf(PROVIDERS, new Set())[0]?.[0]).toBe("cloud");
});
