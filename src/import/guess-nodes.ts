import { basename } from "node:path";
import { foreignMarks, GraphNames } from "../graph/checks/foreign-templates.ts";
import { placedText } from "../graph/places/place.ts";
import { isPlaced } from "../graph/places/placed-text.ts";
import { findPlaceholders, placeholderOf, render, type Templating, type TextSyntax } from "../graph/text/templating.ts";
import { CODE_FILE, promptsInCode } from "./code-prompts.ts";
import { isMapping, parsePlain } from "./documents.ts";
import type { DraftNode, TextReference } from "./importer.ts";
import { Names, validName } from "./names.ts";
import { topologicalOrder } from "./order.ts";

/** A text for a graph. */
export interface FoundPrompt {
  readonly name: string;
  readonly reference: TextReference;
  readonly text: string;
  /** Messages around it that are sent as they are, with `null` in its place. */
  readonly around?: readonly { readonly role: string; readonly text: string | null }[];
}

/** Names of files that can contain prompts. */
export const PROMPT_FILE = /\.(?:md|mdc|txt|prompt|prompty|jinja2?|j2|tmpl|ya?ml|json|toml)$/i;
/** Files about the folder itself. */
const ABOUT =
  /^(?:readme|changelog|license|licence|contributing|code_of_conduct|security|notice|package(?:-lock)?|tsconfig|requirements)\b/i;
/** Files that package managers and other tools write or read. */
const LOCKED =
  /(?:[-.]lock(?:file)?\.(?:ya?ml|json)|^(?:docker-)?compose[\w.-]*\.ya?ml|^(?:mkdocs|openapi|swagger|renovate|codecov|dependabot|environment|pyproject|cargo|biome|tsconfig|composer|vercel|netlify)\b.*\.(?:ya?ml|json|toml)|\.config\.[cm]?[jt]s)$/i;
/** Names of texts that are guidelines for steps, not steps. */
const SHARED =
  /(?:^|[_-])(?:style|tone|voice|persona|rules?|guidelines?|glossary|examples?|shots|format|policy|policies|background|context)(?:$|[_-])/i;

export function isPromptFile(name: string): boolean {
  if (name.endsWith(".agentgraph.json") || ABOUT.test(name) || LOCKED.test(name)) return false;
  return PROMPT_FILE.test(name) || CODE_FILE.test(name);
}

/**
 * The texts of a file: the whole file, each text under a key of YAML, JSON or TOML, or strings of source code.
 * @param unmarked called with the name of each string that no mark finds
 */
export function promptsIn(file: string, content: string, unmarked: (name: string) => void): FoundPrompt[] {
  const name = basename(file).replace(/(?:\.(?:prompt|instructions|agent|chatmode))?\.[^.]+$/i, "");
  if (CODE_FILE.test(file)) return promptsInCode(file, content, unmarked);
  if (!/\.(?:ya?ml|json|toml)$/i.test(file)) {
    const found = placedText(content, undefined);
    return isPlaced(found) && found.text.trim() !== "" ? [{ name, reference: { file }, text: found.text }] : [];
  }
  if (/\.toml$/i.test(file)) return [];
  try {
    return keyedTexts(parsePlain(content, file), []).map(({ steps, text, around }) => ({
      name:
        steps.filter((step) => !/^(?:prompts?|system|template|text|content|instructions?)$/i.test(step)).join("_") ||
        name,
      reference: { file, key: steps.join(".") },
      text,
      ...(around && { around }),
    }));
  } catch {
    return [];
  }
}

/** Texts under keys that look like prompts: with a line end, a placeholder or many words. */
function keyedTexts(
  value: unknown,
  steps: readonly string[],
): (Pick<FoundPrompt, "text" | "around"> & { readonly steps: readonly string[] })[] {
  if (typeof value === "string") {
    const isPrompt = /\{\{?\s*\w+\s*\}?\}|\n./.test(value) || value.split(/\s+/).length >= 8;
    return isPrompt ? [{ steps, text: value }] : [];
  }
  if (!isMapping(value) || steps.length > 4) return [];
  const chat = chatIn(value);
  if (chat) return [{ ...chat, steps: [...steps, chat.key] }];
  return Object.entries(value).flatMap(([key, inner]) => keyedTexts(inner, [...steps, key]));
}

/** One prompt of the texts under `system` and `user`: the system's is the instruction, the other is sent with it. */
function chatIn(value: Readonly<Record<string, unknown>>) {
  const key = Object.keys(value).find((one) => /^system(?:_prompt|_message)?$/i.test(one));
  const user = Object.keys(value).find((one) => /^(?:user|human)(?:_prompt|_message|_template)?$/i.test(one));
  const [text, asked] = [value[key ?? ""], value[user ?? ""]];
  if (key === undefined || typeof text !== "string" || typeof asked !== "string") return null;
  const around = [
    { role: "system", text: null },
    { role: "user", text: asked },
  ];
  return { key, text, around };
}

/** The language of a text's placeholders. @param known names that inputs may have */
function templatingOf(
  { text, reference }: FoundPrompt,
  known: ReadonlySet<string>,
  looseNames: readonly string[],
): Templating {
  if (/\.(?:jinja2?|j2|prompty)$/i.test(reference.file) || /\{%-?\s*(?:if|for|set|raw)\b/.test(text)) return "jinja";
  if (/\{\{#[\w.]+#\}\}/.test(text)) return "dify";
  const isKnown = ({ name }: { readonly name: string }) => known.has(name);
  const doubled = findPlaceholders(text, { looseNames });
  // In Python's own source, a name in braces is nothing else.
  const isPython = ({ name }: { readonly name: string }) =>
    known.has(name) || (doubled.length === 0 && /\.py$/i.test(reference.file) && /^[A-Za-z_]\w*$/.test(name));
  const python = findPlaceholders(text, { templating: "python", looseNames }).filter(isPython);
  // Beside `{question}`, `{{…}}` are braces that Python sends.
  if (doubled.length > 0 && (python.length === 0 || doubled.some(isKnown))) return "mustache";
  if (doubled.length === 0 && findPlaceholders(text, "jinja").length > 0) return "jinja";
  return python.length > 0 || foreignMarks(text, known, "mustache").some(({ what }) => what.startsWith("a Python"))
    ? "python"
    : "mustache";
}

export interface GuessedNodes {
  readonly nodes: Record<string, DraftNode>;
  readonly inputs: string[];
  /** Ids in topological order. */
  readonly order: readonly string[];
  /** Ids that can be the output, the most likely first. */
  readonly outputs: readonly string[];
  /** Input → its column, if that has another name. */
  readonly fields: Readonly<Record<string, string>>;
  /** References that would form a cycle: `by` names `name`, which is not read there. */
  readonly dropped: readonly { readonly by: string; readonly name: string }[];
}

/**
 * Makes nodes from texts: a text that names another one reads it. If no text names another, they follow each other
 * in order.
 * @param columns of the data that a text can read, without the answer
 * @param wanted the output that the user chose
 */
export function guessNodes(
  prompts: readonly FoundPrompt[],
  columns: readonly string[],
  wanted: string | null,
): GuessedNodes {
  const names = new Names();
  const ids = new Map(prompts.map((prompt) => [prompt, names.take(validName(prompt.name))]));
  const idOf = (prompt: FoundPrompt) => ids.get(prompt) ?? prompt.name;
  const steps = prompts.filter((prompt) => isStepText(idOf(prompt), prompt.text));
  const shared = prompts.filter((prompt) => !steps.includes(prompt) && steps.length > 0);
  const byWord = new Map([...ids].flatMap(([prompt, id]) => [plain(prompt.name), plain(id)].map((word) => [word, id])));
  const known = new Set([...columns, ...ids.values()]);
  const columnOf = (name: string) =>
    columns.find((one) => one === name) ?? columns.find((one) => plain(one) === plain(name));
  const inputs = new Map<string, string>();
  const inputFor = (name: string) => {
    const same = columnOf(name);
    const column = same ?? columnFor(name, columns) ?? name;
    const id = inputs.get(column) ?? (same === undefined ? names.take(validName(name)) : names.takeInput(same));
    inputs.set(column, id);
    return id;
  };
  const dropped: { by: string; name: string }[] = [];
  const nodes: Record<string, DraftNode> = {};
  let named = false;
  for (const prompt of shared) {
    nodes[idOf(prompt)] = { kind: "text", role: words(prompt.name), text: prompt.reference };
  }
  for (const prompt of steps) {
    const id = idOf(prompt);
    const isKnown = (name: string) =>
      columnOf(name) !== undefined || byWord.has(plain(name)) || columnFor(name, columns) !== null;
    const others = (prompt.around ?? []).flatMap(({ text }) => text ?? []);
    const whole = { ...prompt, text: [prompt.text, ...others].join("\n") };
    const looseNames = looseNamesInBraces(whole.text).filter(isKnown);
    const templating = templatingOf(whole, new Set([...known, ...looseNames]), looseNames);
    const node: DraftNode = { role: words(prompt.name), inputs: [], instruction: prompt.reference };
    if (templating !== "mustache") node.templating = templating;
    for (const name of new Set(findPlaceholders(whole.text, { templating, looseNames }).map((one) => one.name))) {
      const other = byWord.get(plain(name)) ?? byWord.get(plain(name).replace(/(?:output|result|text|answer)$/, ""));
      const isOther = other !== undefined && other !== id && !columns.includes(name);
      const input = isOther ? other : inputFor(name);
      named ||= isOther;
      if (isOther && reaches(nodes, other, id)) {
        dropped.push({ by: prompt.name, name });
        continue;
      }
      if (input !== name) node.variables = { ...node.variables, [name]: input };
      node.inputs = [...new Set([...(node.inputs ?? []), input])];
    }
    for (const { instead } of foreignMarks(prompt.text, new Set(), templating, new GraphNames(ids.values()))) {
      const [meant] = instead === null ? [] : findPlaceholders(instead, templating);
      if (!meant || meant.name === id || node.inputs?.includes(meant.name) || reaches(nodes, meant.name, id)) continue;
      node.inputs = [...(node.inputs ?? []), meant.name];
      named = true;
    }
    if (prompt.around) node.frame = frameOf(prompt.around, { templating, looseNames }, node.variables);
    nodes[id] = node;
  }
  joinSteps(steps.map(idOf), nodes, new Map(steps.map((prompt) => [idOf(prompt), prompt.text])), named);
  if (inputs.size === 0) {
    for (const column of columns.length > 0 ? columns : ["question"]) inputFor(column);
    for (const prompt of steps) nodes[idOf(prompt)] = withInputs(nodes[idOf(prompt)], [...inputs.values()]);
  }
  const stepIds = steps.map(idOf);
  // A text that names nothing it could read describes what to do with the inputs of the others.
  for (const id of stepIds)
    if (nodes[id]?.inputs?.length === 0) nodes[id] = withInputs(nodes[id], [...inputs.values()]);
  const sinks = stepIds.filter((id) => !stepIds.some((other) => nodes[other]?.inputs?.includes(id)));
  // If several nodes are not read, the one that most steps lead to is more likely the answer.
  const behind = (id: string) => stepIds.filter((other) => other !== id && reaches(nodes, id, other)).length;
  const outputs = [...sinks].sort(
    (a, b) => rank(b) - rank(a) || behind(b) - behind(a) || stepIds.indexOf(b) - stepIds.indexOf(a),
  );
  const output = wanted !== null && stepIds.includes(wanted) ? wanted : (outputs[0] ?? stepIds.at(-1) ?? "");
  // The last step reads whatever doesn't reach the answer otherwise, and guidelines for all steps.
  const loose = [...sinks.filter((id) => id !== output && !reaches(nodes, output, id)), ...shared.map(idOf)];
  const last = nodes[output];
  if (last && loose.length > 0) nodes[output] = withInputs(last, loose, true);
  const order = topologicalOrder(
    [...Object.keys(nodes)],
    (id) => id,
    (id) => nodes[id]?.inputs ?? [],
  );
  return {
    nodes: Object.fromEntries(order.flatMap((id) => (nodes[id] ? [[id, nodes[id]]] : []))),
    inputs: [...inputs.values()],
    fields: Object.fromEntries([...inputs].flatMap(([column, id]) => (id === column ? [] : [[id, column]]))),
    dropped,
    order,
    outputs: [
      output,
      ...outputs.filter((id) => id !== output),
      ...stepIds.filter((id) => !sinks.includes(id) && id !== output),
    ],
  };
}

/** The messages around an instruction, in the language of the graph file. */
function frameOf(
  around: NonNullable<FoundPrompt["around"]>,
  syntax: TextSyntax,
  variables: Readonly<Record<string, string>> = {},
): string[] {
  return around.flatMap(({ role, text }, index) => {
    if (text === null) return [...(index > 0 ? [""] : []), `${role}:`, "{{instruction}}"];
    const names = findPlaceholders(text, syntax).map(({ name }) => name);
    const values = new Map(names.map((name) => [name, placeholderOf(variables[name] ?? name)]));
    const lines = render(text.trimEnd(), values, syntax.templating).split("\n");
    return [...(index > 0 ? [""] : []), `${role}:`, ...lines];
  });
}

function isStepText(id: string, text: string): boolean {
  return !SHARED.test(id) || findPlaceholders(text).length > 0;
}

/** The only column whose words include those of a name: `Ticket text` for `ticket`. */
export function columnFor(name: string, columns: readonly string[]): string | null {
  const wordsOf = (text: string) =>
    text
      .replace(/([a-z])([A-Z])/g, "$1 $2")
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter(Boolean);
  const wanted = wordsOf(name);
  const found = columns.filter((column) => {
    const words = wordsOf(column);
    return (
      wanted.length > 0 &&
      (wanted.every((word) => words.includes(word)) || words.every((word) => wanted.includes(word)))
    );
  });
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** Whether a column has the name of a step that doesn't read it. */
export function isStep(column: string, prompts: readonly FoundPrompt[]): boolean {
  return prompts.some(
    ({ name, text }) =>
      plain(validName(name)) === plain(column) &&
      isStepText(name, text) &&
      !namesInBraces(text).some((read) => plain(read) === plain(column)),
  );
}

/** Names in braces in a text, in any template language. */
export function namesInBraces(text: string): string[] {
  const plainNames = [...text.matchAll(/\{\s*([\p{L}\p{M}\p{N}_-]+)\s*\}/gu)].map(([, name = ""]) => name);
  return [...plainNames, ...looseNamesInBraces(text)];
}

/** Names in braces with spaces or signs, as columns have them: `{{Customer Message}}`, `{q.1}`. */
function looseNamesInBraces(text: string): string[] {
  const found = [...text.matchAll(/\{[ \t]{0,20}([\p{L}\p{N}_][^{}\r\n"|<>=]{0,119}?)[ \t]{0,20}\}/gu)];
  return [...new Set(found.map(([, name = ""]) => name))].filter((name) => /[^\p{L}\p{M}\p{N}_]/u.test(name));
}

/** Connects steps that name no other: by words that they share, else in sequence. */
function joinSteps(
  ids: readonly string[],
  nodes: Record<string, DraftNode>,
  texts: ReadonlyMap<string, string>,
  named: boolean,
): void {
  if (named || ids.length < 2) return;
  let joined = false;
  for (const [at, id] of ids.entries()) {
    for (const other of ids) {
      const mentions = new RegExp(
        `\\b(?:the|this|that|your|its)\\s+${other.replaceAll(/[_-]+/g, "[ _-]?")}\\b`,
        "i",
      ).test(texts.get(id) ?? "");
      if (other === id || !mentions || reaches(nodes, other, id)) continue;
      nodes[id] = withInputs(nodes[id], [other], true);
      joined = true;
    }
    if (at > 0 && at === ids.length - 1 && !joined) {
      for (const [index, step] of ids.entries()) {
        const before = ids[index - 1];
        if (before !== undefined) nodes[step] = withInputs(nodes[step], [before], true);
      }
    }
  }
}

/** Whether `from` reads `id`, directly or through others. */
function reaches(nodes: Readonly<Record<string, DraftNode>>, from: string, id: string): boolean {
  const seen = new Set([from]);
  for (const one of seen) for (const input of nodes[one]?.inputs ?? []) seen.add(input);
  return seen.has(id);
}

function withInputs(node: DraftNode = {}, added: readonly string[], behind = false): DraftNode {
  const own = node.inputs ?? [];
  return { ...node, inputs: [...new Set(behind ? [...own, ...added] : [...added, ...own])] };
}

/** Names that the last step of a pipeline often has. */
function rank(id: string): number {
  return /(?:^|[_-])(?:answer|final|output|solve|respond|response|reply|write|report|summar\w*|decide|verdict|classify|label)(?:$|[_-])/i.test(
    id,
  )
    ? 1
    : 0;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

function words(name: string): string {
  return name
    .replace(/^\d+[_-]?/, "")
    .replaceAll(/[_-]+/g, " ")
    .trim();
}
