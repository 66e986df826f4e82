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
/** Files for the assistants that work on the repository, and pages about it: prompts only where there are no others. */
const ASIDE =
  /(?:^|\/)(?:AGENTS|CLAUDE|GEMINI|COPILOT|copilot-instructions|breaking[-_]changes|upgrad\w*|migrat\w*|roadmap|releas\w*|governance|maintainers|support|authors|todo)\.(?:md|mdc|txt)$|(?:^|\/)docs?\//i;
/** Names of files that can hold any text. */
const PLAIN_TEXT = /\.(?:md|mdc|txt|tmpl)$/i;

/** Whether a text has placeholders: `{name}` in code is that code's own. */
function namesValues(text: string): boolean {
  return /\{\{\s*[\p{L}_]/u.test(text) || namesInBraces(text.replace(/```[\s\S]*?```|`[^`\n]*`/g, "")).length > 0;
}

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
    (CODE_FILE.test(file) && namesInBraces(text).length > 0) ||
    (PLAIN_TEXT.test(file) && namesValues(text));
  const isAside = ({ reference: { file } }: FoundPrompt) => !isNamed(file) && ASIDE.test(file);
  const likely = found.filter(isSure);
  const central = likely.filter((one) => !isAside(one));
  const sure = new Set(central.length > 0 ? central : likely);
  const folders = new Set([...sure].map(({ reference: { file } }) => dirname(file)));
  const sources = new Set([...sure].map(({ reference: { file } }) => file));
  const isBeside = (one: FoundPrompt) => {
    const { file } = one.reference;
    if (CODE_FILE.test(file)) return sources.has(file);
    return folders.has(dirname(file)) && PLAIN_TEXT.test(file) && (central.length === 0 || !isAside(one));
  };
  const withBeside = found.filter((one) => sure.has(one) || isBeside(one));
  const marked = withBeside.length > sure.size + MOST ? [...sure] : withBeside;
  const prompts = sure.size === 0 ? found : marked;
  const taken = new Set(prompts);
  const files = new Set(prompts.map(({ reference: { file } }) => file));
  // Of a file with other prompts, the name of the text.
  const label = ({ name, reference: { file } }: FoundPrompt) =>
    files.has(file) ? `${basename(file)} (${name})` : basename(file);
  const left = new Set(found.filter((one) => !taken.has(one)).map(label));
  const notes: string[] = [];
  if (left.size > 0) {
    const names = [...left].slice(0, 3);
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
