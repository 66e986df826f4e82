import { CancellationError, LanguageModelTextPart, l10n, lm } from "vscode";
import { ToolMissing, type Tools, ToolUnreachable } from "../deps.ts";
import { resultText } from "../platform/tools/result-text.ts";
import { Cancelled } from "./errors.ts";

/**
 * The tools of this VS Code: of extensions, and of MCP servers that the user has added. Servers, consent and trust are VS
 * Code's.
 */
export function editorTools(): Tools {
  return {
    async identify(name) {
      return `vscode ${found(name)}`;
    },
    async call(name, input) {
      const tool = found(name);
      try {
        const { content } = await lm.invokeTool(tool, { input: { ...input }, toolInvocationToken: undefined });
        return resultText(
          content.map((part) => (part instanceof LanguageModelTextPart ? part.value : "[other content]")),
        );
      } catch (error) {
        if (error instanceof CancellationError) throw new Cancelled();
        // VS Code does not report whether the input is at fault, so the sample is not scored.
        throw new ToolUnreachable(name, error instanceof Error ? error.message : String(error));
      }
    },
  };
}

function found(name: string): string {
  if (lm.tools.some((tool) => tool.name === name)) return name;
  const known = lm.tools.map((tool) => tool.name);
  throw new ToolMissing(name, known, l10n.t("Add its MCP server with “MCP: Add Server”, or install its extension."));
}
