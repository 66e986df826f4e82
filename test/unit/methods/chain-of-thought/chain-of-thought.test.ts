import { describe, expect, it } from "vitest";
import type { Loss } from "../../../../src/loss/loss.ts";
import type { ModelRequest } from "../../../../src/models/model.ts";
import { ofType } from "../../engine/fixtures.ts";
import { expectGolden } from "../../engine/golden.ts";
import { run } from "../../engine/runs.ts";
import { reply } from "../../models/fakes.ts";
import { sequenceOf } from "../sequence.ts";

const options = { method: "chain-of-thought" };
const SUFFIX = "Let's think step by step.";

/** Right is what the last step gives with the suffix in its prompt. */
const loss: Loss = {
  kind: "helped",
  describe: () => "",
  score: (_, answer) => {
    const wrong = answer === "right" ? 0 : 1;
    return { loss: wrong, lenient: wrong, criticism: "" };
  },
};
const helped = ({ messages }: ModelRequest) =>
  Promise.resolve(reply(messages.some(({ content }) => content.includes(SUFFIX)) ? "right" : "wrong"));

describe("chain-of-thought", () => {
  it("puts the suffix behind every instruction, asks nobody for a text, and lets the gate decide on all together", async () => {
    const { events, provider, finished } = await run({ options, samples: 6 });
    expectGolden("methods/chain-of-thought.txt", sequenceOf(events));
    expect(provider.seen.every(({ tag }) => tag.purpose === "forward")).toBe(true);
    const texts = ofType(events, "attempt").map(({ text }) => text);
    expect(texts.length).toBeGreaterThan(1);
    expect(texts.every((text) => text.endsWith(SUFFIX))).toBe(true);
    expect(finished.texts).toEqual(ofType(events, "started")[0]?.texts);
  });

  it("returns the texts with the suffix where the gate accepts them", async () => {
    const { finished, events } = await run({ options, samples: 6, loss, instead: helped });
    expect(ofType(events, "verdict")[0]?.verdict.decision).toBe("accepted");
    expect(Object.values(finished.texts).every((text) => text.endsWith(SUFFIX))).toBe(true);
  });
});
