import { basename, dirname, extname } from "node:path";
import type { Files } from "../deps.ts";
import { isPromptFile, namesInBraces } from "./guess-nodes.ts";

/** Maximum number of files that are read, and of those that count as one pipeline. */
const MOST_READ = 60;
const MOST = 12;
/** Bytes: longer texts are documents. */
const LONG = 64_000;
/** Braces in configuration and in data are rarely placeholders. */
const TEXTS = new Set([".md", ".mdc", ".txt", ".prompt", ".prompty", ".jinja", ".jinja2", ".j2", ".tmpl"]);
const PROMPT_FOLDER = /^(?:prompts?|templates|instructions)$/i;

/**
 * The files that look like the prompts of one pipeline: all texts of folders named for prompts, else the texts with
 * placeholders if one folder has them all. Empty if there are more files than a pipeline has.
 * @param paths absolute
 */
export async function likelyPrompts(paths: readonly string[], files: Files): Promise<ReadonlySet<string>> {
  const texts = paths.filter((path) => TEXTS.has(extname(path).toLowerCase()) && isPromptFile(basename(path)));
  const named = texts.filter((path) => PROMPT_FOLDER.test(basename(dirname(path))));
  const read = named.length > 0 ? named : texts;
  if (read.length > MOST_READ) return new Set();
  const marked = await Promise.all(read.map(async (path) => ({ path, isMarked: await hasPlaceholder(path, files) })));
  const withNames = marked.filter(({ isMarked }) => isMarked).map(({ path }) => path);
  // Beside prompts are texts without placeholders, such as a style guide.
  const found = named.length > 0 && withNames.length > 0 ? named : withNames;
  const isOne = named.length > 0 || new Set(found.map((path) => dirname(path))).size === 1;
  return new Set(isOne && found.length <= MOST ? found : []);
}

async function hasPlaceholder(path: string, files: Files): Promise<boolean> {
  const bytes = await files.read(path).catch(() => null);
  return bytes !== null && bytes.length <= LONG && namesInBraces(new TextDecoder().decode(bytes)).length > 0;
}
