import { expect, it } from "vitest";
import { ENGLISH } from "../../../../src/i18n/locale.ts";
import type { Comparison, SampleRow } from "../../../../src/run/report/report.ts";
import { sideBySide } from "../../../../src/run/report/tables/side-by-side.ts";

it("a sample that is wrong because of one node shows the values of that node", () => {
  const answer = (text: string, urgency: string) => ({
    text,
    score: 0.5,
    votes: [],
    nodes: { urgency: { text: urgency, score: 0 } },
  });
  const row: SampleRow = {
    id: "1",
    inputs: { ticket: "Charged twice" },
    expected: ["billing"],
    nodes: { urgency: ["no"] },
    before: answer("billing", "perhaps"),
    after: answer("billing", "yes"),
    change: "wrong",
  };
  const shown = sideBySide({ split: "test", samples: [row] } as unknown as Comparison, ENGLISH).text;
  expect(shown).toContain("billing · urgency: no");
  expect(shown).toContain("billing · urgency: perhaps");
  expect(shown).toContain("billing · urgency: yes");
});
