import { describe, expect, it } from "vitest";
import type { Candidate } from "../../../../src/engine/propose/candidate.ts";
import { successiveHalving } from "../../../../src/methods/semantic/successive-halving.ts";
import { candidate, sampleOf } from "../../engine/fixtures.ts";

const samples = Array.from({ length: 8 }, (_, index) => sampleOf(`s${index}`));

/** Each text goes right on so many of the samples, from the first on. */
async function run(candidates: readonly Candidate[], rightOn: Readonly<Record<string, number>>) {
  const looked: string[] = [];
  const result = await successiveHalving(candidates, { a: "old a", b: "old b" }, samples, async (texts, { id }) => {
    const text = Object.values(texts).find((one) => !one.startsWith("old"))!;
    looked.push(`${text} ${id}`);
    return Number(id.slice(1)) < (rightOn[text] ?? 0) ? 0 : 1;
  });
  const texts = (of: readonly Candidate[]) => of.map(({ text }) => text);
  return { winners: texts(result.winners), losers: texts(result.losers), looked };
}

describe("a race of proposals for one parameter", () => {
  it("is won by the one that goes right most often, and looks at half of them on twice as many samples", async () => {
    const four = ["a0", "a1", "a4", "a8"].map((text) => candidate("a", text));
    const { winners, losers, looked } = await run(four, { a1: 1, a4: 4, a8: 8 });
    expect(winners).toEqual(["a8"]);
    expect(losers).toEqual(["a0", "a1", "a4"]);
    expect(looked.filter((one) => one.startsWith("a0"))).toEqual(["a0 s0", "a0 s1"]);
    // Both are right on the first four: only the third round can tell them apart.
    expect(new Set(looked.filter((one) => one.startsWith("a4"))).size).toBe(8);
  });

  it("keeps the first of equals, and costs nothing if there is no rival", async () => {
    const { winners, losers } = await run([candidate("a", "a1"), candidate("a", "a2")], {});
    expect([winners, losers]).toEqual([["a1"], ["a2"]]);
    const alone = await run([candidate("a", "a1"), candidate("b", "b1")], {});
    expect(alone).toEqual({ winners: ["a1", "b1"], losers: [], looked: [] });
  });

  it("runs each parameter on its own", async () => {
    const rivals = ["a1", "a2", "b1", "b2"].map((text) => candidate(text.slice(0, 1), text));
    expect((await run(rivals, { a2: 2, b1: 1 })).winners).toEqual(["a2", "b1"]);
  });
});
