import { type JsonDocument, rangeOf, stringsIn } from "../syntax/document.ts";
import type { Outline } from "../syntax/outline.ts";
import { findPlaceholders } from "../text/templating.ts";
import { didYouMean } from "./did-you-mean.ts";

/** Checks that placeholders in tool arguments are inputs of their node: others would be sent unchanged. */
export function checkToolArguments(document: JsonDocument, { nodes }: Outline): void {
  for (const { id, kind, inputs, variables, looseNames } of nodes) {
    const parts = kind === "tool" ? document.at(["nodes", id, "arguments"]) : undefined;
    const names = new Set([...inputs.map(({ name }) => name), ...Object.keys(variables)]);
    for (const part of parts ? stringsIn(parts) : []) {
      for (const { name } of findPlaceholders(String(part.value), { looseNames })) {
        if (names.has(name) || document.isFull) continue;
        const meant = didYouMean(name, names);
        const { t } = document;
        const remedy = meant ? t('Did you mean "{0}"?', meant) : t('Add "{0}" to its inputs, or remove it.', name);
        const message = t(
          '"{0}" in the arguments of "{1}" is not an input of this node, so it is sent as it is.',
          name,
          id,
        );
        document.add("unknown-placeholder", rangeOf(part), message, remedy);
      }
    }
  }
}
