import { oneLine } from "../markdown.ts";
import type { OpenedRun } from "./opened-run.ts";

/** A sample that a run answered wrong or could not score. */
export interface FailedSample {
  /** Its id. */
  readonly sample: string;
  /** What it asks, on one line. */
  readonly label: string;
  /** null: not on record. */
  readonly answer: string | null;
  /** Accepted answers on one line; empty where a judge decides. */
  readonly expected: string;
  /** 0 … 1; null: a call failed. */
  readonly score: number | null;
}

/** Characters: what was answered stands behind it, and a side bar is narrow. */
const LABEL = 40;
/** More would be no list any more; the report has a table of all. */
const MAX_SAMPLES = 200;

/** Of a run that scored the graph as it is, those that are not right, in the order of the data. */
export async function failedSamples(run: OpenedRun): Promise<FailedSample[]> {
  const { scores, theta } = run.state;
  const wrong = Object.entries(scores[theta] ?? {}).filter(([, { loss }]) => loss === null || loss > run.threshold);
  return Promise.all(
    wrong.slice(0, MAX_SAMPLES).map(async ([id, { loss }]) => {
      const sample = run.sample(id);
      return {
        sample: id,
        label: oneLine(Object.values(sample?.inputs ?? {}).join(" · ") || id, LABEL),
        answer: loss === null ? null : await run.value(theta, id, run.graph.output),
        expected: sample?.targets.join(" | ") ?? "",
        score: loss === null ? null : 1 - loss,
      };
    }),
  );
}
