import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { sha256 } from "../../../../src/graph/text/sha256.ts";

it("is SHA-256 of a text's UTF-8, also with unpaired surrogates", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const cut = text.slice(0, -1);
      for (const one of [text, cut]) expect(sha256(one)).toBe(createHash("sha256").update(one).digest("hex"));
    }),
  );
});
