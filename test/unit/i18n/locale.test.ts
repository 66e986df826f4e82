import { expect, it } from "vitest";
import { ENGLISH } from "../../../src/i18n/locale.ts";

it("never shows paid as free", () => {
  const shown = [0, 1e-9, 0.00004, 0.00005, 0.0004, 0.04, 1234.5].map((usd) => ENGLISH.money(usd));
  expect(shown).toEqual(["$0.00", "< $0.0001", "< $0.0001", "$0.0001", "$0.0004", "$0.04", "$1,234.50"]);
  expect([0, 1e-9, 0.04].map((usd) => ENGLISH.money(usd, true))).toEqual(["$0.00", "< $0.0001", "≈ $0.04"]);
  expect(ENGLISH.money(null)).toBe("price unknown");
});
