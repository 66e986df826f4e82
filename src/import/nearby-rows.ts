import { dirname, join, relative, sep } from "node:path";
import { EXTENSIONS } from "../data/rows.ts";
import type { Files } from "../deps.ts";
import { findRoot } from "../graph/containment.ts";
import type { Translate } from "../i18n/locale.ts";
import { guessLoss, lossSpec } from "../loss/guess.ts";
import { columnsOf, plainName, readRows, setRank, targetsAmong } from "./guess-data.ts";
import { columnFor } from "./guess-nodes.ts";
import type { Draft, Row } from "./importer.ts";

export const DATA_FILE = new RegExp(`(?:${EXTENSIONS.map((one) => one.replace(".", "\\.")).join("|")})$`, "i");
/** JSON files of tools. */
const SETTINGS =
  /\.agentgraph\.json$|^(?:package(?:-lock)?|tsconfig|biome|composer|manifest|settings|config)\b.*\.json$/i;
/** What Agent Spec calls the kind of each of its parts: a list of these is a program. */
const COMPONENT = "component_type";
/** Folders that often contain rows. */
const FOLDERS = ["data", "dataset", "datasets", "examples", "eval", "evals", "test", "tests"];
/** Maximum number of data files of a folder to read. */
const MOST = 20;
/** Maximum number of folders above. */
const HIGHEST = 3;

/** Natural order: `2_solve` before `10_check`. */
export function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** Data files with several columns: in the folder and its data folders first, then in those above, up to the root. */
export async function* dataFilesNear(folder: string, files: Files): AsyncGenerator<Map<string, readonly Row[]>> {
  const root = await findRoot(join(folder, "x"), files);
  let one = folder;
  for (let up = 0; up <= HIGHEST; up++) {
    for (const place of [one, ...FOLDERS.map((name) => join(one, name))]) {
      const names = (await files.list(place).catch(() => [])).filter(
        (name) => DATA_FILE.test(name) && !SETTINGS.test(name),
      );
      const found = new Map<string, readonly Row[]>();
      for (const name of names.sort(byNumber).slice(0, MOST)) {
        const rows = await readRows(join(place, name), files);
        const columns = rows ? columnsOf(rows) : [];
        if (rows && columns.length > 1 && !columns.includes(COMPONENT)) found.set(join(place, name), rows);
      }
      if (found.size > 0) yield found;
    }
    if (one === root.folder || dirname(one) === one) return;
    one = dirname(one);
  }
}

interface NearbyRows {
  readonly path: string;
  readonly rows: readonly Row[];
  /** Input → its column. */
  readonly columns: ReadonlyMap<string, string>;
}

/** The nearest data file of several rows with columns for half of the inputs; null if there is none. */
async function nearbyRows(folder: string, inputs: readonly string[], files: Files): Promise<NearbyRows | null> {
  let best: NearbyRows | null = null;
  for await (const found of dataFilesNear(folder, files)) {
    for (const [path, rows] of [...found].sort(([a], [b]) => setRank(a) - setRank(b))) {
      // A file with one object is a schema or settings.
      if (rows.length < 2) continue;
      const columns = columnsFor(inputs, columnsOf(rows));
      if (columns.size * 2 >= inputs.length && columns.size > (best?.columns.size ?? 0)) best = { path, rows, columns };
    }
    if (best && best.columns.size === inputs.length) return best;
  }
  return best;
}

/** Input → its column. Columns with the input's own name come first, and a column is the value of one input. */
function columnsFor(inputs: readonly string[], all: readonly string[]): Map<string, string> {
  const same = (input: string) =>
    all.find((one) => one === input) ?? all.find((one) => plainName(one) === plainName(input));
  const columns = new Map(
    inputs.flatMap((input) => {
      const column = same(input);
      return column === undefined ? [] : [[input, column] as const];
    }),
  );
  for (const input of inputs) {
    const taken = new Set(columns.values());
    const column = columns.has(input)
      ? null
      : columnFor(
          input,
          all.filter((one) => !taken.has(one)),
        );
    if (column !== null) columns.set(input, column);
  }
  return columns;
}

/** The draft with rows from a data file nearby, if its own files have none, or a single sample. @param folder of the graph file */
export async function withNearbyRows(draft: Draft, folder: string, files: Files, t: Translate): Promise<Draft> {
  const own = draft.data && "rows" in draft.data ? draft.data.rows.length : 0;
  const inputs = Object.keys(draft.inputs);
  if ((draft.data && "file" in draft.data) || own > 1 || inputs.length === 0) return draft;
  const found = await nearbyRows(folder, inputs, files);
  if (!found || found.rows.length <= own) return draft;
  const { path, rows, columns } = found;
  const file = relative(folder, path).split(sep).join("/");
  const target = draft.target ?? targetsAmong(columnsOf(rows), new Set(columns.values()))[0];
  const missing = inputs.filter((input) => !columns.has(input));
  const values = rows.map((row) => (target === undefined ? undefined : row[target]));
  const fields = Object.fromEntries([...columns].filter(([input, column]) => input !== column));
  return {
    ...draft,
    data: { file, rowCount: rows.length, ...(Object.keys(fields).length > 0 && { fields }) },
    ...(target !== undefined && { target }),
    loss: draft.loss ?? lossSpec(guessLoss(values, rows), t),
    notes: [
      ...draft.notes,
      target === undefined
        ? t("The rows come from {0}, which is nearby.", file)
        : t('The rows come from {0}, which is nearby. The answer is in its column "{1}".', file, target),
      ...missing.map((input) => t('{0} has no column for the input "{1}". Name one in "data.fields".', file, input)),
    ],
  };
}
