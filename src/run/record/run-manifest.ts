import { basename, dirname, join, relative, sep } from "node:path";
import * as z from "zod";
import { passage } from "../../data/passage.ts";
import { type Data, data } from "../../data/sample.ts";
import type { Deps, Machine } from "../../deps.ts";
import { earlierText } from "../../engine/propose/history.ts";
import { optimizeOptions, type Task } from "../../engine/task.ts";
import type { ContainmentRoot } from "../../graph/containment.ts";
import { graph, modelChoice, ROLES } from "../../graph/graph.ts";
import type { LossSpec } from "../../graph/schema/schema.ts";
import { loss } from "../../graph/schema/schema-run.ts";
import { makeLoss } from "../../loss/make.ts";
import { Yielder } from "../../models/yielder.ts";
import { RunMissing, RunUnreadable } from "../errors.ts";
import { type Job, job } from "../job.ts";
import type { LoadedTask } from "../load.ts";
import { checkVersion, codeOf, VERSION } from "./jsonl.ts";
import { areMany, readSamples, writeSamples } from "./manifest-samples.ts";

/** `start.json`: everything needed to repeat the run, even if the files have changed. */
const text = z.string();
const options = z
  .looseObject({ ...optimizeOptions.shape, methodOptions: optimizeOptions.shape.methodOptions.optional() })
  .transform(({ method, threshold, gate, seed, baseline, objectives, budget, methodOptions, ...flat }) => ({
    ...{ method, threshold, gate, seed, budget },
    ...(baseline !== undefined && { baseline }),
    ...(objectives !== undefined && { objectives }),
    // Up to version 0.1, the options of the method were next to the others.
    methodOptions: methodOptions ?? flatOptions(flat),
  }));

/** Without the switches for savings, which that version had and which changed no decision. */
function flatOptions({ without: _, ...options }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return options;
}

const fileSchema = z.object({
  version: z.number(),
  id: text,
  /** Milliseconds since the epoch. */
  at: z.number(),
  /** Relative to the root, with `/`: a run from a repository can't refer to a graph outside it. */
  graphFile: text.refine((path) => !/^([/\\]|[A-Za-z]:)/.test(path) && !path.split(/[/\\]/).includes("..")),
  engine: text,
  /** Provider and origin. */
  provider: text,
  graph,
  /** Absent where the samples have a file of their own. */
  data: data.optional(),
  /** SHA-256 of that file. */
  samples: text.optional(),
  corpora: z.record(z.string(), z.array(passage)).optional(),
  loss,
  losses: z.record(z.string(), loss).optional(),
  models: z.record(z.enum(ROLES), modelChoice),
  options,
  /** What the run is for; absent: to optimize. */
  job: job.optional(),
  /** Texts that earlier runs tried and dropped; absent: there were none. */
  earlier: z.array(earlierText).optional(),
  /** Signature of everything above, by the machine that made the run. */
  mark: text,
});

export type RunManifest = Omit<z.infer<typeof fileSchema>, "data" | "samples"> & { readonly data: Data };

/** A request to run a task. */
export interface RunRequest {
  readonly task: Task;
  /** The loss of the file, with the text of a rubric from another file. */
  readonly loss: LossSpec;
  /** Of nodes with targets of their own, likewise. */
  readonly losses?: Readonly<Record<string, LossSpec>>;
  /** See `nameOf`. */
  readonly graphFile: string;
  /** Purpose of the run. Default: to optimize. */
  readonly job?: Job;
}

/** The request to run a loaded graph file; null if it has errors. */
export function runRequestOf({ task, loss, losses, root, document }: LoadedTask): RunRequest | null {
  if (!task || !loss) return null;
  return { task, loss, ...(losses && { losses }), graphFile: nameOf(document.path, root) };
}

/** How a graph file is named in its runs: relative to the root, with `/`. */
export function nameOf(path: string, { folder, base }: ContainmentRoot): string {
  return relative(folder, join(base, basename(path)))
    .split(sep)
    .join("/");
}

type Outside = Pick<Deps, "files" | "clock"> & { readonly machine: Machine };

/** With many samples, each step takes long enough to yield to the event loop after it. */
export async function writeManifest(
  { files, clock, machine }: Outside,
  path: string,
  { task, loss, losses, graphFile, job }: RunRequest,
  about: Pick<RunManifest, "id" | "at" | "engine" | "provider">,
): Promise<void> {
  const { graph, corpora, models, options, earlier = [] } = task;
  const data = areMany(task.data)
    ? { samples: await writeSamples(files, samplesPath(path), task.data, new Yielder(clock)) }
    : { data: task.data };
  const known = earlier.length > 0 ? { earlier } : {};
  const rest = {
    ...(corpora && { corpora }),
    loss,
    ...(losses && { losses }),
    models,
    options,
    ...(job && { job }),
    ...known,
  };
  const body = { version: VERSION, ...about, graphFile, graph, ...data, ...rest };
  const json = JSON.stringify(body);
  await clock.sleep(0);
  const mark = await machine.sign(json);
  await clock.sleep(0);
  await files.write(path, `${json.slice(0, -1)}${signatureField(mark)}\n`);
}

/** The file with the samples, where they are many. */
export function samplesPath(manifest: string): string {
  return join(dirname(manifest), "samples.jsonl");
}

/** The end of the file: the signature of the object without it. */
function signatureField(mark: string): string {
  return `,"mark":"${mark}"}`;
}

/**
 * @param known the run's samples, so that they are not read
 * @returns the start of the run, and whether this machine made it
 * @throws RunMissing, RunUnreadable
 */
export async function readManifest(
  { files, clock, machine }: Outside,
  path: string,
  run: string,
  known?: Data,
): Promise<{ readonly start: RunManifest; readonly trusted: boolean }> {
  const bytes = await files.read(path).catch((error: unknown) => {
    throw codeOf(error) === "ENOENT" ? new RunMissing(run, path) : error;
  });
  const json = new TextDecoder().decode(bytes).trimEnd();
  const value = parse(json, path);
  checkVersion(value.version, path);
  await clock.sleep(0);
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) throw new RunUnreadable(path, z.prettifyError(parsed.error));
  const { data: inside, samples: expected, ...manifest } = parsed.data;
  const { mark, id } = manifest;
  await clock.sleep(0);
  const body = `${json.slice(0, -signatureField(mark).length)}}`;
  const isMarked = json.endsWith(signatureField(mark)) && mark === (await machine.sign(body));
  const { samples, digest } = await samplesOf();
  return { start: { ...manifest, data: samples }, trusted: isMarked && id === run && digest === expected };

  async function samplesOf(): Promise<{ readonly samples: Data; readonly digest: string | undefined }> {
    if (known) return { samples: known, digest: expected };
    if (inside) return { samples: inside, digest: expected };
    if (expected === undefined) throw new RunUnreadable(path, "it has no samples");
    return readSamples(files, samplesPath(path), new Yielder(clock));
  }
}

function parse(json: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null) return { ...value };
  } catch {
    // Reported below.
  }
  throw new RunUnreadable(path, "it holds no JSON object");
}

export function taskOf({ graph, data, corpora, loss, losses = {}, models, options, earlier }: RunManifest): Task {
  const rest = { ...(corpora && { corpora }), ...(earlier && { earlier }) };
  const own = Object.entries(losses).map(([node, spec]) => [node, makeLoss(spec)] as const);
  const ofNodes = own.length > 0 && { losses: Object.fromEntries(own) };
  return { graph, data, ...rest, loss: makeLoss(loss), ...ofNodes, models, options };
}
