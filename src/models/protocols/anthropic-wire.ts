import type { Anthropic } from "@anthropic-ai/sdk";
import { hasImage, type Image, imagesWithUser, partsOf } from "../../graph/images.ts";
import type { Sent } from "../parameters/parameter-support.ts";
import { countAt, property, textsAmong } from "../property.ts";

/** The API requires a limit: the largest that all of its models accept. */
const MOST_TOKENS = 64_000;
/** Minimum characters of a system message to cache: shorter ones are not accepted. */
const WORTH_CACHING = 2_000;

type Body = Omit<Anthropic.MessageCreateParamsNonStreaming, "model">;

/** A request in Anthropic's format. */
export function messageBody({ messages: sent, params }: Sent): Body {
  const messages = imagesWithUser(sent);
  const { max_tokens, max_completion_tokens, response_format, reasoning_effort, stop, ...rest } = params;
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  const others = messages.filter(({ role }) => role !== "system");
  const text = system.join("\n\n");
  const schema = property(property(response_format, "json_schema"), "schema");
  const config = {
    ...(typeof reasoning_effort === "string" && reasoning_effort !== "none" && { effort: reasoning_effort }),
    ...(schema !== undefined && { format: { type: "json_schema", schema } }),
  };
  const limit = max_tokens ?? max_completion_tokens;
  return {
    ...rest,
    max_tokens: typeof limit === "number" ? limit : MOST_TOKENS,
    messages: others.map(({ role, content }) => ({
      role: role === "assistant" ? role : "user",
      content: hasImage(content) ? partsOf(content).map(blockOf) : content,
    })),
    // The beginning is the same for all samples of a node.
    ...(text !== "" && {
      system: [{ type: "text", text, ...(text.length >= WORTH_CACHING && { cache_control: { type: "ephemeral" } }) }],
    }),
    ...(Object.keys(config).length > 0 && { output_config: config }),
    ...(reasoning_effort === "none" && { thinking: { type: "disabled" } }),
    ...(stop !== undefined && { stop_sequences: Array.isArray(stop) ? stop : [stop] }),
  } as Body;
}

/** A message as a chat completion, so that the same rules read both. */
export function asCompletion(message: unknown): unknown {
  if (property(message, "type") !== "message") return message;
  const usage = property(message, "usage");
  const [read, written] = [countAt(usage, "cache_read_input_tokens"), countAt(usage, "cache_creation_input_tokens")];
  const content = property(message, "content");
  const calls = Array.isArray(content) && content.some((part) => /tool_use$/.test(String(property(part, "type"))));
  return {
    model: property(message, "model"),
    choices: [
      {
        finish_reason: calls ? "tool_calls" : property(message, "stop_reason"),
        withheld: refusalIn(property(message, "stop_details")),
        message: { role: "assistant", content, ...(calls && { tool_calls: [{}] }) },
      },
    ],
    // Their count of input tokens excludes cached ones.
    usage: {
      prompt_tokens: countAt(usage, "input_tokens") + read + written,
      completion_tokens: countAt(usage, "output_tokens"),
      prompt_tokens_details: { cached_tokens: read, cache_write_tokens: written },
    },
  };
}

/** Why the model declined: `cyber: This request …`. */
function refusalIn(details: unknown): string | undefined {
  return textsAmong(property(details, "category"), property(details, "explanation")) || undefined;
}

function blockOf(part: string | Image) {
  if (typeof part === "string") return { type: "text", text: part };
  return { type: "image", source: { type: "base64", media_type: part.type, data: part.data } };
}
