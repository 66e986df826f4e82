import { isMapping, keyOf, listOf, type Mapping, mappingOf, readMapping, textOf } from "./documents.ts";
import { type Draft, type DraftNode, type Importer, ImportRefused } from "./importer.ts";
import { Names } from "./names.ts";

/**
 * DSPy: the state that `program.save("….json")` writes. A predictor is a node whose instruction is that of its signature.
 * The state does not say who reads whom: predictors follow each other, and each reads the fields that it names. Up to
 * version 2.4, it has no fields either: they are those of the standard instruction, or of the demonstrations.
 */
export const dspy: Importer = {
  kind: "dspy",
  recognizes: (name, head) =>
    (/\.json$/i.test(name) &&
      ((/"signature"\s*:\s*\{/.test(head) && /"instructions"\s*:/.test(head)) ||
        /"signature_instructions"\s*:/.test(head))) ||
    isPickled(name),
  async read([file = ""], source) {
    const { t } = source;
    if (isPickled(file)) {
      const message = t("A pickled DSPy program contains code, which is not run here.");
      throw new ImportRefused(`${message} ${t("Save its texts with {0}.", 'program.save("program.json")')}`);
    }
    const state = await readMapping(file, source);
    const found = predictors(state, []);
    if (found.length === 0) throw new ImportRefused(t("{0} has no predictor with instructions.", file));
    const names = new Names();
    const inputs: Record<string, string> = {};
    const nodes: Record<string, DraftNode> = {};
    const notes: string[] = [];
    /** Field → the predictor that produces it. */
    const makers = new Map<string, string>();
    const signatures = found.map(({ predictor }) => signatureOf(predictor));
    const known = new Set(signatures.flatMap(({ fields, instructions }) => outputsAmong(fields, instructions) ?? []));
    for (const [index, { steps, predictor }] of found.entries()) {
      const { fields = [], instructions = "", key = [] } = signatures[index] ?? {};
      const id = names.take(steps.join("_").replace(/_?predict(?:or)?$/, "") || "answer");
      const isReact = fields.includes("next_tool_name");
      const made = outputsAmong(fields, instructions) ?? outputsByOthers(fields, known);
      const output = made.at(-1) ?? null;
      const read = fields.filter((name) => !made.includes(name) && !(isReact && name === TRAJECTORY));
      for (const name of read) {
        if (makers.has(name)) continue;
        const input = names.take(name);
        makers.set(name, input);
        inputs[input] = "";
      }
      nodes[id] = {
        role:
          output === null
            ? id
            : `gives ${isReact ? TRAJECTORY : made.filter((name) => !THOUGHTS.has(name)).join(", ")}`,
        inputs: [...new Set(read.flatMap((name) => makers.get(name) ?? []))],
        instruction: { file, key: keyOf(...steps, ...key) },
      };
      if (read.length === 0) {
        notes.push(t('The saved state does not name the inputs of "{0}". Add them to "inputs" of the node.', id));
      }
      if (key.length === 1 && predictor.extended_signature_instructions !== undefined) {
        notes.push(t('The text of "{0}" is its signature with the rationale, which DSPy sends.', id));
      }
      for (const name of isReact ? [TRAJECTORY] : made) makers.set(name, id);
      if (isReact) notes.push(t('"{0}" is asked once: the loop of ReAct and its tools do not run here.', id));
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

/** Fields that a chain of thought adds before the outputs. */
const THOUGHTS: ReadonlySet<string> = new Set(["reasoning", "rationale"]);
/** The field that ReAct fills in its loop, and another predictor reads. */
const TRAJECTORY = "trajectory";
const REACT: ReadonlySet<string> = new Set(["next_thought", "next_tool_name", "next_tool_args"]);

/**
 * The outputs of a signature. Its state has the fields in order and does not say which are outputs: those that the
 * standard instruction names, those of ReAct, or those from the reasoning on; null if neither is there.
 */
function outputsAmong(fields: readonly string[], instructions: string): string[] | null {
  if (fields.some((name) => REACT.has(name))) return fields.filter((name) => REACT.has(name));
  const thought = fields.findIndex((name) => THOUGHTS.has(name));
  if (thought >= 0) return fields.slice(thought);
  const [, named = ""] = /^Given the fields? .*?, produce the fields? (.*)\.\s*$/.exec(instructions) ?? [];
  const said = [...named.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name).filter((name) => fields.includes(name));
  return said.length > 0 ? said : null;
}

/** The fields from the end that are outputs of other predictors; the last one if there are none. */
function outputsByOthers(fields: readonly string[], known: ReadonlySet<string>): readonly string[] {
  const start = fields.findLastIndex((name) => !known.has(name)) + 1;
  return fields.slice(start > 0 && start < fields.length ? start : -1);
}

interface Signature {
  readonly fields: readonly string[];
  readonly instructions: string;
  /** Keys that lead from the predictor to the instructions. */
  readonly key: readonly string[];
}

function signatureOf(predictor: Mapping): Signature {
  if (!isMapping(predictor.signature)) return oldSignature(predictor);
  const { fields, instructions } = predictor.signature;
  return {
    fields: listOf(fields).map((field) => fieldOf(mappingOf(field))),
    instructions: textOf(instructions) ?? "",
    key: ["signature", "instructions"],
  };
}

/** The signature as versions up to 2.4 save it: its instructions, and the prefix of its last field. */
function oldSignature(predictor: Mapping): Signature {
  const key = ["extended_signature_instructions", "signature_instructions"].find(
    (one) => textOf(predictor[one]) !== null,
  );
  const instructions = textOf(predictor[key ?? ""]) ?? "";
  const last = fieldOf({ prefix: predictor[(key ?? "").replace("instructions", "prefix")] });
  const [, read = "", made = ""] =
    /^Given the fields? (.*?), produce the fields? (.*)\.\s*$/.exec(textOf(predictor.signature_instructions) ?? "") ??
    [];
  const named = [...`${read},${made}`.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
  const [demo] = listOf(predictor.demos).map(mappingOf);
  const shown = Object.keys(demo ?? {}).filter((name) => !["augmented", "dspy_uuid", "dspy_split"].includes(name));
  const known = named.length > 0 ? named : shown;
  const fields = known.includes(last) ? [...known.filter((name) => name !== last), last] : [...known, last];
  return { fields, instructions, key: key === undefined ? [] : [key] };
}

/** Whether a file is a pickled program, also in the folder of `save(…, save_program=True)`. */
function isPickled(name: string): boolean {
  return /\.pkl$/i.test(name);
}

interface Predictor {
  readonly steps: readonly string[];
  readonly predictor: Mapping;
}

function predictors(value: Mapping, steps: readonly string[]): Predictor[] {
  const isOne = isMapping(value.signature) && textOf(value.signature.instructions) !== null;
  if (isOne || textOf(value.signature_instructions) !== null) return [{ steps, predictor: value }];
  if (steps.length > 4) return [];
  return Object.entries(value).flatMap(([key, inner]) => (isMapping(inner) ? predictors(inner, [...steps, key]) : []));
}

/** A field's description holds its name, `${question}`; else its prefix does. */
function fieldOf({ description, desc, prefix }: Mapping): string {
  const [, name] = /^\$\{(\w+)\}$/.exec(textOf(description) ?? textOf(desc) ?? "") ?? [];
  return name ?? (textOf(prefix) ?? "field").replace(/:\s*$/, "").trim().toLowerCase().replaceAll(/\s+/g, "_");
}
