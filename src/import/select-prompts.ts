import { basename, dirname } from "node:path";
import type { Translate } from "../i18n/locale.ts";
import { CODE_FILE } from "./code-prompts.ts";
import { type FoundPrompt, namesInBraces } from "./guess-nodes.ts";

/** Number of texts without placeholders that can be the steps of one pipeline. */
const MOST = 8;
/** Names of files for prompts, and of folders for them. */
const PROMPT_NAME =
  /\.(?:prompt|prompty|jinja2?|j2)$|\.(?:prompt|agent|instructions|chatmode)\.md$|^(?:.*\/)?(?:SKILL|AGENTS)\.md$/i;
const PROMPT_FOLDER = /(?:^|\/)(?:prompts?|instructions|agents|templates)\//i;
/** Names of files that can hold any text. */
const PLAIN_TEXT = /\.(?:md|mdc|txt|tmpl)$/i;

/**
 * The prompts among the texts of folders, where notes and settings lie beside them: texts that name a value, those of files
 * for prompts, and their neighbours. Files that the user named are all prompts.
 * @param isNamed whether the user named a file, not its folder
 */
export function selectPrompts(
  found: readonly FoundPrompt[],
  isNamed: (file: string) => boolean,
  t: Translate,
): { readonly prompts: readonly FoundPrompt[]; readonly notes: readonly string[] } {
  const isSure = ({ reference: { file }, text }: FoundPrompt) =>
    isNamed(file) ||
    PROMPT_NAME.test(file) ||
    PROMPT_FOLDER.test(file) ||
    ((PLAIN_TEXT.test(file) || CODE_FILE.test(file)) && namesInBraces(text).length > 0);
  const sure = new Set(found.filter(isSure));
  const folders = new Set([...sure].map(({ reference: { file } }) => dirname(file)));
  const isBeside = ({ reference: { file } }: FoundPrompt) => folders.has(dirname(file)) && PLAIN_TEXT.test(file);
  const withBeside = found.filter((one) => sure.has(one) || isBeside(one));
  const marked = withBeside.length > sure.size + MOST ? [...sure] : withBeside;
  const prompts = sure.size === 0 ? found : marked;
  const taken = new Set(prompts);
  const left = new Set(found.filter((one) => !taken.has(one)).map(({ reference: { file } }) => file));
  const notes: string[] = [];
  if (left.size > 0) {
    const names = [...left].slice(0, 3).map((file) => basename(file));
    const more = left.size > names.length ? ", …" : "";
    notes.push(
      t(
        "Left out, because nothing marks them as prompts ({0}): {1}. Name the files to take them.",
        left.size,
        names.join(", ") + more,
      ),
    );
  }
  if (sure.size === 0 && prompts.length > MOST) {
    notes.push(
      t(
        "No text names an input, so all follow each other ({0}). Name only the files that are prompts.",
        prompts.length,
      ),
    );
  }
  return { prompts, notes };
}
