import type { SampleRow, TargetReading } from "../data/samples.ts";
import { type Locale, translatable } from "../i18n/locale.ts";
import { isOption } from "./choice.ts";
import { normalize } from "./normalize.ts";
import { lettered, type Option, optionsIn, optionsOf } from "./options.ts";

export interface ChoiceSpec {
  readonly options?: readonly string[];
  readonly indexFrom?: 0 | 1;
}

/**
 * Targets of multiple-choice rows can be letters, texts, or positions among the options. Which of these they are,
 * and whether positions start at 0 or 1, is only clear from the whole column.
 */
export function choiceTargets(
  { options: fixed, indexFrom }: ChoiceSpec,
  rows: readonly SampleRow[],
  { t }: Locale,
): TargetReading {
  const asked = rows.map((row) => questionOf(row, fixed));
  const indexes = asked.filter(({ index }) => index !== null);
  const unnamed = indexes.filter(({ isNamed }) => !isNamed);
  const plain = { targets: rows.map(({ sample }) => sample.targets), note: null, fault: null, unmatched: [] };
  const known = asked.filter(({ options }) => options.length > 1);
  if (known.length === 0) return plain;
  // A number that is not an option, among many that are, is an error in its row, not a position.
  const areIndexes =
    indexFrom !== undefined ||
    (unnamed.length > 0 && unnamed.length * 2 >= indexes.length && indexes.length * 2 > known.length);
  const first = areIndexes ? (indexFrom ?? firstIndex(indexes)) : null;
  if (first === "both" || first === "unclear") {
    return {
      ...plain,
      fault: { message: t(FAULTS[first]), remedy: t('Add "indexFrom": 0 or 1 to "loss", or write letters.') },
    };
  }
  const areLetters = namesLetters(asked);
  const targets = asked.map(({ targets: given, options, index, isHidden, showsLetters }) => {
    const targets = areLetters ? given.map((target) => letterOf(target, options)) : given;
    const option = first !== null && index !== null ? options[index - first] : undefined;
    if (option) return [isHidden || !showsLetters || option.letter === null ? option.written : option.letter];
    // Letters of options mean nothing to a model that doesn't see the options.
    return isHidden ? targets.map((target) => textOf(target, options)) : targets;
  });
  const unmatched = asked.flatMap(({ options, targets: given }, at) => {
    const isStray =
      options.length > 1 && given.length > 0 && !(targets[at] ?? []).every((target) => isOption(target, options));
    return isStray ? [{ at, options: options.length }] : [];
  });
  const example = asked.findIndex(
    ({ index, options }) => first !== null && index !== null && options[index - first] !== undefined,
  );
  const note =
    example < 0
      ? null
      : t(
          "The targets are positions among the options, counted from {0}: {1} of the first row means {2}.",
          first ?? 0,
          JSON.stringify(asked[example]?.targets[0] ?? ""),
          JSON.stringify(targets[example]?.[0] ?? ""),
        );
  // If most targets are not options, the options were misdetected.
  return { targets, note, fault: null, unmatched: unmatched.length * 2 > known.length ? [] : unmatched };
}

const FAULTS = {
  both: translatable(
    "The targets seem to be positions among the options, but some are 0 and some are the number of options.",
  ),
  unclear: translatable(
    "The targets are positions among the options, and none of them shows whether they count from 0 or from 1.",
  ),
};

interface Question {
  readonly targets: readonly string[];
  readonly options: readonly Option[];
  /** Whether the options are in fields that the graph does not read. */
  readonly isHidden: boolean;
  /** Whether the graph's model sees the letters. */
  readonly showsLetters: boolean;
  /** The target as a position; null if it is none. */
  readonly index: number | null;
  /** Whether the target is the letter or text of an option. */
  readonly isNamed: boolean;
}

/** The options of a row, and how its target names one. */
export function questionOf({ sample, fields }: SampleRow, fixed: readonly string[] | undefined): Question {
  const read = fixed ? lettered(fixed) : optionsOf(sample);
  const isHidden = read.length === 0;
  const options = isHidden ? optionsIn(fields) : read;
  const [target = "", ...others] = sample.targets;
  const index = /^\d{1,2}$/.test(target.trim()) && others.length === 0 && options.length > 1 ? Number(target) : null;
  const showsLetters = Object.entries(sample.inputs).some(
    ([name, value]) => /(?:^|[\s(*])[Bb][).:]/m.test(value) || /^(?:option|choice)?[ _-]?b$/i.test(name),
  );
  return { targets: sample.targets, options, isHidden, showsLetters, index, isNamed: isOption(target, options) };
}

/** Whether the column writes letters, as far as its targets show that are not both a letter and the text of an option. */
function namesLetters(questions: readonly Question[]): boolean {
  let letters = 0;
  for (const { targets, options } of questions) {
    const [target = ""] = targets;
    const [isLetter, isText] = [bareLetter(target, options) !== null, hasText(target, options)];
    if (isLetter !== isText) letters += isLetter ? 1 : -1;
  }
  return letters > 0;
}

/** The option of a bare letter. */
function bareLetter(target: string, options: readonly Option[]): Option | null {
  const letter = target.trim().toUpperCase();
  return options.find((option) => option.letter === letter) ?? null;
}

function hasText(target: string, options: readonly Option[]): boolean {
  return options.some((option) => option.text === normalize(target));
}

/** In brackets if it is also the text of another option: the answer C of "A) 2c, B) c, C) 0.8c". */
function letterOf(target: string, options: readonly Option[]): string {
  const option = bareLetter(target, options);
  return option !== null && option.text !== normalize(target) && hasText(target, options)
    ? `(${option.letter})`
    : target;
}

function firstIndex(questions: readonly Question[]): 0 | 1 | "both" | "unclear" {
  const fromZero = questions.some(({ index }) => index === 0);
  const toLast = questions.some(({ index, options }) => index === options.length);
  if (fromZero && toLast) return "both";
  return fromZero ? 0 : toLast ? 1 : "unclear";
}

function textOf(target: string, options: readonly Option[]): string {
  const letter = /^[([]?([a-z]|\d{1,2})[)\].:]?$/i.exec(normalize(target, false))?.[1]?.toUpperCase();
  const isText = options.some((option) => option.text === normalize(target));
  return (!isText && options.find((option) => option.letter === letter)?.written) || target;
}
