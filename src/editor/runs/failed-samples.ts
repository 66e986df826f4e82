import { titleOf } from "../../data/sample-title.ts";
import { oneLine } from "../ui/markdown.ts";
import type { OpenedRun } from "./opened-run.ts";

/** A sample that a run answered wrong or could not score. */
export interface FailedSample {
  /** Id of the sample. */
  readonly sample: string;
  /** Its inputs, on one line. */
  readonly label: string;
  /** The answer. null if it was not saved. */
  readonly answer: string | null;
  /** Accepted answers on one line; empty for a judge. */
  readonly expected: string;
  /** Score from 0 to 1. null if a call failed. */
  readonly score: number | null;
}

/** Maximum number of characters, because the answer follows in a narrow side bar. */
const LABEL = 40;
/** Maximum number of samples in the list; the report has a table of all. */
const MAX_SAMPLES = 200;

/** The samples of an evaluation that are not right, in the order of the data. */
export async function failedSamples(run: OpenedRun): Promise<FailedSample[]> {
  const { scores, theta } = run.state;
  const { train, validation, test } = run.data;
  // The log has them in the order in which they were scored, which is another one in each run.
  const places = new Map([...train, ...validation, ...test].map(({ id }, place) => [id, place]));
  const placeOf = (id: string) => places.get(id) ?? places.size;
  const wrong = Object.entries(scores[theta] ?? {})
    .filter(([, { loss }]) => loss === null || loss > run.threshold)
    .sort(([a], [b]) => placeOf(a) - placeOf(b));
  return Promise.all(
    wrong.slice(0, MAX_SAMPLES).map(async ([id, { loss }]) => {
      const sample = run.sample(id);
      return {
        sample: id,
        label: oneLine(titleOf({ id, inputs: sample?.inputs ?? {} }), LABEL),
        answer: loss === null ? null : await run.value(theta, id, run.graph.output),
        expected: sample?.targets.join(" | ") ?? "",
        score: loss === null ? null : 1 - loss,
      };
    }),
  );
}
