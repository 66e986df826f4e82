import { createHash } from "node:crypto";
import * as z from "zod";
import type { Files } from "../../deps.ts";
import type { Theta } from "../../engine/events.ts";
import type { Yielder } from "../../models/yielder.ts";
import type { RecordedState } from "../state/state.ts";
import type { NodeKeys } from "../state/value-keys.ts";
import { bytesAt, JsonlWriter, NOTHING, objectOn } from "./jsonl.ts";
import { record } from "./records.ts";

// Which reply contains which value of an ended run, in a file of its own: most of what a snapshot would hold, and asked for
// sample by sample. Samples are put in groups by a hash of their id, so that one line is read to find one.

/** Samples on a line. */
const GROUP = 100;

const groups = z.array(z.object({ start: z.number(), end: z.number(), digest: z.string() }));
export const valuePlaces = z.record(z.string(), groups);

/** By Θ: where each group of samples is, with the digest of its line. */
export type ValuePlaces = Readonly<z.infer<typeof valuePlaces>>;

export async function writeValues(
  files: Files,
  path: string,
  values: RecordedState["values"],
  turns: Yielder,
): Promise<ValuePlaces> {
  await files.remove(path).catch(() => {});
  const file = new JsonlWriter(files, path, NOTHING);
  const places = record<{ start: number; end: number; digest: string }[]>();
  for (const theta of values.thetas()) {
    const ids = [...values.samples(theta)];
    const grouped = Array.from({ length: Math.ceil(ids.length / GROUP) }, (): string[] => []);
    for (const id of ids) grouped[groupOf(id, grouped.length)]?.push(id);
    const ofTheta: { start: number; end: number; digest: string }[] = [];
    places[theta] = ofTheta;
    for (const group of grouped) {
      await turns.next();
      const start = file.bytes;
      const line = file.append({ values: group.map((id) => [id, Object.entries(values.of(theta, id) ?? {})]) });
      ofTheta.push({ start, end: file.bytes - 1, digest: digestOf(Buffer.from(line).subarray(0, -1)) });
    }
  }
  await file.flushed();
  return places;
}

/** @returns undefined where the sample has no values under Θ, or the file was changed since */
export async function readValues(
  files: Files,
  path: string,
  places: ValuePlaces,
  theta: Theta,
  sample: string,
): Promise<NodeKeys | undefined> {
  const ofTheta = Object.hasOwn(places, theta) ? (places[theta] ?? []) : [];
  const place = ofTheta[groupOf(sample, ofTheta.length)];
  if (!place) return undefined;
  const line = await bytesAt(files, path, place.start, place.end - place.start);
  if (digestOf(line) !== place.digest) return undefined;
  const found = lineSchema.safeParse(objectOn(line)).data?.values.find(([id]) => id === sample);
  return found && Object.assign(record<string>(), Object.fromEntries(found[1]));
}

const lineSchema = z.object({ values: z.array(z.tuple([z.string(), z.array(z.tuple([z.string(), z.string()]))])) });

function groupOf(id: string, groups: number): number {
  let hash = 0;
  for (let at = 0; at < id.length; at++) hash = (Math.imul(hash, 31) + id.charCodeAt(at)) >>> 0;
  return groups === 0 ? 0 : hash % groups;
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url");
}
