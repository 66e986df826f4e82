import { resolve } from "node:path";
import type { Files } from "../deps.ts";
import { plain } from "../i18n/plain-text.ts";
import { UsageError } from "./errors.ts";

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
