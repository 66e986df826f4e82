import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { Files } from "../deps.ts";
import { decodeUtf8, isZip, MAX_TEXT } from "../graph/containment.ts";
import { escapeRegExp } from "../graph/text/escape-reg-exp.ts";
import type { Translate } from "../i18n/locale.ts";
import { type GuessedLoss, guessLoss, lossSpec } from "../loss/guess.ts";
import { formatJson, freeName } from "./graph-file.ts";
import { columnsOf, readRows, setOf, setRank, targetsAmong } from "./guess-data.ts";
import {
  columnFor,
  type FoundPrompt,
  guessNodes,
  isPromptFile,
  isStep,
  namesInBraces,
  promptsIn,
} from "./guess-nodes.ts";
import { ImportRefused, type Row } from "./importer.ts";
import { withoutAccents } from "./names.ts";
import { byNumber, DATA_FILE, dataFilesNear } from "./nearby-rows.ts";
import { selectPrompts } from "./select-prompts.ts";

/** The user's choices, which replace guesses. */
export interface Chosen {
  readonly target?: string | undefined;
  readonly loss?: GuessedLoss | undefined;
  readonly output?: string | undefined;
  /** Absolute path of a data file; null: none. */
  readonly data?: string | null | undefined;
  /** Percent of the rows for training, validation and test: `40/30/30`. */
  readonly split?: string | undefined;
}

/** A guessed graph, with alternatives for each guess. */
export interface NewGraph {
  readonly path: string;
  readonly text: string;
  readonly guesses: {
    readonly data: Guess;
    readonly target: Guess;
    readonly loss: Guess;
    readonly output: Guess;
    /** As in `Chosen`; null: the sets are files of their own. */
    readonly split: Guess;
  };
  /** Nodes that call a model, in the order in which they run. */
  readonly steps: readonly string[];
  /** Sentences about what could not be guessed. */
  readonly notes: readonly string[];
}

export interface Guess {
  /** null: nothing was found. */
  readonly value: string | null;
  readonly others: readonly string[];
}

const LOSSES: readonly GuessedLoss[] = ["exact", "number", "choice", "set", "json", "f1", "judge"];
const SKIPPED = new Set([
  "node_modules",
  ".git",
  ".venv",
  "venv",
  "__pycache__",
  "dist",
  "build",
  ".agentgraph",
  "out",
]);
const ASSISTANTS = new Set(["prompts", "agents", "chatmodes"]);
/** Minimum number of rows for a test set. */
const FEW = 30;
const SPLITS = ["40/30/30", "50/50/0", "20/40/40", "60/20/20"];

/**
 * Makes a graph from prompt files and a data file.
 * @param paths absolute: prompt files, data files, folders
 * @throws ImportRefused if there is no prompt
 */
export async function newGraph(
  paths: readonly string[],
  files: Files,
  t: Translate,
  chosen: Chosen = {},
): Promise<NewGraph> {
  // A selection can hold a folder and files in it.
  const given = [...new Set((await Promise.all(paths.map((path) => expand(resolve(path), files)))).flat())];
  const isData = (path: string) => DATA_FILE.test(path) && !path.endsWith(".agentgraph.json");
  const rowsByPath = new Map<string, readonly Row[]>();
  const unread: string[] = [];
  const workbooks: string[] = [];
  for (const path of given.filter(isData)) {
    const rows = await readRows(path, files);
    if (rows && columnsOf(rows).length > 1) rowsByPath.set(path, rows);
    else if (!rows && /\.(?:csv|tsv|tab|jsonl|ndjson)$/i.test(path)) {
      const isWorkbook = isZip((await files.read(path).catch(() => new Uint8Array())).subarray(0, 4));
      (isWorkbook ? workbooks : unread).push(basename(path));
    }
  }
  const promptPaths = given.filter((path) => !rowsByPath.has(path) && isPromptFile(basename(path)));
  const folder = folderOf([...promptPaths, ...rowsByPath.keys()], paths);
  const unmarked = new Set<string>();
  const texts = (
    await Promise.all(
      promptPaths.map((path) => read(path, folder, files, (name) => unmarked.add(`${name} (${basename(path)})`))),
    )
  ).flat();
  const named = new Set(paths.map((path) => relative(folder, resolve(path)).split(sep).join("/")));
  const selected = selectPrompts(texts, (file) => named.has(file), t);
  const { prompts } = selected;
  if (prompts.length === 0)
    throw new ImportRefused(
      t(
        "There is no prompt among these. Name files with prompts: Markdown, text, Jinja, YAML, or source code that assigns them.",
      ),
    );
  if (rowsByPath.size === 0) {
    for await (const near of dataFilesNear(folder, files)) {
      for (const [path, rows] of near) rowsByPath.set(path, rows);
      break;
    }
  }
  const found = await choose(chosen.data, prompts, rowsByPath, files, t);
  const data = sets(found, folder, rowsByPath, chosen.split, t);
  const columns = found ? columnsOf(found.rows) : [];
  // A column with the name of a step has the expected value of that step: other prompts that name it read the step.
  const inputColumns = columnsRead(columns, prompts).filter((column) => !isStep(column, prompts));
  const targets = targetsAmong(columns, new Set(inputColumns));
  const target = chosen.target ?? targets[0] ?? null;
  const readable = columns.filter(
    (column) =>
      column !== target &&
      !isStep(column, prompts) &&
      !/^(?:id|_id|idx|index|split|feedback)$/i.test(column.split(".").at(-1) ?? ""),
  );
  const { nodes, inputs, outputs, fields, dropped } = guessNodes(
    prompts,
    inputColumns.length > 0 ? inputColumns : readable,
    chosen.output ?? null,
  );
  const values = (found?.rows ?? []).map((row) => (target === null ? undefined : row[target]));
  const loss = chosen.loss ?? guessLoss(values, found?.rows ?? []);
  const notes = [...selected.notes];
  if (unmarked.size > 0) {
    const names = [...unmarked].sort(byNumber);
    notes.push(
      t(
        "Left out, because nothing in their file tells where they start ({0}): {1}. Start each on the line of its name, and let no other name end with that name.",
        names.length,
        names.slice(0, 3).join(", ") + (names.length > 3 ? ", …" : ""),
      ),
    );
  }
  workbooks.push(...given.filter((path) => /\.xls[xmb]?$|\.ods$/i.test(path)).map((path) => basename(path)));
  if (!found && workbooks.length > 0) {
    notes.push(
      t('{0} is an Excel workbook. Save it as "CSV UTF-8", and name that file in "data".', workbooks.join(", ")),
    );
  }
  if (!found && unread.length > 0) {
    notes.push(t("{0} can't be read. Save it as UTF-8 text with a header.", unread.join(", ")));
  }
  if (!found) notes.push(t('No data file was found. Name one in "data", and the column with the answer in "target".'));
  for (const { by, name } of dropped) {
    notes.push(
      t('"{0}" names "{1}", which reads it. A graph has no cycles, so "{1}" is not filled in there.', by, name),
    );
  }
  const absent = found ? inputs.filter((input) => !columns.includes(fields[input] ?? input)) : [];
  for (const input of absent) notes.push(t('The data has no column "{0}". Name its column in "data.fields".', input));
  const labels = labelsIn(found?.rows ?? [], columns, { nodes, output: outputs[0] ?? "", target });
  for (const [node, column] of Object.entries(labels)) {
    notes.push(
      t('"{0}" is also scored by the column "{1}". If that is wrong, remove it from "data.targets".', node, column),
    );
  }
  const mapped = Object.fromEntries(Object.entries(fields).filter(([, column]) => columns.includes(column)));
  const path = join(folder, await freeName(folder, validBase(basename(folder)), ".agentgraph.json", files));
  const graph = {
    version: 1,
    name: words(basename(folder)),
    inputs: Object.fromEntries(inputs.map((name) => [name, ""])),
    nodes,
    output: outputs[0] ?? "",
    data: {
      ...data.data,
      ...(Object.keys(mapped).length > 0 && { fields: mapped }),
      ...(target !== null && { target }),
      ...(Object.keys(labels).length > 0 && { targets: labels }),
    },
    loss: lossSpec(loss, t),
  };
  const relativeTo = (one: string) => relative(folder, one).split(sep).join("/");
  return {
    path,
    text: `${formatJson(graph)}\n`,
    guesses: {
      data: {
        value: found ? relativeTo(found.path) : null,
        others: [...rowsByPath.keys()].map(relativeTo).filter((one) => !found || one !== relativeTo(found.path)),
      },
      target: {
        value: target,
        others: [...targets, ...columns].filter((one, at, all) => one !== target && all.indexOf(one) === at),
      },
      loss: { value: loss, others: LOSSES.filter((one) => one !== loss) },
      output: { value: outputs[0] ?? null, others: outputs.slice(1) },
      split: {
        value: data.split,
        others: data.split === null ? [] : SPLITS.filter((one) => one !== data.split),
      },
    },
    steps: Object.keys(nodes).filter((id) => nodes[id]?.kind === undefined),
    notes,
  };
}

/** Node → column with its name, if the values are labels or numbers: the expected values of the step. */
function labelsIn(
  rows: readonly Row[],
  columns: readonly string[],
  { nodes, output, target }: { nodes: object; output: string; target: string | null },
): Record<string, string> {
  const found = Object.keys(nodes).flatMap((id) => {
    const column = columns.find((one) => one.toLowerCase() === id.toLowerCase());
    if (column === undefined || id === output || column === target) return [];
    const kind = guessLoss(
      rows.map((row) => row[column]),
      rows,
    );
    return kind === "exact" || kind === "number" || kind === "choice" ? [[id, column] as const] : [];
  });
  return Object.fromEntries(found);
}

interface DataFile {
  readonly path: string;
  readonly rows: readonly Row[];
}

/** The chosen file, else the one with most columns in the prompts. */
async function choose(
  chosen: string | null | undefined,
  prompts: readonly FoundPrompt[],
  known: ReadonlyMap<string, readonly Row[]>,
  files: Files,
  t: Translate,
): Promise<DataFile | null> {
  if (chosen === null) return null;
  if (chosen !== undefined) {
    const rows = known.get(chosen) ?? (await readRows(chosen, files));
    if (!rows) throw new ImportRefused(t("{0} is not a data file that can be read.", basename(chosen)));
    return { path: chosen, rows };
  }
  const score = (rows: readonly Row[]) => {
    const columns = columnsOf(rows);
    const named = columns.filter((column) => isNamed(column, prompts));
    return named.length * 10 + (targetsAmong(columns, new Set(named)).length > 0 ? 1 : 0);
  };
  // A list in JSON of which prompts that name values name none is configuration more often than rows.
  const hasNames = prompts.some(({ text }) => namesInBraces(text).length > 0);
  const mayBeRows = (path: string, rows: readonly Row[]) => !hasNames || score(rows) >= 10 || !/\.json$/i.test(path);
  const ranked = [...known]
    .map(([path, rows]) => ({ path, rows }))
    .filter(({ path, rows }) => mayBeRows(path, rows))
    .sort((a, b) => score(b.rows) - score(a.rows) || setRank(a.path) - setRank(b.path));
  return ranked[0] ?? null;
}

/** Sets by the names of the files if there are a training and a validation file; else one file to split. */
function sets(
  found: DataFile | null,
  folder: string,
  known: ReadonlyMap<string, readonly Row[]>,
  chosen: string | undefined,
  t: Translate,
): { readonly data: object; readonly split: string | null } {
  const reference = (path: string) => relative(folder, path).split(sep).join("/");
  if (!found) return { data: { train: [], validation: [] }, split: null };
  const same = [...known.keys()].filter((path) => dirname(path) === dirname(found.path));
  const of = (set: string) => same.find((path) => setOf(path) === set);
  const [train, validation, test] = [of("train"), of("validation"), of("test")];
  const isPart = [train, validation, test].includes(found.path);
  if (isPart && train && (validation ?? test)) {
    const gate = validation ?? test;
    const files = {
      train: reference(train),
      validation: reference(gate ?? train),
      ...(validation && test && { test: reference(test) }),
    };
    return { data: files, split: null };
  }
  const split = chosen ?? (found.rows.length < FEW ? "50/50/0" : "40/30/30");
  return { data: { file: reference(found.path), split: partsOf(split, t) }, split };
}

/** `40/30/30` as shares of all rows. @throws ImportRefused */
function partsOf(split: string, t: Translate): object {
  const percents = split.split("/").map((part) => (/^\d+$/.test(part.trim()) ? Number(part) : Number.NaN));
  const [train = 0, validation = 0, test = 0] = percents;
  if (percents.length !== 3 || train + validation + test !== 100 || train === 0 || validation === 0) {
    throw new ImportRefused(
      t("“{0}” is not a split. Enter percents for training, validation and test: 40/30/30.", split),
    );
  }
  return { train: train / 100, validation: validation / 100, test: test / 100 };
}

async function read(
  path: string,
  folder: string,
  files: Files,
  unmarked: (name: string) => void,
): Promise<FoundPrompt[]> {
  const { bytes } = await files.stat(path);
  const text = bytes > MAX_TEXT ? null : decodeUtf8(await files.read(path));
  return text === null ? [] : promptsIn(relative(folder, path).split(sep).join("/"), text, unmarked);
}

async function expand(path: string, files: Files, depth = 0): Promise<string[]> {
  const { kind } = await files.stat(path);
  if (kind === "file") return [path];
  if (kind !== "folder" || depth > 3) return [];
  const all = await files.list(path);
  const names = all.filter((name) => (!name.startsWith(".") && !SKIPPED.has(name)) || name === ".github");
  // In GitHub's settings, only the files for its assistants.
  if (basename(path) === ".github") names.splice(0, names.length, ...all.filter((name) => ASSISTANTS.has(name)));
  const inner = names.sort(byNumber).map((name) => expand(join(path, name), files, depth + 1));
  return (await Promise.all(inner)).flat();
}

/** The common folder of all files; for those in `prompts/` and `data/`, their parent. */
function folderOf(files: readonly string[], given: readonly string[]): string {
  const folders = (files.length > 0 ? files : given).map((path) => dirname(resolve(path)).split(sep));
  const [first = [], ...others] = folders;
  let length = first.length;
  for (const other of others)
    while (length > 0 && other.slice(0, length).join(sep) !== first.slice(0, length).join(sep)) length--;
  const common = first.slice(0, length).join(sep) || sep;
  return /^(?:prompts?|instructions|data|templates)$/i.test(basename(common)) ? dirname(common) : common;
}

function validBase(name: string): string {
  const base = withoutAccents(name);
  return base.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+|-+$/g, "") || "graph";
}

function words(name: string): string {
  return name.replaceAll(/[_-]+/g, " ");
}

/** Columns that a prompt names, or that are the only match for a placeholder. */
function columnsRead(columns: readonly string[], prompts: readonly FoundPrompt[]): string[] {
  const others = prompts
    .flatMap(({ text }) => namesInBraces(text))
    .filter((name) => !columns.includes(name) && !isStep(name, prompts));
  const meant = new Set(others.map((name) => columnFor(name, columns)));
  return columns.filter((column) => meant.has(column) || isNamed(column, prompts));
}

function isNamed(column: string, prompts: readonly FoundPrompt[]): boolean {
  const mark = new RegExp(`\\{\\s*${escapeRegExp(column)}\\s*\\}`);
  return prompts.some(({ text }) => mark.test(text));
}
