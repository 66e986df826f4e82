import { basename, dirname, posix, relative, sep } from "node:path";
import { CompletionItem, CompletionItemKind, lm, type Range, RelativePattern, type Uri, workspace } from "vscode";
import { methods as known } from "../../methods/registry.ts";
import { KNOWN_MODELS } from "../../models/known-models.ts";
import { LOCALE } from "../editor-locale.ts";
import { type ToolArgument, toolArguments } from "./tool-arguments.ts";

type JsonPath = readonly (string | number)[];

/** Maximum number of files that a list offers. */
const FILES = 500;

/** Files by the key that names one: what can be there. */
const KINDS: readonly { readonly fits: (path: JsonPath) => boolean; readonly glob: string }[] = [
  { fits: (path) => isOf(path, "code"), glob: "**/*.{js,mjs,ts,mts,py}" },
  { fits: (path) => isOf(path, "graph"), glob: "**/*.agentgraph.json" },
  { fits: ([part]) => part === "loss" || part === "losses", glob: "**/*.{js,mjs,ts,mts,md,txt}" },
  { fits: ([part]) => part === "data", glob: "**/*.{csv,tsv,json,jsonl,yaml,yml}" },
  {
    fits: ([part]) => part === "nodes",
    glob: "**/*.{md,txt,prompt,prompty,jinja,jinja2,j2,yaml,yml,json,toml,py,js,ts}",
  },
];

const HIDDEN = "{**/node_modules/**,**/.git/**,**/.agentgraph/**,**/.venv/**}";

function isOf([part, , key]: JsonPath, name: string): boolean {
  return part === "nodes" && key === name;
}

/** Values that a graph file names and that are elsewhere: files, methods, models and tools. Empty for other places. */
export async function namedValues(graph: Uri, path: JsonPath, range: Range): Promise<CompletionItem[]> {
  const [part, , key] = path;
  if (part === "optimize" && path.length === 2 && path[1] === "method") return methods(range);
  if (part === "nodes" && key === "tool" && path.length === 3) return tools(range);
  const isModel = part === "models" || (part === "nodes" && key === "model");
  const depth = part === "models" ? 2 : 3;
  if (isModel && (path.length === depth || (path.length === depth + 1 && path.at(-1) === "model")))
    return models(range);
  const isData = part === "data" && path.length === 2 && /^(train|validation|test)$/.test(String(path[1]));
  if (path.at(-1) === "file" || isData) return files(graph, path, range);
  return part === "nodes" && key === "corpus" ? corpora(graph, range) : [];
}

function methods(range: Range): CompletionItem[] {
  return Object.keys(known).map((name) => item(name, "", CompletionItemKind.EnumMember, range));
}

/** Models whose prices are known, newest first, with the price of a million tokens of prompt and reply. */
function models(range: Range): CompletionItem[] {
  return Object.entries(KNOWN_MODELS).map(([name, { price, end }], at) => {
    const detail = `${LOCALE.money(price.prompt)} / ${LOCALE.money(price.completion)}${end ? ` · → ${end}` : ""}`;
    const one = item(name, detail, CompletionItemKind.EnumMember, range);
    one.sortText = ` ${String(at).padStart(3, "0")}`;
    return one;
  });
}

function tools(range: Range): CompletionItem[] {
  return lm.tools.map(({ name, description }) => item(name, description, CompletionItemKind.Function, range));
}

/** What a tool of this VS Code takes; nothing for another one. */
export function argumentsOfTool(name: unknown): ToolArgument[] {
  return toolArguments(lm.tools.find((tool) => tool.name === name)?.inputSchema);
}

async function files(graph: Uri, path: JsonPath, range: Range): Promise<CompletionItem[]> {
  const kind = KINDS.find(({ fits }) => fits(path));
  const found = kind ? await filesNear(graph, kind.glob) : [];
  return found.map((file) => item(file, "", CompletionItemKind.File, range));
}

/** Patterns for the folders that have texts. */
async function corpora(graph: Uri, range: Range): Promise<CompletionItem[]> {
  const texts = await filesNear(graph, "**/*.{md,mdx,txt,rst}");
  const patterns = texts.map((file) => {
    const folder = posix.dirname(file);
    const rest = `**/*${posix.extname(file)}`;
    return folder === "." ? rest : `${folder}/${rest}`;
  });
  return [...new Set(patterns)].map((pattern) => item(pattern, "", CompletionItemKind.Folder, range));
}

/** Paths of files of the workspace folder as the graph names them, the nearest first. */
async function filesNear(graph: Uri, glob: string): Promise<string[]> {
  const folder = workspace.getWorkspaceFolder(graph);
  if (!folder) return [];
  const found = await workspace.findFiles(new RelativePattern(folder, glob), HIDDEN, FILES);
  const here = dirname(graph.fsPath);
  return found
    .filter(({ fsPath }) => fsPath !== graph.fsPath)
    .map(({ fsPath }) => relative(here, fsPath).split(sep).join("/"))
    .sort((a, b) => distance(a) - distance(b) || basename(a).localeCompare(basename(b)));
}

function distance(path: string): number {
  const steps = path.split("/");
  return steps.length + steps.filter((step) => step === "..").length;
}

function item(name: string, detail: string, kind: CompletionItemKind, range: Range): CompletionItem {
  const text = JSON.stringify(name);
  const completion = new CompletionItem(
    { label: text, description: detail.replaceAll(/\s+/g, " ").slice(0, 60) },
    kind,
  );
  completion.range = range;
  completion.filterText = text;
  completion.sortText = ` ${text}`;
  return completion;
}
