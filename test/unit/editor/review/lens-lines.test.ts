import { describe, expect, it } from "vitest";
import { lensLines } from "../../../../src/editor/review/lens-lines.ts";

const regions = { contextLineCount: 3, minimumLineCount: 3 };

describe("the lines with the lenses of a proposal", () => {
  it("are the first line as long as VS Code shows it beside the change", () => {
    expect(lensLines(0, regions)).toEqual([0]);
    expect(lensLines(5, regions)).toEqual([0]);
  });

  it("are the first visible line where a list of diffs hides the lines above", () => {
    expect(lensLines(6, regions)).toEqual([3]);
    expect(lensLines(11, regions)).toEqual([8]);
    expect(lensLines(6, { contextLineCount: 1, minimumLineCount: 8 })).toEqual([0]);
  });

  it("are two where the change is far below", () => {
    expect(lensLines(12, regions)).toEqual([0, 12]);
  });
});
