// An extension with chat models, like GitHub Copilot, and with a tool. It passes requests to the server named in the file `test-models-url` in the home folder.
const { appendFileSync, readFileSync } = require("node:fs");
const { homedir } = require("node:os");
const path = require("node:path");
const {
  LanguageModelChatMessageRole,
  LanguageModelError,
  LanguageModelTextPart,
  LanguageModelToolResult,
  lm,
} = require("vscode");

exports.activate = ({ subscriptions }) => {
  const model = (id) => ({
    id,
    name: `Test ${id}`,
    family: id,
    version: "1",
    maxInputTokens: 100_000,
    maxOutputTokens: 10_000,
    capabilities: {},
  });
  subscriptions.push(
    lm.registerLanguageModelChatProvider("test-models", {
      provideLanguageModelChatInformation: () => [model("simulated"), model("second")],
      provideTokenCount: async (_, text) => Math.ceil(textOf(text).length / 5),
      provideLanguageModelChatResponse: answer,
    }),
    // Each call leaves a line in the home folder.
    lm.registerTool("test_weigh", {
      invoke: async ({ input }) => {
        appendFileSync(path.join(homedir(), "test-tool-calls"), `${JSON.stringify(input)}\n`);
        return new LanguageModelToolResult([new LanguageModelTextPart("It weighs 7 kg.")]);
      },
    }),
  );
};

async function answer({ id }, messages, { modelOptions }, progress, token) {
  const stop = new AbortController();
  token.onCancellationRequested(() => stop.abort());
  const body = {
    model: id,
    messages: messages.map((message) => ({
      role: message.role === LanguageModelChatMessageRole.Assistant ? "assistant" : "user",
      content: textOf(message),
    })),
    ...modelOptions,
  };
  const response = await fetch(`${readFileSync(path.join(homedir(), "test-models-url"), "utf8")}/chat/completions`, {
    method: "POST",
    body: JSON.stringify(body),
    signal: stop.signal,
  });
  const reply = await response.json();
  if (response.status === 401) throw LanguageModelError.NoPermissions(reply.error.message);
  if (response.status === 404) throw LanguageModelError.NotFound(reply.error.message);
  if (!response.ok) throw new Error(reply.error.message);
  const text = reply.choices[0].message.content;
  const half = Math.ceil(text.length / 2);
  for (const part of [text.slice(0, half), text.slice(half)]) progress.report(new LanguageModelTextPart(part));
}

function textOf(message) {
  if (typeof message === "string") return message;
  return message.content.map((part) => (part instanceof LanguageModelTextPart ? part.value : "")).join("");
}
