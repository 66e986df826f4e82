import {
  CancellationTokenSource,
  type LanguageModelChat,
  LanguageModelChatMessage,
  LanguageModelError,
  l10n,
  lm,
} from "vscode";
import type { Clock } from "../../deps.ts";
import { createHostModel, type HostChat, HostFailure } from "../../models/host-models.ts";
import type { Message, Model } from "../../models/model.ts";

/** Who lends these models, in runs and replies: never an address. */
export const VSCODE = "vscode";

/** Names (`vendor/id`) of the models that VS Code has, e.g. those of GitHub Copilot. */
export async function listVscodeModels(): Promise<{ readonly name: string; readonly title: string }[]> {
  const chats = await lm.selectChatModels();
  return chats.map((chat) => ({ name: nameOf(chat), title: chat.name }));
}

/** The models that VS Code has, as a provider. The first request of all makes VS Code ask the user for consent. */
export function createVscodeModel(clock: Clock): Model {
  return createHostModel({ identity: VSCODE, clock, chats: async () => (await lm.selectChatModels()).map(hosted) });
}

function nameOf({ vendor, id }: LanguageModelChat): string {
  return `${vendor}/${id}`;
}

function hosted(chat: LanguageModelChat): HostChat {
  return {
    name: nameOf(chat),
    id: chat.id,
    family: chat.family,
    async *ask(messages, params, signal) {
      const source = new CancellationTokenSource();
      const cancel = () => source.cancel();
      signal.addEventListener("abort", cancel, { once: true });
      try {
        const justification = l10n.t("AgentGraph runs your graph and tunes its instructions with this model.");
        const options = { justification, modelOptions: { ...params } };
        yield* (await chat.sendRequest(messages.map(chatMessage), options, source.token)).text;
      } catch (error) {
        throw failureOf(error);
      } finally {
        signal.removeEventListener("abort", cancel);
        source.dispose();
      }
    },
    countTokens: (text) => chat.countTokens(text),
  };
}

function chatMessage({ role, content }: Message): LanguageModelChatMessage {
  return role === "assistant" ? LanguageModelChatMessage.Assistant(content) : LanguageModelChatMessage.User(content);
}

/** Vendors put the reason into the code, the error's name or its cause: all of it is kept, on one line. */
function failureOf(error: unknown): HostFailure {
  const code = error instanceof LanguageModelError ? error.code : "";
  const said: string[] = [];
  for (let cause = error; cause instanceof Error && said.length < 5; cause = cause.cause) {
    if (!/^(Language ?Model)?Error$/i.test(cause.name) && cause.name !== code) said.push(cause.name);
    if (cause.message && !said.includes(cause.message)) said.push(cause.message);
  }
  const detail = said.length > 0 ? said.join(": ") : String(error);
  return new HostFailure(code, detail.replaceAll(/\s+/g, " ").slice(0, 500));
}
