import { basename, join } from "node:path";
import type { Files } from "../deps.ts";
import { VERSION } from "../graph/schema/schema.ts";
import type { Translate } from "../i18n/locale.ts";
import type { DataFile, Draft, DraftNode, Importer } from "./importer.ts";

interface GraphFileDraft {
  readonly graphFile: string;
  readonly written: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
}

/** Minimum number of rows to split into sets. */
const FEW = 6;

/** The graph file of a draft and the files of its rows, under unused names. */
export async function graphFileOf(
  importer: Pick<Importer, "kind">,
  draft: Draft,
  folder: string,
  main: string,
  files: Files,
  t: Translate,
): Promise<GraphFileDraft> {
  const base = nameOf(importer.kind, main);
  const graphName = await freeName(folder, base, ".agentgraph.json", files);
  const notes = [...draft.notes];
  const rows = draft.data && "rows" in draft.data ? draft.data.rows : [];
  const rowsName = rows.length > 0 ? await freeName(folder, `${base}.rows`, ".jsonl", files) : null;
  const named = draft.data && "file" in draft.data ? draft.data : null;
  const count = named?.rowCount ?? rows.length;
  const data = dataOf(named ?? (rowsName === null ? null : { file: rowsName, rowCount: count }), draft.target);
  if (!draft.data)
    notes.push(t('There are no rows yet: name a data file in "data", and the column with the answer in "target".'));
  if (draft.data && count < FEW) {
    notes.push(t("There are few rows ({0}). Add more before you optimize.", count));
  }
  const { nodes, models } = withSharedModel(draft);
  const graph = {
    version: VERSION,
    name: draft.name,
    ...(draft.description && { description: draft.description }),
    source: { kind: importer.kind, files: draft.files },
    inputs: draft.inputs,
    nodes,
    output: draft.output,
    data,
    loss: draft.loss ?? { kind: "exact" },
    ...(models && { models }),
  };
  const written = new Map([[join(folder, graphName), `${formatJson(graph)}\n`]]);
  if (rowsName !== null) written.set(join(folder, rowsName), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return { graphFile: join(folder, graphName), written, notes };
}

/**
 * Names the model of most nodes for the whole graph, if each node names its own and the draft names none for all: the models that
 * write feedback and rewrite texts are then known, too.
 */
function withSharedModel({ nodes, models }: Draft): Pick<Draft, "nodes" | "models"> {
  const asked = Object.values(nodes).filter(({ instruction }) => instruction !== undefined);
  const counts = new Map<string, number>();
  for (const { model = null } of asked) {
    const key = JSON.stringify(model);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const [shared] = [...counts].sort(([, a], [, b]) => b - a);
  if (models || !shared || counts.has("null")) return { nodes, ...(models && { models }) };
  const [key] = shared;
  const without = ({ model, ...node }: DraftNode): DraftNode =>
    model === undefined || JSON.stringify(model) === key ? node : { ...node, model };
  return {
    nodes: Object.fromEntries(Object.entries(nodes).map(([id, node]) => [id, without(node)])),
    models: { forward: JSON.parse(key) },
  };
}

/** An unused name in the folder: `crew.agentgraph.json`, `crew-2.agentgraph.json`. */
export async function freeName(folder: string, name: string, ending: string, files: Files): Promise<string> {
  const taken = new Set(await files.list(folder));
  for (let count = 1; ; count++) {
    const candidate = `${name}${count > 1 ? `-${count}` : ""}${ending}`;
    if (!taken.has(candidate)) return candidate;
  }
}

/** @param source the file of the rows; null: there is none */
function dataOf(source: DataFile | null, target: string | undefined): object {
  const answer = target === undefined ? {} : { target };
  if (source === null) return { train: [], validation: [], ...answer };
  const { file, rowCount, fields } = source;
  const split = rowCount < 30 ? { train: 0.5, validation: 0.5, test: 0 } : { train: 0.4, validation: 0.3, test: 0.3 };
  return { file, split, ...(fields && { fields }), ...answer };
}

function nameOf(kind: string, main: string): string {
  if (kind === "crewai") return "crew";
  if (kind === "promptflow") return "flow";
  return basename(main).replace(/\.(?:ya?ml|json|prompty)$/i, "");
}

/** Formats JSON as people do: on one line if it fits. */
export function formatJson(value: unknown, indent = "", width = 120): string {
  const flat = inline(value);
  if (indent.length + flat.length <= width && !isLarge(value, indent)) return flat;
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    return `[\n${value.map((one) => inner + formatJson(one, inner, width)).join(",\n")}\n${indent}]`;
  }
  if (typeof value !== "object" || value === null) return flat;
  const members = Object.entries(value).filter(([, one]) => one !== undefined);
  const lines = members.map(
    ([key, one]) => `${inner}${JSON.stringify(key)}: ${formatJson(one, inner, width - key.length - 4)}`,
  );
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

/** Whether a value takes several lines: the file itself and lists of nodes always do. */
function isLarge(value: unknown, indent: string): boolean {
  return (
    indent === "" ||
    (typeof value === "object" &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).some(
        (one) => typeof one === "object" && one !== null && ("instruction" in one || "text" in one),
      ))
  );
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).filter(([, one]) => one !== undefined);
  if (members.length === 0) return "{}";
  return `{ ${members.map(([key, one]) => `${JSON.stringify(key)}: ${inline(one)}`).join(", ")} }`;
}
