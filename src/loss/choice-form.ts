import type { SampleRow } from "../data/samples.ts";
import { ENGLISH } from "../i18n/locale.ts";
import { chosenOption } from "./choice.ts";
import { type ChoiceSpec, choiceTargets, questionOf } from "./choice-targets.ts";
import { normalize } from "./normalize.ts";
import type { Option } from "./options.ts";

/** How a column writes an option: by its letter, text, both, or position `at`, which is −1 without known options. */
type Form = (option: Option, at: number) => string;

const LETTER = /^([([]?)([A-Za-z]|\d{1,2})([)\].:]*)(?:(\s*[-=]?\s*)(\S[\s\S]*))?$/;

/**
 * The option that a text names, written as the column writes options: `B`, `(b)`, `blue`, `B. blue`, or the position 1.
 * null: it names none, or several.
 * @param row its present targets, if any, as written
 * @param rows all rows that have targets
 */
export function choiceForm(spec: ChoiceSpec, text: string, row: SampleRow, rows: readonly SampleRow[]): string | null {
  const { options, showsLetters } = questionOf(row, spec.options);
  const examples = row.sample.targets.length > 0 ? [row, ...rows.filter((one) => one !== row)] : rows;
  const form = firstForm(spec, examples);
  const option = chosenOption(text, options);
  if (option) {
    const write = form ?? (showsLetters && option.letter !== null ? (one: Option) => one.letter ?? "" : BY_TEXT);
    return write(option, options.indexOf(option));
  }
  const isPosition = /^\d{1,2}$/.test(text.trim()) && form !== null && isPositional(form, options);
  return isPosition && options.some((one, at) => form(one, at) === text.trim()) ? text.trim() : null;
}

/** Whether the options of a row are known. */
export function hasOptions(spec: ChoiceSpec, row: SampleRow): boolean {
  return questionOf(row, spec.options).options.length > 0;
}

const BY_TEXT: Form = ({ written }) => written;

function isPositional(form: Form, [first]: readonly Option[]): boolean {
  return first !== undefined && /^\d$/.test(form(first, 0)) && form(first, 0) !== first.written;
}

/** The form of the first row whose target names one of its options. */
function firstForm(spec: ChoiceSpec, rows: readonly SampleRow[]): Form | null {
  const { targets } = choiceTargets(spec, rows, ENGLISH);
  for (const [index, row] of rows.entries()) {
    const raw = row.sample.targets[0]?.trim() ?? "";
    const { options } = questionOf(row, spec.options);
    const option = chosenOption(targets[index]?.[0] ?? "", options);
    if (option) return formOf(raw, option, options.indexOf(option));
  }
  return null;
}

function formOf(raw: string, option: Option, at: number): Form {
  if (normalize(raw) === option.text) return BY_TEXT;
  const [, open = "", letter = "", close = "", gap = "", words] = LETTER.exec(raw) ?? [];
  if (letter.toUpperCase() === option.letter) {
    const isLower = letter !== letter.toUpperCase();
    return ({ letter: own, written }) => {
      const mark = isLower ? own?.toLowerCase() : own;
      return mark == null ? written : `${open}${mark}${close}${words === undefined ? "" : gap + written}`;
    };
  }
  const first = Number(raw) - at;
  return /^\d{1,2}$/.test(raw) && at >= 0 ? (_, index) => String(index + first) : BY_TEXT;
}
