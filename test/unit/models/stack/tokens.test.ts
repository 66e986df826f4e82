import { describe, expect, it } from "vitest";
import { CharactersPerToken } from "../../../../src/models/stack/tokens.ts";

const said = (characters: number) => [{ role: "user", content: "x".repeat(characters) }] as const;
const counted = (prompt: number) => ({ prompt, completion: 1, estimated: false });

describe("CharactersPerToken", () => {
  it("starts at 3.5 and learns each model's own from what servers count", () => {
    const ratio = new CharactersPerToken();
    expect(ratio.ofPrompt("a", said(350))).toBe(104);
    ratio.learn("a", said(400), counted(204));
    expect(ratio.of("a")).toBe(2);
    expect(ratio.ofPrompt("a", said(350))).toBe(179);
    expect(ratio.ofText("a", "x".repeat(11))).toBe(6);
    expect(ratio.of("b")).toBe(3.5);
    for (let reply = 0; reply < 100; reply++) ratio.learn("a", said(400), counted(104));
    expect(ratio.of("a")).toBeCloseTo(4, 2);
  });

  it("learns nothing from an estimate or from a count that can't be", () => {
    const ratio = new CharactersPerToken();
    ratio.learn("a", said(400), { ...counted(204), estimated: true });
    ratio.learn("a", said(400), counted(0));
    ratio.learn("a", said(400), counted(100_000));
    expect(ratio.of("a")).toBe(3.5);
  });
});
