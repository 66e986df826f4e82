import type { Files } from "../deps.ts";
import { type ContainmentRoot, ReferenceRefused, readReference } from "../graph/containment.ts";
import { imageOf, imageType, imageValue } from "../graph/images.ts";
import { parseJson } from "../graph/replies/json.ts";
import type { JsonDocument } from "../graph/syntax/document.ts";
import { type Data, type Sample, SPLITS } from "./sample.ts";

/** Maximum bytes of one image, and of all images: a run stores them. */
const LARGEST = 8 * 2 ** 20;
const MOST = 48 * 2 ** 20;

export interface TypedSource {
  /** Type by input, without text inputs. */
  readonly types: Readonly<Record<string, "json" | "image">>;
  readonly document: JsonDocument;
  readonly root: ContainmentRoot;
  readonly files: Files;
  readonly yieldNow: () => Promise<void>;
}

/** Reads the images in rows, and checks JSON inputs. null, with a fault, if a row is invalid. */
export async function readTypedInputs(data: Data, source: TypedSource): Promise<Data | null> {
  const { types, document, root, files, yieldNow } = source;
  const { t } = document;
  const images = new Map<string, string>();
  let bytes = 0;
  let isSound = true;
  const fault = (message: string, remedy: string) => {
    isSound = false;
    document.addAtKey("unfit-input", ["data"], message, remedy);
  };
  const read = async (sample: Sample): Promise<Sample> => {
    const inputs = { ...sample.inputs };
    for (const [name, type] of Object.entries(types)) {
      await yieldNow();
      const value = inputs[name] ?? "";
      if (type === "json") {
        if (!parseJson(value))
          fault(
            t('The input "{0}" of row {1} is not JSON.', name, sample.id),
            t("Correct the row, or remove the type."),
          );
        continue;
      }
      const known = images.get(value) ?? (await imageIn(value, name, sample.id));
      if (known === null) continue;
      images.set(value, known);
      inputs[name] = known;
    }
    return { ...sample, inputs };
  };
  const imageIn = async (value: string, name: string, row: string): Promise<string | null> => {
    const remedy = t("Use a PNG, JPEG, GIF or WebP file of at most 8 MB in this repository, or its data URL.");
    if (bytes > MOST) {
      fault(
        t("The images of the data have more than {0} MB.", MOST / 2 ** 20),
        t("Use fewer rows, or smaller images."),
      );
      return null;
    }
    const given = imageOf(value);
    if (given) {
      bytes += given.data.length;
      return imageValue(given);
    }
    try {
      let type: string | null = null;
      const { text } = await readReference(root, value, files, LARGEST, (content) => {
        type = imageType(content);
        return Buffer.from(content).toString("base64");
      });
      bytes += text.length;
      if (type !== null) return imageValue({ type, data: text });
      fault(t('The input "{0}" of row {1} is not an image that models take.', name, row), remedy);
    } catch (error) {
      if (!(error instanceof ReferenceRefused)) throw error;
      const shown = value.length > 100 ? `${value.slice(0, 100)}…` : value;
      fault(t("The image {0} of row {1} can't be read: {2}.", JSON.stringify(shown), row, error.reason), remedy);
    }
    return null;
  };
  const sets: Record<string, Sample[]> = {};
  for (const split of SPLITS) {
    sets[split] = [];
    for (const sample of data[split]) if (isSound) sets[split].push(await read(sample));
  }
  return isSound ? { train: sets.train ?? [], validation: sets.validation ?? [], test: sets.test ?? [] } : null;
}
