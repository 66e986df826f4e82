import { parse as parseYaml } from "yaml";
import { frontMatterOf } from "../graph/text/front-matter.ts";
import { promptText } from "../graph/text/text.ts";
import { isMapping, listOf, type Mapping, mappingOf, parsePlain, textOf } from "./documents.ts";
import { type Draft, type DraftNode, type Importer, ImportRefused, type ImportSource } from "./importer.ts";
import { framed, readJinja, withoutHistory } from "./jinja-prompt.ts";
import { Names } from "./names.ts";

/** `.prompty`: one node whose instruction is the text after the front matter. */
export const prompty: Importer = {
  kind: "prompty",
  recognizes: (name) => /\.prompty$/i.test(name),
  async read([file = ""], source) {
    const { t } = source;
    const content = await source.text(file);
    if (content === null) throw new ImportRefused(t("{0} can't be read.", file));
    const notes: string[] = [];
    const head = headOf(content);
    const history = withoutHistory(content, file);
    if (history)
      notes.push(t("The loop {0} of {1} is left out: the prompt runs without what it adds.", history.loop, file));
    const { names: named, note } = readJinja(history?.text ?? promptText(content), file, t);
    if (note !== null) notes.push(note);
    const found = [...new Set([...named, ...(history?.framed ?? [])])];
    const names = new Names();
    const answer = names.take("answer");
    const described = mappingOf(head.inputs);
    const inputs: Record<string, string> = {};
    const node: DraftNode = {
      role: textOf(head.description) ?? "gives the answer",
      inputs: [],
      instruction: { file },
      templating: "jinja",
    };
    for (const name of found) {
      const input = names.take(name);
      inputs[input] = textOf(mappingOf(described[name]).description) ?? "";
      if (input !== name) node.variables = { ...node.variables, [name]: input };
      node.inputs = [...(node.inputs ?? []), input];
    }
    if (history) {
      node.instruction = history.reference;
      node.frame = framed(history.frame, node.variables);
    }
    const model = modelOf(head);
    if (model !== null) node.model = model;
    const rest = Object.keys(head).filter((key) => !READ.has(key));
    if (rest.length > 0) notes.push(t("These settings are not used here: {0}.", rest.join(", ")));
    const sample = sampleOf(await withSampleFile(head, source), found);
    const draft: Draft = {
      name: textOf(head.name) ?? file,
      inputs,
      nodes: { [answer]: node },
      output: answer,
      files: [file],
      notes,
    };
    return sample ? { ...draft, data: { rows: [sample] } } : draft;
  },
};

const READ = new Set("name description authors version tags model inputs sample outputs template metadata".split(" "));

function headOf(content: string): Mapping {
  const { end, keys } = frontMatterOf(content);
  if (keys.length === 0) return {};
  const inside = content
    .slice(0, end)
    .replace(/^\uFEFF?---[ \t]*\r?\n/, "")
    .replace(/\r?\n?(?:---|\.\.\.)[ \t]*\r?\n?$/, "");
  try {
    return mappingOf(parseYaml(inside, { logLevel: "silent", maxAliasCount: 100 }));
  } catch {
    return {};
  }
}

function modelOf(head: Mapping): DraftNode["model"] | null {
  const model = mappingOf(head.model);
  const configuration = mappingOf(model.configuration);
  const name =
    textOf(configuration.azure_deployment) ??
    textOf(configuration.model) ??
    textOf(configuration.name) ??
    textOf(model.id);
  if (name === null || /^\$\{/.test(name)) return null;
  const { temperature } = { ...mappingOf(model.parameters), ...mappingOf(model.options) };
  return typeof temperature === "number" && temperature >= 0 && temperature <= 2 ? { model: name, temperature } : name;
}

/** The front matter with the content of the file that it names as its sample: `sample.json` or `${file:sample.json}`. */
async function withSampleFile(head: Mapping, source: ImportSource): Promise<Mapping> {
  const named = /^(?:\$\{file:([^}]+)\}|(.+\.json))$/.exec(textOf(head.sample)?.trim() ?? "");
  const file = named?.[1] ?? named?.[2];
  const text = file === undefined ? null : await source.text(file.trim().replace(/^\.\//, ""));
  if (file === undefined || text === null) return head;
  try {
    const value = parsePlain(text, file);
    return { ...head, sample: isMapping(value) ? value : listOf(value)[0] };
  } catch (error) {
    if (error instanceof ImportRefused) return head;
    throw error;
  }
}

/** Values of the front matter's sample, if it is complete. */
function sampleOf(head: Mapping, names: readonly string[]): Mapping | null {
  const described = mappingOf(head.inputs);
  const given = isMapping(head.sample) ? head.sample : {};
  const values = names.map((name) => [name, given[name] ?? mappingOf(described[name]).sample] as const);
  return values.length > 0 && values.every(([, value]) => value !== undefined) ? Object.fromEntries(values) : null;
}
