import { isMapping, keyOf, listOf, type Mapping, mappingOf, readMapping, textOf } from "./documents.ts";
import { type Draft, type DraftNode, type Importer, ImportRefused } from "./importer.ts";
import { Names } from "./names.ts";

/**
 * DSPy: the state that `program.save("….json")` writes. A predictor is a node whose instruction is that of its signature.
 * The state does not say who reads whom: predictors follow each other, and each reads the fields that it names.
 */
export const dspy: Importer = {
  kind: "dspy",
  recognizes: (name, head) =>
    /\.json$/i.test(name) && /"signature"\s*:\s*\{/.test(head) && /"instructions"\s*:/.test(head),
  async read([file = ""], source) {
    const { t } = source;
    const state = await readMapping(file, source);
    const found = predictors(state, []);
    if (found.length === 0) throw new ImportRefused(t("{0} has no predictor with instructions.", file));
    const names = new Names();
    const inputs: Record<string, string> = {};
    const nodes: Record<string, DraftNode> = {};
    const notes: string[] = [];
    /** Field → who makes it. */
    const makers = new Map<string, string>();
    for (const { steps, predictor } of found) {
      const fields = listOf(mappingOf(predictor.signature).fields).map((field) => fieldOf(mappingOf(field)));
      const id = names.take(steps.join("_").replace(/_?predict(?:or)?$/, "") || "answer");
      const output = fields.at(-1) ?? null;
      const read = fields.slice(0, -1).filter((name) => name !== "reasoning" && name !== "rationale");
      for (const name of read) {
        if (makers.has(name)) continue;
        const input = names.take(name);
        makers.set(name, input);
        inputs[input] = "";
      }
      nodes[id] = {
        role: output === null ? id : `gives ${output}`,
        inputs: [...new Set(read.flatMap((name) => makers.get(name) ?? []))],
        instruction: { file, key: keyOf(...steps, "signature", "instructions") },
      };
      if (output !== null) makers.set(output, id);
      const demos = listOf(predictor.demos).length;
      if (demos > 0)
        notes.push(
          t('Demonstrations of "{0}" are not used here ({1}). They stay in the file.', steps.join("."), demos),
        );
    }
    notes.push(t("DSPy adds the fields of each signature around the instruction. Here, inputs follow it in blocks."));
    if (found.length > 1)
      notes.push(t("The saved state does not say which predictor reads which. Check the inputs of each node."));
    const draft: Draft = {
      name: "DSPy program",
      inputs,
      nodes,
      output: Object.keys(nodes).at(-1) ?? "",
      files: [file],
      notes,
    };
    return draft;
  },
};

interface Predictor {
  readonly steps: readonly string[];
  readonly predictor: Mapping;
}

function predictors(value: Mapping, steps: readonly string[]): Predictor[] {
  if (isMapping(value.signature) && textOf(value.signature.instructions) !== null) return [{ steps, predictor: value }];
  if (steps.length > 4) return [];
  return Object.entries(value).flatMap(([key, inner]) => (isMapping(inner) ? predictors(inner, [...steps, key]) : []));
}

/** A field's description holds its name, `${question}`; else its prefix does. */
function fieldOf({ description, desc, prefix }: Mapping): string {
  const [, name] = /^\$\{(\w+)\}$/.exec(textOf(description) ?? textOf(desc) ?? "") ?? [];
  return name ?? (textOf(prefix) ?? "field").replace(/:\s*$/, "").trim().toLowerCase().replaceAll(/\s+/g, "_");
}
