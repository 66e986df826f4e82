/** Translates a text. As with `vscode.l10n.t`, the key is the English text, a literal, and `{0}` is the first value. */
export type Translate = (text: string, ...values: (string | number)[]) => string;

/** Marks a text that is translated where it is shown: `locale.t(text)`. */
export function translatable(text: string): string {
  return text;
}

/** Nouns that are counted in sentences, each with a singular and a plural. */
export type Counted =
  | "answer"
  | "attempt"
  | "byte"
  | "call"
  | "cell"
  | "change"
  | "character"
  | "column"
  | "entry"
  | "error"
  | "file"
  | "format error"
  | "gradient"
  | "line"
  | "node"
  | "number"
  | "option"
  | "proposal"
  | "repeat"
  | "rewrite"
  | "row"
  | "run"
  | "sample"
  | "proposed text"
  | "test sample"
  | "token"
  | "training sample"
  | "validation sample"
  | "value"
  | "verdict"
  | "warning"
  | "word";

/** US dollars: the smallest amount that is shown. */
const LEAST_MONEY = 0.0001;

/** Less than this is noise of adding up floating-point numbers. */
const NOISE = 1e-9;

/**
 * Rounds a share or a score from 0 to 1 so that only all reads as 1 and only nothing as 0: 0.998 with two digits is 0.99.
 * Other values are returned as they are.
 * @param digits digits after the decimal point that are shown
 */
export function roundedInside(value: number, digits: number): number {
  const step = 10 ** -digits;
  if (value > 1 - step / 2 - NOISE && value < 1 - NOISE) return 1 - step;
  return value < step / 2 && value > NOISE ? step : value;
}

/** The reader's language: `t` translates sentences, and numbers are formatted for the language. */
export class Locale {
  readonly #decimal: Intl.NumberFormat;
  readonly #integer: Intl.NumberFormat;
  readonly #compact: Intl.NumberFormat;
  /** Formats that few texts need, by their options: to make one takes a hundred times as long as to use it. */
  readonly #formats = new Map<string, Intl.NumberFormat>();

  /** @param language BCP 47 tag */
  constructor(
    readonly t: Translate,
    readonly language: string,
  ) {
    this.#decimal = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    this.#integer = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
    this.#compact = new Intl.NumberFormat(language, { notation: "compact", maximumSignificantDigits: 3 });
  }

  /** A score or a loss: `0.85`. 1.00 and 0.00 only if nothing is missing. */
  decimal(value: number): string {
    return this.#decimal.format(roundedInside(value, 2));
  }

  #format(options: Intl.NumberFormatOptions): Intl.NumberFormat {
    const key = JSON.stringify(options);
    const format = this.#formats.get(key) ?? new Intl.NumberFormat(this.language, options);
    this.#formats.set(key, format);
    return format;
  }

  /** `0.43 … 0.82` */
  range([low, high]: readonly [number, number]): string {
    return low === high ? this.decimal(low) : `${this.decimal(low)} … ${this.decimal(high)}`;
  }

  /** `+0.25`, `−0.10` */
  signed(value: number): string {
    return `${value < 0 ? "−" : "+"}${this.#decimal.format(Math.abs(value))}`;
  }

  /** `12,345` */
  integer(value: number): string {
    return this.#integer.format(value);
  }

  /** `9,999`, `12.3K`, `4.5M` */
  compact(value: number): string {
    return value < 10_000 ? this.integer(value) : this.#compact.format(value);
  }

  /** `37%` for a share of 0.37; 100% and 0% only for all and nothing. */
  percent(share: number): string {
    return this.t("{0}%", this.integer(100 * roundedInside(share, 2)));
  }

  /** `p = 0.021`, `p < 0.001` */
  pValue(p: number): string {
    if (p < 0.001) return `p < ${this.#format({}).format(0.001)}`;
    return `p = ${this.#format({ minimumSignificantDigits: 2, maximumSignificantDigits: 2 }).format(p)}`;
  }

  /**
   * `$0.04`, `$0.0004`, `< $0.0001`; `price unknown` for null.
   * @param isEstimated the tokens were not counted by the provider: `≈ $0.04`
   */
  money(usd: number | null, isEstimated = false): string {
    if (usd === null) return this.t("price unknown");
    const digits = usd > 0 && usd < 0.01 ? 4 : 2;
    const format = { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol" } as const;
    const isTiny = usd > 0 && usd < LEAST_MONEY / 2;
    const shown = isTiny ? LEAST_MONEY : usd;
    const amount = this.#format({ ...format, minimumFractionDigits: digits }).format(shown);
    if (isTiny) return `< ${amount}`;
    return isEstimated && usd > 0 ? `≈ ${amount}` : amount;
  }

  /** `1.2 s`, `45 s`, `12 min 34 s`, `1 h 5 min` */
  duration(milliseconds: number): string {
    const { t } = this;
    if (milliseconds < 9950) {
      return t("{0} s", (milliseconds / 1000).toLocaleString(this.language, { maximumFractionDigits: 1 }));
    }
    const seconds = Math.round(milliseconds / 1000);
    if (seconds < 60) return t("{0} s", seconds);
    const minutes = Math.floor(seconds / 60);
    return minutes < 60
      ? t("{0} min {1} s", minutes, seconds % 60)
      : t("{0} h {1} min", Math.floor(minutes / 60), minutes % 60);
  }

  /** `2026-11-21 10:53 UTC`, the same in every language and time zone; `?` for an invalid time in a log. */
  timestamp(at: number): string {
    const date = new Date(at);
    return Number.isNaN(date.getTime()) ? "?" : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  }

  /** `1 sample`, `1,200 samples` */
  count(n: number, what: Counted): string {
    const { t } = this;
    const many = this.integer(n);
    const isOne = n === 1;
    switch (what) {
      case "answer":
        return isOne ? t("1 answer") : t("{0} answers", many);
      case "attempt":
        return isOne ? t("1 attempt") : t("{0} attempts", many);
      case "byte":
        return isOne ? t("1 byte") : t("{0} bytes", many);
      case "call":
        return isOne ? t("1 call") : t("{0} calls", many);
      case "cell":
        return isOne ? t("1 cell") : t("{0} cells", many);
      case "change":
        return isOne ? t("1 change") : t("{0} changes", many);
      case "character":
        return isOne ? t("1 character") : t("{0} characters", many);
      case "column":
        return isOne ? t("1 column") : t("{0} columns", many);
      case "entry":
        return isOne ? t("1 entry") : t("{0} entries", many);
      case "error":
        return isOne ? t("1 error") : t("{0} errors", many);
      case "file":
        return isOne ? t("1 file") : t("{0} files", many);
      case "format error":
        return isOne ? t("1 format error") : t("{0} format errors", many);
      case "gradient":
        return isOne ? t("1 gradient") : t("{0} gradients", many);
      case "line":
        return isOne ? t("1 line") : t("{0} lines", many);
      case "node":
        return isOne ? t("1 node") : t("{0} nodes", many);
      case "number":
        return isOne ? t("1 number") : t("{0} numbers", many);
      case "option":
        return isOne ? t("1 option") : t("{0} options", many);
      case "proposal":
        return isOne ? t("1 proposal") : t("{0} proposals", many);
      case "repeat":
        return isOne ? t("1 repeat") : t("{0} repeats", many);
      case "rewrite":
        return isOne ? t("1 rewrite") : t("{0} rewrites", many);
      case "row":
        return isOne ? t("1 row") : t("{0} rows", many);
      case "run":
        return isOne ? t("1 run") : t("{0} runs", many);
      case "sample":
        return isOne ? t("1 sample") : t("{0} samples", many);
      case "proposed text":
        return isOne ? t("1 proposed text") : t("{0} proposed texts", many);
      case "test sample":
        return isOne ? t("1 test sample") : t("{0} test samples", many);
      case "token":
        return isOne ? t("1 token") : t("{0} tokens", many);
      case "training sample":
        return isOne ? t("1 training sample") : t("{0} training samples", many);
      case "validation sample":
        return isOne ? t("1 validation sample") : t("{0} validation samples", many);
      case "value":
        return isOne ? t("1 value") : t("{0} values", many);
      case "verdict":
        return isOne ? t("1 verdict") : t("{0} verdicts", many);
      case "warning":
        return isOne ? t("1 warning") : t("{0} warnings", many);
      case "word":
        return isOne ? t("1 word") : t("{0} words", many);
    }
  }
}

/** For the command line, the JSON version of a report, and documents whose faults no one reads. */
export const ENGLISH = new Locale(
  (text, ...values) => text.replace(/\{(\d)\}/g, (place, index) => String(values[Number(index)] ?? place)),
  "en",
);
