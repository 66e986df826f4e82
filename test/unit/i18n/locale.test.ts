import { expect, it, vi } from "vitest";
import { ENGLISH, Locale } from "../../../src/i18n/locale.ts";

it("never shows paid as free", () => {
  const shown = [0, 1e-9, 0.00004, 0.00005, 0.0004, 0.04, 1234.5].map((usd) => ENGLISH.money(usd));
  expect(shown).toEqual(["$0.00", "< $0.0001", "< $0.0001", "$0.0001", "$0.0004", "$0.04", "$1,234.50"]);
  expect([0, 1e-9, 0.04].map((usd) => ENGLISH.money(usd, true))).toEqual(["$0.00", "< $0.0001", "≈ $0.04"]);
  expect(ENGLISH.money(null)).toBe("price unknown");
});

it("calls a score perfect or zero only if it is", () => {
  const shares = [0, 1e-17, 0.001, 0.004, 0.005, 0.5, 0.995, 0.9999, 1 - 1e-16, 1, 1.004];
  const decimals = shares.map((share) => ENGLISH.decimal(share));
  expect(decimals).toEqual(["0.00", "0.00", "0.01", "0.01", "0.01", "0.50", "0.99", "0.99", "1.00", "1.00", "1.00"]);
  const percents = shares.map((share) => ENGLISH.percent(share));
  expect(percents).toEqual(["0%", "0%", "1%", "1%", "1%", "50%", "99%", "99%", "100%", "100%", "100%"]);
  expect(ENGLISH.signed(0.001)).toBe("+0.00");
});

it("makes a format of numbers once, however many are written", () => {
  const locale = new Locale(ENGLISH.t, "de");
  let made = 0;
  class Counted extends Intl.NumberFormat {
    constructor(...given: ConstructorParameters<typeof Intl.NumberFormat>) {
      super(...given);
      made += 1;
    }
  }
  vi.stubGlobal("Intl", { NumberFormat: Counted });
  const shown = vi.spyOn(Number.prototype, "toLocaleString");
  const values = [0.5, 0.02, 0.00001, 0.004, 12].map((value) => [locale.pValue(value), locale.money(value)]);
  made += shown.mock.calls.length;
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  expect(values.slice(0, 3).map(([p]) => p)).toEqual(["p = 0,50", "p = 0,020", "p < 0,001"]);
  expect(made).toBe(4);
});
