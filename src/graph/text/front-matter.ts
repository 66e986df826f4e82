import { getStaticTOMLValue, ParseError, parseTOML } from "toml-eslint-parser";
import { isMap, isScalar, parseDocument } from "yaml";
import { ENGLISH, type Translate } from "../../i18n/locale.ts";

/** Metadata for other programs before the text of a prompt file. It is never sent. */
export interface FrontMatter {
  /** Offset of the text, after a byte order mark and the front matter with its last line end. */
  readonly end: number;
  /** Its top-level keys; empty if there is no front matter, or only comments. */
  readonly keys: readonly string[];
  /** Why text that looks like front matter is part of the prompt; null if there is no doubt. */
  readonly problem: string | null;
}

/** Maximum characters, to limit the time of the parser. */
const LONGEST = 50_000;
/** Maximum number of closing lines to try: a TOML string can contain a line of `+++`. */
const MOST_ENDS = 5;

const FORMATS = [
  {
    open: /^\uFEFF?---[ \t]*(?:\r\n|\r|\n)/,
    close: /^(?:---|\.\.\.)[ \t]*(?:\r\n|\r|\n|(?![\s\S]))/gm,
    read: readYaml,
  },
  { open: /^\uFEFF?\+\+\+[ \t]*(?:\r\n|\r|\n)/, close: /^\+\+\+[ \t]*(?:\r\n|\r|\n|(?![\s\S]))/gm, read: readToml },
] as const;

/**
 * Reads front matter: a mapping in YAML between `---` and `---` or `...`, or in TOML between two lines of `+++`, at
 * the start of the file. Prose, lists and rules between two lines of `---` are part of the prompt.
 */
export function frontMatterOf(content: string, t: Translate = ENGLISH.t): FrontMatter {
  const none = { end: content.startsWith("\uFEFF") ? 1 : 0, keys: [], problem: null };
  for (const { open, close, read } of FORMATS) {
    const from = open.exec(content)?.[0].length;
    if (from === undefined) continue;
    let problem: string | null = null;
    let tried = 0;
    for (const { index, 0: line } of content.slice(from).matchAll(close)) {
      if (index > LONGEST || ++tried > MOST_ENDS) break;
      const found = read(content.slice(from, from + index), t);
      if ("keys" in found) return { end: from + index + line.length, keys: found.keys, problem: null };
      problem ??= found.problem;
    }
    return { ...none, problem };
  }
  return none;
}

/** Whether a known program uses one of these keys for metadata. */
export function isMetadata(keys: readonly string[]): boolean {
  return keys.some((key) => METADATA.has(key.toLowerCase()));
}

const METADATA = new Set(
  [
    "name title description summary version id type kind role author authors owner date created updated modified license",
    "tags labels category categories keywords language lang locale status draft slug layout source url metadata meta",
    "model models temperature top_p max_tokens parameters params config configuration settings options provider api",
    "input inputs output outputs variables arguments args schema sample samples template format mode engine tool tools",
    "allowed-tools argument-hint agent applyto globs alwaysapply prompt execution_settings input_variables",
  ].flatMap((names) => names.split(" ")),
);

type Read = { readonly keys: readonly string[] } | { readonly problem: string | null };

function readYaml(text: string, t: Translate): Read {
  const document = parseDocument(text, { uniqueKeys: false, logLevel: "silent" });
  const map = document.contents;
  if (map === null) return document.errors.length === 0 ? { keys: [] } : { problem: null };
  if (!isMap(map)) return { problem: null };
  const [error] = document.errors;
  if (error) return { problem: error.message.split(/ at line |\n/)[0] ?? "" };
  const keys: string[] = [];
  for (const { key } of map.items) {
    if (!isScalar(key)) return { problem: null };
    const name = String(key.value);
    // Without quotes, `Rule 1: be brief` can also be a sentence.
    if (key.type === "PLAIN" && /\s/.test(name))
      return { problem: t("the key {0} is not one word", JSON.stringify(name)) };
    keys.push(name);
  }
  return { keys };
}

function readToml(text: string): Read {
  try {
    return { keys: Object.keys(getStaticTOMLValue(parseTOML(text))) };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const isPair = /^[\w"'.-]+[ \t]*=/m.test(text);
    return { problem: isPair ? `it is not valid TOML (${error.message.split("\n")[0]})` : null };
  }
}
