import { basename, resolve } from "node:path";
import type { CorpusSource } from "../data/corpus.ts";
import { loadData } from "../data/load.ts";
import type { Passage } from "../data/passage.ts";
import { type Data, SPLITS, type Split } from "../data/sample.ts";
import type { TargetUse } from "../data/samples.ts";
import type { TypedSource } from "../data/typed-inputs.ts";
import type { Code, Deps, Files } from "../deps.ts";
import type { Corpora, Task } from "../engine/task.ts";
import { DEFAULT_PARAMS, modelChoice } from "../graph/build-graph.ts";
import { decodeUtf8, findRoot, MAX_DATA } from "../graph/containment.ts";
import { hasErrors } from "../graph/fault.ts";
import type { Graph, ModelChoice, Role } from "../graph/graph.ts";
import { programExtension } from "../graph/program-file.ts";
import { readGraph } from "../graph/read.ts";
import type { GraphReading } from "../graph/reading.ts";
import type { GraphFile, LossSpec } from "../graph/schema/schema.ts";
import { loss as lossSchema } from "../graph/schema/schema-run.ts";
import { JsonDocument, type JsonPath } from "../graph/syntax/document.ts";
import { outlineOf } from "../graph/syntax/outline.ts";
import { ENGLISH, type Locale } from "../i18n/locale.ts";
import { guessLoss } from "../loss/guess.ts";
import type { Loss } from "../loss/loss.ts";
import { makeLoss, targetFault, targetReader, targetRemedy, worksWithoutTarget } from "../loss/make.ts";
import { graphFormat, methods } from "../methods/registry.ts";
import type { BudgetLimits } from "../models/model.ts";
import { Yielder } from "../models/yielder.ts";
import { lossOf } from "./load-loss.ts";
import { checkOptimizedEdges, withOptimizedEdges } from "./optimized-edges.ts";

/** User settings that override the file. */
export interface Overrides {
  /** Values that override the file's: `["optimize.batch", "4"]`; parsed as JSON if possible, else a text. */
  readonly set?: readonly (readonly [path: string, value: string])[];
  /** The user's models override the file's, including those of single nodes; parameters are merged. */
  readonly models?: Partial<Readonly<Record<Role, ModelChoice>>>;
  /** The user's own limits: the lower of theirs and the file's applies. */
  readonly budget?: Partial<BudgetLimits>;
  /** Language of the faults. Default: English. */
  readonly locale?: Locale;
  /** Sets that the job needs. Default: all; a test set is optional. */
  readonly needs?: readonly Split[];
  /** Whether rows need no target, whatever the loss. Default: false. */
  readonly targetless?: boolean;
}

export interface LoadedTask extends GraphReading {
  /** The loss, with a judge's rubric read from its file; null if it can't be used. */
  readonly loss: LossSpec | null;
  /** Losses of the nodes with targets of their own, likewise. Absent: there are none, or the data can't be read. */
  readonly losses?: Losses;
  /** null if there is an error, or no model is named or chosen (fault `no-model`). */
  readonly task: Task | null;
  /** The graph file's text as it was read. */
  readonly text: string;
}

/** Node → loss. */
type Losses = Readonly<Record<string, LossSpec>>;

type Outside = Pick<Deps, "files" | "clock"> & Partial<Pick<Deps, "sandbox">>;

/**
 * Reads a graph file and everything that a run of it needs. Never throws because of file contents.
 * @param path absolute path of the graph file
 */
export async function loadTask(path: string, deps: Outside, overrides: Overrides = {}): Promise<LoadedTask> {
  const { files } = deps;
  const graphFile = resolve(path);
  const text = await readText(graphFile, files, overrides.locale ?? ENGLISH);
  const { locale = ENGLISH } = overrides;
  if (typeof text !== "string") return unreadable(graphFile, text, files, locale);
  const yielder = new Yielder(deps.clock);
  const yieldNow = () => yielder.next();
  const reading = await readGraph(graphFile, text, files, graphFormat, { set: overrides.set, locale, yieldNow });
  const { document, file, graph } = reading;
  const loss = file && (await lossOf(file.loss, ["loss"], reading, files));
  const stated = file && (await lossesOf(file, reading, files));
  await checkCode(reading, loss, stated ?? {}, deps);
  const made = file && stated && (await makeTask(file, loss && makeLoss(loss), stated, reading, deps, overrides));
  const faults = document.faults;
  const { models = {} } = overrides;
  const tuned = graph && file ? withOptimizedEdges(graph, file.optimize) : null;
  const task = tuned && made && !hasErrors(faults) ? { ...made.task, graph: withUsersModel(tuned, models) } : null;
  return { ...reading, text, faults, loss, ...(made?.losses && { losses: made.losses }), task };
}

/** The parts of a task besides the graph; null if one can't be made, with its faults in the document. */
async function makeTask(
  file: GraphFile,
  loss: Loss | null,
  stated: Losses,
  { document, graph, outline, root }: GraphReading,
  { files, clock }: Outside,
  { models = {}, budget = {}, needs = SPLITS, targetless = false }: Overrides,
): Promise<{ readonly task: Omit<Task, "graph">; readonly losses?: Losses } | null> {
  checkOptions(file.optimize, document);
  checkOptimizedEdges(file.optimize, outline, document);
  const yielder = new Yielder(clock);
  const corpora = await corporaOf(file, graph, { document, root, files, yieldNow: () => yielder.next() });
  const { locale } = document;
  const losses: Record<string, LossSpec> = {};
  const own = new Map(Object.entries(stated));
  const scored = Object.keys(file.data.targets ?? {}).filter((id) => graph?.targets?.includes(id));
  const data = await loadData({
    spec: file.data,
    inputs: outline.inputs.map(({ name }) => name),
    document,
    root,
    files,
    yieldNow: () => yielder.next(),
    targetless: targetless || worksWithoutTarget(file.loss),
    needed: needs,
    // The loss of a node does not depend on which set a job needs.
    ...(scored.some((node) => !own.has(node)) && { read: SPLITS }),
    target: targetUse(file.loss, loss !== null, locale),
    targetOf: (node, labels, rows) => {
      const spec = own.get(node) ?? guessedLoss(labels, rows);
      losses[node] = spec;
      if (!own.has(node)) sayLoss(document, node, makeLoss(spec));
      return targetUse(spec, true, locale);
    },
  });
  const choices = modelsOf(file, document, models);
  const typed = data && (await typedOf(data, graph, { document, root, files, yieldNow: () => yielder.next() }));
  if (!loss || !typed || !choices || !corpora) return null;
  const limits = smaller({ tokens: null, usd: null, ...file.optimize.budget }, budget);
  const { methods: byMethod, edges: _, ...common } = file.optimize;
  const options = { ...common, budget: limits, methodOptions: byMethod[common.method] ?? {} };
  const isEmpty = Object.keys(corpora).length === 0;
  const made = Object.entries(losses).map(([node, spec]) => [node, makeLoss(spec)] as const);
  const scoring = made.length > 0 && { losses: Object.fromEntries(made) };
  const task = { data: typed, ...(!isEmpty && { corpora }), loss, ...scoring, models: choices, options };
  return { task, ...(scoring && { losses }) };
}

/**
 * How a loss reads targets.
 * @param isUsable false: the loss says nothing about targets, and may never come to an end with one */
export function targetUse(spec: LossSpec, isUsable: boolean, locale: Locale): TargetUse {
  return {
    listIsAnswer: ["json", "set", "script", "tests"].includes(spec.kind),
    objectIsAnswer: ["json", "judge", "script", "tests"].includes(spec.kind),
    fault: (target) => (isUsable ? targetFault(spec, target, locale) : null),
    remedy: targetRemedy(spec, locale),
    read: targetReader(spec, locale),
  };
}

/** Guesses a loss from the form of the targets. Never one that costs calls. */
function guessedLoss(labels: readonly unknown[], rows: readonly Readonly<Record<string, unknown>>[]): LossSpec {
  const kind = guessLoss(labels, rows);
  return lossSchema.parse({ kind: kind === "judge" ? "f1" : kind });
}

/** Notes how a node is scored for which the file has no loss. */
function sayLoss(document: JsonDocument, node: string, loss: Loss): void {
  const { t } = document;
  const message = t(
    '"{0}" is scored with the loss "{1}", chosen by the form of its targets. {2}',
    node,
    loss.kind,
    loss.describe(document.locale),
  );
  document.addAt(
    "chosen-loss",
    ["data", "targets", node],
    message,
    t('To choose another loss, add it to "losses": {0}.', `"losses": { "${node}": { "kind": "${loss.kind}" } }`),
  );
}

/** Losses of nodes in the file; null if one of them can't be used. */
async function lossesOf(file: GraphFile, reading: GraphReading, files: Files): Promise<Losses | null> {
  const read = await Promise.all(
    Object.entries(file.losses ?? {}).map(async ([node, spec]) => {
      return [node, await lossOf(spec, ["losses", node], reading, files)] as const;
    }),
  );
  const usable = read.flatMap(([node, loss]) => (loss ? [[node, loss] as const] : []));
  return usable.length < read.length ? null : Object.fromEntries(usable);
}

async function typedOf(data: Data, graph: Graph | null, source: Omit<TypedSource, "types">): Promise<Data | null> {
  const types = Object.fromEntries((graph?.inputs ?? []).flatMap(({ name, type }) => (type ? [[name, type]] : [])));
  if (Object.keys(types).length === 0) return data;
  const { readTypedInputs } = await import("../data/typed-inputs.ts");
  return readTypedInputs(data, { ...source, types });
}

/** The corpora of retriever nodes. Nodes with the same patterns share one. null, with a fault, if one can't be read. */
async function corporaOf(
  { nodes }: GraphFile,
  graph: Graph | null,
  source: Omit<CorpusSource, "patterns" | "path">,
): Promise<Corpora | null> {
  const known = new Map<string, readonly Passage[] | null>();
  const corpora: Record<string, readonly Passage[]> = {};
  const own = Object.entries(nodes).flatMap(([id, node]) =>
    node.kind === "retriever" ? [{ id, corpus: node.corpus, path: ["nodes", id, "corpus"] }] : [],
  );
  const inside = (graph?.nodes ?? []).flatMap((node) =>
    node.kind === "retriever" && node.within !== undefined
      ? [{ id: node.id, corpus: node.corpus, path: ["nodes", node.within, "graph"] }]
      : [],
  );
  for (const { id, corpus, path } of [...own, ...inside]) {
    const { loadCorpus } = await import("../data/corpus.ts");
    const patterns = [corpus].flat();
    const key = JSON.stringify(patterns);
    const passages = known.get(key) ?? (await loadCorpus({ ...source, patterns, path }));
    known.set(key, passages);
    if (!passages) return null;
    corpora[id] = passages;
  }
  return corpora;
}

/** Compiles the code of function nodes and of the loss. Nothing of it runs. */
async function checkCode(
  { document, graph }: GraphReading,
  spec: LossSpec | null,
  ofNodes: Losses,
  { sandbox }: Outside,
): Promise<void> {
  for (const node of graph?.nodes ?? []) {
    if (node.kind !== "function") continue;
    const { file, text, within } = node;
    await check({ file, text }, within === undefined ? ["nodes", node.id, "code"] : ["nodes", within, "graph"]);
  }
  const losses = [
    [["loss"], spec] as const,
    ...Object.entries(ofNodes).map(([id, one]) => [["losses", id], one] as const),
  ];
  for (const [path, one] of losses) {
    for (const { code, key } of (one && makeLoss(one).code) ?? []) await check(code, [...path, key]);
  }

  async function check(code: Code, path: JsonPath): Promise<void> {
    // Errors in another language are reported by its own program when it runs.
    if (programExtension(code.file) !== null) return;
    const fault = await sandbox?.check(code);
    if (!fault) return;
    const message = document.t("The code can't run: {0}.", fault.message);
    const remedy = document.t(
      "Correct the code. It must be an ES module with a default export, and it can't import modules.",
    );
    document.addAt("bad-code", path, message, remedy);
  }
}

function checkOptions({ method }: GraphFile["optimize"], document: JsonDocument): void {
  if (!Object.hasOwn(methods, method)) {
    const known = Object.keys(methods).join(", ");
    document.addAt(
      "wrong-value",
      ["optimize", "method"],
      document.t("There is no method named {0}.", method),
      document.t("Use one of: {0}.", known),
    );
  }
}

/** The user's model for a role, else the file's, else that of `forward`. */
function modelsOf(
  file: GraphFile,
  document: JsonDocument,
  chosen: NonNullable<Overrides["models"]>,
): Task["models"] | null {
  const choiceOf = (role: Role): ModelChoice | null => {
    const spec = file.models[role];
    const [own, user] = [spec === undefined ? null : modelChoice(spec), chosen[role]];
    return user ? { model: user.model, params: { ...(own?.params ?? DEFAULT_PARAMS), ...user.params } } : own;
  };
  const forward = choiceOf("forward");
  if (!forward) {
    const message = document.t("No model is selected, and the file doesn't name one for the role forward.");
    document.addAt(
      "no-model",
      ["models"],
      message,
      document.t("Choose a model, or add {0}.", '"models": { "forward": { "model": "…" } }'),
    );
    return null;
  }
  const of = (role: Role) => choiceOf(role) ?? forward;
  return { forward, backward: of("backward"), optimizer: of("optimizer"), judge: of("judge") };
}

/** The user's choice replaces the models of single nodes, too. */
export function withUsersModel(graph: Graph, { forward: user }: NonNullable<Overrides["models"]>): Graph {
  if (!user) return graph;
  const nodes = graph.nodes.map((node) =>
    "model" in node && node.model
      ? { ...node, model: { model: user.model, params: { ...node.model.params, ...user.params } } }
      : node,
  );
  return { ...graph, nodes };
}

/** The lower limit of each kind. */
function smaller(file: BudgetLimits, user: Partial<BudgetLimits>): BudgetLimits {
  const tighter = (a: number | null, b: number | null = null) => (a === null ? b : b === null ? a : Math.min(a, b));
  return {
    calls: tighter(file.calls, user.calls),
    tokens: tighter(file.tokens, user.tokens),
    usd: tighter(file.usd, user.usd),
  };
}

interface Unreadable {
  readonly message: string;
  /** Default: to name another one. */
  readonly remedy?: string;
}

async function readText(path: string, files: Files, locale: Locale): Promise<string | Unreadable> {
  const { t } = locale;
  try {
    const { kind, bytes } = await files.stat(path);
    if (kind === "folder") {
      const graph = (await files.list(path)).filter((name) => name.endsWith(".agentgraph.json")).sort()[0];
      if (graph) return { message: t("This is a folder."), remedy: t("Name a graph file in it, such as {0}.", graph) };
      const remedy = t("Its name ends in .agentgraph.json. `agentgraph init` creates one from prompts.");
      return { message: t("This folder has no graph file."), remedy };
    }
    if (bytes > MAX_DATA)
      return {
        message: t("The file is too large: {0}, at most {1}.", locale.count(bytes, "byte"), locale.integer(MAX_DATA)),
      };
    return decodeUtf8(await files.read(path)) ?? { message: t("The file is not UTF-8 text.") };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "ENOENT") return { message: t("The file does not exist.") };
    if (code === "EUNSAFE") return { message: t("{0} is not a regular file.", basename(path)) };
    return { message: t("The file can't be read ({0}).", code) };
  }
}

async function unreadable(
  path: string,
  { message, remedy }: Unreadable,
  files: Files,
  locale: Locale,
): Promise<LoadedTask> {
  const document = new JsonDocument(path, "", { locale });
  const advice = remedy ?? document.t("Use a graph file that can be read.");
  document.add("no-such-file", { start: 0, end: 0 }, message, advice);
  const nothing = { task: null, graph: null, file: null, loss: null, sources: {}, text: "" };
  return {
    ...nothing,
    document,
    outline: outlineOf(document),
    faults: document.faults,
    root: await findRoot(path, files),
  };
}
