import * as z from "zod";
import { lossBounds } from "../../../src/engine/gate/statistics.ts";
import type { Method } from "../../../src/engine/method.ts";
import { wholeNumber } from "../../../src/engine/options.ts";
import { withTexts } from "../../../src/engine/propose/candidate.ts";
import { thetaOf } from "../../../src/engine/theta.ts";

const options = z.strictObject({
  tries: wholeNumber("Rewrites to try.", { least: 1, byDefault: 10, example: 20 }),
});

export const randomSearch: Method<z.output<typeof options>> = {
  name: "random-search",
  describes: "Rewrites one text at a time and keeps what the gate accepts.",
  options,
  iterations: ({ tries }) => tries,
  async *run(_, { tries }, engine) {
    let texts = engine.start;
    for (let iteration = 1; iteration <= tries && !engine.isStopping; iteration++) {
      const { id = "" } = engine.parameters[Math.floor(engine.random() * engine.parameters.length)] ?? {};
      const draft = await engine.ask({
        parameter: id,
        messages: [{ role: "user", content: `Write a better version between <text> and </text>:\n${texts[id]}` }],
        form: { tags: ["text"], read: ({ text }) => (text ? { text, hypothesis: "" } : null) },
        index: iteration,
        temperature: 1,
      });
      const candidate = await engine.candidate(id, texts, draft);
      const comparison = candidate && (await engine.compare(texts, withTexts(texts, [candidate])));
      if (comparison) await engine.judge([candidate], comparison);
      const isAccepted = comparison?.verdict.decision === "accepted";
      if (isAccepted) texts = comparison.after;
      const accepted = candidate && isAccepted ? [candidate.id] : [];
      const validationLoss = lossBounds(engine.pairs(texts, texts));
      yield { type: "iteration", iteration, theta: thetaOf(texts), accepted, batch: [], looked: 0, validationLoss };
    }
    return texts;
  },
};
