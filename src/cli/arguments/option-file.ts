import { join, resolve } from "node:path";
import type { Files } from "../../deps.ts";
import { plain } from "../../i18n/plain-text.ts";
import { configFolder } from "../../platform/machine.ts";
import { UsageError } from "../errors.ts";

/**
 * The value of an option, or the text of the file that it names after `@`.
 * @param option as the user writes it, for example `--instruction`
 * @throws UsageError if the file can't be read
 */
export async function textOrFile(value: string, option: string, files: Files): Promise<string> {
  return value.startsWith("@") ? await readOptionFile(value.slice(1), option, files) : value;
}

/** The text of a file that an option names. @throws UsageError if the file can't be read */
export async function readOptionFile(path: string, option: string, files: Files): Promise<string> {
  try {
    return new TextDecoder().decode(await files.read(resolve(path)));
  } catch {
    throw new UsageError(`${plain(path)}, the file of ${plain(option)}, can't be read.`);
  }
}

/**
 * The text of the file that the user names, else of a file in the user's own folder, which no graph file can choose.
 * @param given the value of the option; undefined: the user's own file
 * @returns its path, and its text; null if the user's own file can't be read
 * @throws UsageError if the file that the user names can't be read
 */
export async function readUserFile(
  given: string | undefined,
  name: string,
  option: string,
  files: Files,
): Promise<{ readonly path: string; readonly text: string | null }> {
  const path = given ?? join(configFolder(), name);
  const text = await readOptionFile(path, option, files).catch((error: unknown) => {
    if (given !== undefined) throw error;
    return null;
  });
  return { path, text };
}
