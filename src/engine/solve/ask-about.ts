import { escapeTags, fill } from "../forward/prompt.ts";
import caseTemplate from "../prompts/solve-case.md";
import { askTagged } from "../propose/tagged.ts";
import type { Solution } from "../solution-schema.ts";
import type { Problem } from "./solver.ts";

/** A question about the last attempt, and the tag of the reply. */
interface Asked {
  readonly system: string;
  readonly tag: string;
  /** Earlier attempts, if they should be shown. Default: none. */
  readonly earlier?: string;
}

/**
 * Asks the optimizer's model about the last attempt at a row.
 * @returns null if there is no attempt yet
 * @throws ReplyUnreadable if the reply has nothing between the tags, and what ends a run
 */
export async function askAbout(
  { graph, sample, models, ask, instruction }: Problem,
  attempts: readonly Solution[],
  { system, tag, earlier = "" }: Asked,
): Promise<string | null> {
  const last = attempts.at(-1);
  if (!last) return null;
  const output = graph.nodes.find(({ id }) => id === graph.output);
  const user = fill(caseTemplate, {
    // An attempt must keep the form that the node asks for.
    task: [graph.description, output?.text ?? ""].filter(Boolean).map(escapeTags).join("\n\n"),
    query: graph.inputs.map(({ name }) => escapeTags(`${name}: ${sample.inputs[name] ?? ""}`)).join("\n"),
    instruction: escapeTags(instruction),
    answer: escapeTags(last.reply),
    feedback: escapeTags(last.criticism),
    earlier,
  });
  const question = {
    purpose: "optimizer",
    node: graph.output,
    sample: sample.id,
    split: null,
    choice: models.optimizer,
    messages: [
      { role: "system", content: system },
      { role: "user", content: user },
    ],
    index: attempts.length,
  } as const;
  return askTagged(ask, question, { tags: [tag], read: (parts) => written(parts[tag] ?? "") });
}

/** Some models repeat the form of the request, `<tag>…</tag>`, instead of filling it. */
function written(text: string): string | null {
  return /^[.…\s]*$/.test(text) ? null : text.trim();
}
