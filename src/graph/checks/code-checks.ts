import { argumentNames, type CodeName, heldNames } from "../syntax/code-names.ts";
import { type JsonDocument, type JsonPath, rangeOf } from "../syntax/document.ts";
import { didYouMean } from "./did-you-mean.ts";

/** Code of a node or a loss. */
export interface CheckedCode {
  readonly text: string;
  /** Its file as the graph names it; null if it is in the graph file. */
  readonly file: string | null;
  /** Path of it in the graph file. */
  readonly path: JsonPath;
}

/** Warns of names that a function reads of its inputs and never gets: they are undefined there. */
export function checkFunctionNames(
  document: JsonDocument,
  node: string,
  code: CheckedCode,
  known: readonly string[],
): void {
  for (const one of argumentNames(code.text) ?? []) {
    const message = document.t('The code of "{0}" reads "{1}", which is not one of its inputs.', node, one.name);
    const remedy = document.t('Add "{0}" to the inputs of "{1}", or correct the name.', one.name, node);
    add(document, code, one, known, message, remedy);
  }
}

/** Names that a script reads, by what it gets. */
export interface ScriptNames {
  /** The graph's inputs. */
  readonly inputs: readonly string[];
  /** Ids of nodes. */
  readonly values: readonly string[];
}

/** What a script gets. */
const GIVEN = ["inputs", "target", "answer", "values"];

/** Warns of names that a script reads and never gets. */
export function checkScriptNames(document: JsonDocument, code: CheckedCode, known: ScriptNames): void {
  const { t } = document;
  const argument = argumentNames(code.text) ?? [];
  for (const one of argument) {
    const message = t('The script reads "{0}". It gets {1}.', one.name, GIVEN.join(", "));
    add(document, code, one, GIVEN, message, t("Correct the name."));
  }
  for (const holder of ["inputs", "values"] as const) {
    for (const one of heldNames(code.text, holder)) {
      const message =
        holder === "inputs"
          ? t('The script reads "{0}", which is not an input of the graph.', one.name)
          : t('The script reads the value of "{0}", which is not a node.', one.name);
      const remedy = t("Name one of: {0}.", known[holder].join(", "));
      add(document, code, one, known[holder], message, remedy);
    }
  }
}

function add(
  document: JsonDocument,
  { text, file, path }: CheckedCode,
  { name, offset, hasDefault }: CodeName,
  known: readonly string[],
  message: string,
  remedy: string,
): void {
  if (known.includes(name) || hasDefault || document.isFull) return;
  const meant = didYouMean(name, known);
  const help = meant ? document.t('Did you mean "{0}"?', meant) : remedy;
  const line = text.slice(0, offset).split("\n").length;
  const place = document.at(path);
  const range = place ? rangeOf(place) : document.rangeAt(path);
  document.add("unknown-in-code", range, file === null ? message : `${file}:${line}: ${message}`, help);
}
