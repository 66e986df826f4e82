import { basename, dirname } from "node:path";
import type { Translate } from "../i18n/locale.ts";
import { CODE_FILE } from "./code-prompts.ts";
import { type FoundPrompt, namesInBraces } from "./guess-nodes.ts";

/** Number of texts without placeholders that can be the steps of one pipeline. */
const MOST = 8;

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
    /\.(?:prompt|prompty|jinja2?|j2)$|\.(?:prompt|agent|instructions|chatmode)\.md$|^(?:.*\/)?(?:SKILL|AGENTS)\.md$/i.test(
      file,
    ) ||
    /(?:^|\/)(?:prompts?|instructions|agents|templates)\//i.test(file) ||
    ((/\.(?:md|mdc|txt|tmpl)$/i.test(file) || CODE_FILE.test(file)) && namesInBraces(text).length > 0);
  const sure = found.filter(isSure);
  const folders = new Set(sure.map(({ reference: { file } }) => dirname(file)));
  const isBeside = ({ reference: { file } }: FoundPrompt) =>
    folders.has(dirname(file)) && /\.(?:md|mdc|txt|tmpl)$/i.test(file);
  const few = sure.length === 0 ? found : found.filter((one) => sure.includes(one) || isBeside(one));
  const prompts = sure.length === 0 || few.length > sure.length + MOST ? (sure.length === 0 ? found : sure) : few;
  const left = new Set(found.filter((one) => !prompts.includes(one)).map(({ reference: { file } }) => file));
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
  if (sure.length === 0 && prompts.length > MOST) {
    notes.push(
      t(
        "No text names an input, so all follow each other ({0}). Name only the files that are prompts.",
        prompts.length,
      ),
    );
  }
  return { prompts, notes };
}
