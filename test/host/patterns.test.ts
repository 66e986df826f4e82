import assert from "node:assert/strict";
import { makeLoss } from "../../src/loss/make.ts";

describe("a pattern of a file", () => {
  it("that does not end never blocks the extension host, no matter how many answers it is matched against", async () => {
    const loss = makeLoss({ kind: "regex", pattern: "(x+x+)+y", flags: "" });
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    const score = async (answer: string, at: number) =>
      (await loss.score({ id: `${at}`, inputs: {}, targets: ["xx"], feedback: null }, answer)).loss;
    const answers = Array.from({ length: 100 }, (_, at) => (at === 2 ? "xxy" : "x".repeat(60 + at)));
    const results = await Promise.all(answers.map((answer, at) => score(answer, at).catch(({ name }: Error) => name)));
    clearInterval(timer);
    assert.equal(results.filter((result) => result === "PatternTimeout").length, 99);
    assert.equal(results[2], 0);
    // Were it matched here, no timer would ever have come to its turn.
    assert.ok(turns > 99, `${turns} turns`);
  });
});
