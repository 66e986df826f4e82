import { resolve } from "node:path";
import { loadData } from "../data/load.ts";
import type { Data } from "../data/sample.ts";
import type { Files } from "../deps.ts";
import type { Task } from "../engine/task.ts";
import type { JsonDocument } from "../graph/document.ts";
import { hasErrors } from "../graph/fault.ts";
import { type Graph, type ModelChoice, ROLES, type Role } from "../graph/graph.ts";
import { type GraphReading, modelChoice, readGraph } from "../graph/read.ts";
import { decodeUtf8 } from "../graph/root.ts";
import type { GraphFile, LossSpec } from "../graph/schema.ts";
import { schemaFault } from "../loss/json.ts";
import type { Loss } from "../loss/loss.ts";
import { makeLoss, targetFault, worksWithoutTarget } from "../loss/make.ts";
import type { BudgetLimits } from "../models/model.ts";

/** What the user says beside the file. */
export interface Overrides {
  /** Values that win over the file's: `["optimize.batch", "4"]`; JSON where it is JSON, else a text. */
  readonly set?: readonly (readonly [path: string, value: string])[];
  /** The user's models win over the file's names, those of single nodes included; parameters are merged. */
  readonly models?: Partial<Readonly<Record<Role, ModelChoice>>>;
  /** The user's own caps: the smaller of theirs and the file's holds. */
  readonly budget?: Partial<BudgetLimits>;
}

export interface LoadedTask extends GraphReading {
  /** null where the faults hold an error. */
  readonly task: Task | null;
  /** The graph file's text as it was read. */
  readonly text: string;
}

/**
 * Reads a graph file and everything that a run of it needs. Never throws for what stands in files.
 * @param path absolute path of the graph file
 */
export async function loadTask(path: string, files: Files, overrides: Overrides = {}): Promise<LoadedTask> {
  const graphFile = resolve(path);
  const { text, problem } = await readFile(graphFile, files);
  const reading = await readGraph(graphFile, text, files, overrides.set);
  const { document, file, graph } = reading;
  if (problem !== null) {
    document.faults.splice(0);
  }
  const loss = file && lossOf(file.loss, document);
  const data = file && (await dataOf(file, reading, files));
  const models = file && modelsOf(file, document, overrides.models ?? {});
  const faults = document.faults;
  const ready = file && graph && loss && data && models && !hasErrors(faults);
  return { ...reading, text, faults, task: ready ? taskOf(file, graph, loss, data, models, overrides) : null };
}
