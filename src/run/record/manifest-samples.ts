import { createHash } from "node:crypto";
import * as z from "zod";
import { type Data, data, SPLITS, split } from "../../data/sample.ts";
import type { Files } from "../../deps.ts";
import type { Yielder } from "../../models/yielder.ts";
import { RunUnreadable } from "../errors.ts";
import { checkVersion, JsonlWriter, linesIn, NOTHING, objectOn } from "./jsonl.ts";

/** Minimum number of samples for a separate file, which is written and read in parts. */
const MANY = 2_000;
/** Number of samples per line. */
const GROUP = 50;
/** Maximum number of lines waiting to be written. */
const UNWRITTEN = 100;

export function areMany(samples: Data): boolean {
  return SPLITS.reduce((sum, set) => sum + samples[set].length, 0) > MANY;
}

/** Writes the samples to a file. @returns digest of the file */
export async function writeSamples(files: Files, path: string, samples: Data, turns: Yielder): Promise<string> {
  const file = new JsonlWriter(files, path, NOTHING);
  const digest = createHash("sha256");
  let lines = 0;
  for (const set of SPLITS) {
    for (let from = 0; from < samples[set].length; from += GROUP) {
      await turns.next();
      digest.update(file.append({ split: set, samples: samples[set].slice(from, from + GROUP) }));
      if (++lines % UNWRITTEN === 0) await file.flushed();
    }
  }
  await file.flushed();
  return digest.digest("hex");
}

const lineSchema = z.object({ split, samples: data.valueType });

/** @throws RunUnreadable */
export async function readSamples(
  files: Files,
  path: string,
  turns: Yielder,
): Promise<{ readonly samples: Data; readonly digest: string }> {
  const samples: z.infer<typeof data> = { train: [], validation: [], test: [] };
  const digest = createHash("sha256");
  for await (const line of linesIn(files, path)) {
    await turns.next();
    const value = objectOn(line);
    if (value && "version" in value) {
      checkVersion(value.version, path);
      continue;
    }
    digest.update(line).update("\n");
    const parsed = lineSchema.safeParse(value);
    if (!parsed.success) throw new RunUnreadable(path, z.prettifyError(parsed.error));
    samples[parsed.data.split].push(...parsed.data.samples);
  }
  return { samples, digest: digest.digest("hex") };
}
