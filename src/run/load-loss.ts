import type { Files } from "../deps.ts";
import { checkScriptNames } from "../graph/checks/code-checks.ts";
import { referencedCode, referencedText, warnOfFileName } from "../graph/node-texts.ts";
import { programExtension } from "../graph/program-file.ts";
import type { GraphReading } from "../graph/reading.ts";
import type { LossSpec } from "../graph/schema/schema.ts";
import type { JsonPath } from "../graph/syntax/document.ts";
import { schemaFault } from "../loss/json.ts";

/** The result contains everything the loss needs, so a run keeps it even if files change. */
export async function lossOf(
  spec: LossSpec,
  path: JsonPath,
  reading: GraphReading,
  files: Files,
): Promise<LossSpec | null> {
  const { document } = reading;
  const fault = spec.kind === "json" && spec.schema ? schemaFault(spec.schema, document.locale) : null;
  if (fault !== null) {
    document.addAt(
      "wrong-value",
      [...path, "schema"],
      document.t("The schema can't be used: {0}.", fault),
      document.t("Correct the schema."),
    );
    return null;
  }
  if (spec.kind === "script") return scriptOf(spec, path, reading, files);
  if (spec.kind === "tests") return testsOf(spec, path, reading, files);
  if (spec.kind !== "judge") return spec;
  const rubric = await rubricOf(spec.rubric, path, reading, files);
  if (rubric === null) return null;
  if (rubric.trim() === "") {
    document.addAt(
      "wrong-value",
      [...path, "rubric"],
      document.t("The rubric is empty."),
      document.t("Describe a good answer."),
    );
    return null;
  }
  return { ...spec, rubric };
}

type Spec<K extends LossSpec["kind"]> = LossSpec & { kind: K };

/** The script with its code. null, with a fault, if there is none. */
async function scriptOf(
  spec: Spec<"script">,
  path: JsonPath,
  { document, root, outline, graph }: GraphReading,
  files: Files,
): Promise<LossSpec | null> {
  const { file, code } = spec;
  if ((file === undefined) === (code === undefined)) {
    const message = document.t('The loss "script" needs either "file" or "code".');
    document.addAt("wrong-value", path, message, document.t("Use exactly one of the two."));
    return null;
  }
  const found =
    file === undefined
      ? { text: [code ?? ""].flat().join("\n") }
      : await referencedCode(document, path, file, root, files);
  if (!found) return null;
  if (file === undefined || programExtension(file) === null) {
    const at = [...path, file === undefined ? "code" : "file"];
    const values = [...new Set([...outline.nodes, ...(graph?.nodes ?? [])].map(({ id }) => id))];
    const known = { inputs: outline.inputs.map(({ name }) => name), values };
    checkScriptNames(document, { text: found.text, file: file ?? null, path: at }, known);
  }
  return file === undefined ? spec : { ...spec, code: found.text };
}

/** The tests with their code. null, with a fault, if a file can't be read. */
async function testsOf(
  spec: Spec<"tests">,
  path: JsonPath,
  { document, root }: GraphReading,
  files: Files,
): Promise<LossSpec | null> {
  const read = async (key: "visible" | "hidden") => {
    const tests = spec[key];
    if (typeof tests !== "string") return tests;
    const found = await referencedCode(document, [...path, key], tests, root, files, []);
    return found && { file: tests, text: found.text };
  };
  const [visible, hidden] = await Promise.all([read("visible"), read("hidden")]);
  if (!visible || hidden === null) return null;
  return { ...spec, visible, ...(hidden && { hidden }) };
}

/** null, with a fault, if its file can't be read. */
async function rubricOf(
  rubric: (LossSpec & { kind: "judge" })["rubric"],
  loss: JsonPath,
  { document, root }: GraphReading,
  files: Files,
): Promise<string | null> {
  const path = [...loss, "rubric"];
  if (typeof rubric === "string") await warnOfFileName(document, path, rubric, root, files);
  if (typeof rubric === "string") return rubric;
  if (Array.isArray(rubric)) return rubric.join("\n");
  const found = await referencedText(document, path, rubric.file, root, files);
  return found?.text ?? null;
}
