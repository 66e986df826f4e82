/** A text in a language: as with `vscode.l10n.t` the English text, a literal, is the key, and `{0}` is the first value. */
export type Translate = (text: string, ...values: (string | number)[]) => string;

/** What is counted in sentences. */
export type Counted =
  | "call"
  | "gradient"
  | "line"
  | "node"
  | "proposal"
  | "sample"
  | "proposed text"
  | "token"
  | "verdict";

/** How a person is spoken to: sentences through `t`, figures as their language writes them. */
export class Locale {
  readonly #figure: Intl.NumberFormat;
  readonly #whole: Intl.NumberFormat;

  /** @param language its BCP 47 tag */
  constructor(
    readonly t: Translate,
    readonly language: string,
  ) {
    this.#figure = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    this.#whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  }

  /** `0.85` */
  figure(value: number): string {
    return this.#figure.format(value);
  }

  /** `0.43 … 0.82` */
  range([low, high]: readonly [number, number]): string {
    return low === high ? this.figure(low) : `${this.figure(low)} … ${this.figure(high)}`;
  }

  /** `+0.25`, `−0.10` */
  signed(value: number): string {
    return `${value < 0 ? "−" : "+"}${this.figure(Math.abs(value))}`;
  }

  /** `12,345` */
  whole(value: number): string {
    return this.#whole.format(value);
  }

  /** `37 %` of a share of 0.37 */
  percent(share: number): string {
    return this.t("{0}%", this.whole(100 * share));
  }

  /** `p = 0.021`, `p < 0.001` */
  chance(p: number): string {
    if (p < 0.001) return `p < ${(0.001).toLocaleString(this.language)}`;
    return `p = ${p.toLocaleString(this.language, { minimumSignificantDigits: 2, maximumSignificantDigits: 2 })}`;
  }

  /** `$0.04`, `≈ $0.04` where nobody counted the tokens; `price unknown` */
  money(usd: number | null, estimated = false): string {
    if (usd === null) return this.t("price unknown");
    const digits = usd > 0 && usd < 0.01 ? 4 : 2;
    const format = { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol" } as const;
    const amount = usd.toLocaleString(this.language, { ...format, minimumFractionDigits: digits });
    return estimated && usd > 0 ? `≈ ${amount}` : amount;
  }

  /** `1.2 s`, `12 min 34 s` */
  seconds(milliseconds: number): string {
    const whole = Math.round(milliseconds / 1000);
    if (whole >= 100) return this.t("{0} min {1} s", Math.floor(whole / 60), whole % 60);
    const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
    return this.t("{0} s", (milliseconds / 1000).toLocaleString(this.language, digits));
  }

  /** `2026-11-21 10:53 UTC`: the same in every language and place. A log may name a time that is none. */
  moment(at: number): string {
    const date = new Date(at);
    return Number.isNaN(date.getTime()) ? "?" : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  }

  /** `1 sample`, `1,200 samples` */
  count(n: number, what: Counted): string {
    const { t } = this;
    const many = this.whole(n);
    const isOne = n === 1;
    switch (what) {
      case "call":
        return isOne ? t("1 call") : t("{0} calls", many);
      case "gradient":
        return isOne ? t("1 gradient") : t("{0} gradients", many);
      case "line":
        return isOne ? t("1 line") : t("{0} lines", many);
      case "node":
        return isOne ? t("1 node") : t("{0} nodes", many);
      case "proposal":
        return isOne ? t("1 proposal") : t("{0} proposals", many);
      case "sample":
        return isOne ? t("1 sample") : t("{0} samples", many);
      case "proposed text":
        return isOne ? t("1 proposed text") : t("{0} proposed texts", many);
      case "token":
        return isOne ? t("1 token") : t("{0} tokens", many);
      case "verdict":
        return isOne ? t("1 verdict") : t("{0} verdicts", many);
    }
  }
}

/** What the command line and the JSON form speak. */
export const ENGLISH = new Locale(
  (text, ...values) => text.replace(/\{(\d)\}/g, (place, index) => String(values[Number(index)] ?? place)),
  "en",
);
