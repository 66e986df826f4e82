import { describe, expect, it } from "vitest";
import { t, translationsOf } from "../../../webview/l10n.ts";

describe("the page's words", () => {
  it("a text with no translation stays English, with its values in place", () => {
    expect(t("{0} of {1}", 3, "$5")).toBe("3 of $5");
    expect(t("{1} before {0}", "{1}", "b")).toBe("b before {1}");
    expect(t("{0} of {1}", 3)).toBe("3 of {1}");
  });

  it("takes texts from the host and nothing else", () => {
    expect([...translationsOf(`{"Keys":"Tasten","Legend":7,"Graph":"","Run":null}`)]).toEqual([["Keys", "Tasten"]]);
    for (const broken of [undefined, "", "null", "7", "{", `"text"`, "[1]"])
      expect(translationsOf(broken).size).toBe(0);
  });
});
