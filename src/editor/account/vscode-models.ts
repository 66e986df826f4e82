import {
  CancellationTokenSource,
  type LanguageModelChat,
  LanguageModelChatMessage,
  LanguageModelError,
  l10n,
  lm,
} from "vscode";
import type { Message } from "../../models/model.ts";
import { createHostModel, type HostChat, HostFailure } from "../../models/protocols/host-models.ts";
import type { Provider } from "../../models/provider.ts";
import { NotFound } from "../errors.ts";

/** Milliseconds that a list of providers waits for VS Code's models. */
const AT_ONCE = 500;

/** The models available in VS Code, for example from GitHub Copilot. VS Code asks for consent at the first request. */
export const vscodeModels: Provider = {
  id: "vscode",
  label: (t) => t("Models available in VS Code"),
  detail: (t) => t("For example, from GitHub Copilot"),
  fields: { address: null, key: "none" },
  names: "own",
  // Shared with the user's own chats.
  concurrency: 4,
  connect: async ({ clock, timeout }) =>
    createHostModel({
      identity: "vscode",
      clock,
      timeout,
      chats: async () => (await lm.selectChatModels()).map(hosted),
    }),
  async listModels() {
    const chats = await lm.selectChatModels();
    if (chats.length === 0) {
      throw new NotFound(
        l10n.t(
          "VS Code has no models available. Install an extension that provides models, such as GitHub Copilot Chat, and sign in.",
        ),
      );
    }
    return chats.map((chat) => ({ name: nameOf(chat), title: chat.name }));
  },
};

/** Whether VS Code has models; false if it doesn't say so at once, because an extension that has some may still start. */
export async function hasModels(): Promise<boolean> {
  const late = new Promise<boolean>((resolve) => setTimeout(resolve, AT_ONCE, false));
  const found = Promise.resolve(lm.selectChatModels()).then((chats) => chats.length > 0);
  return Promise.race([found.catch(() => false), late]);
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

/** Vendors give the reason in the code, the error's name or its cause, so all of them are included. */
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
