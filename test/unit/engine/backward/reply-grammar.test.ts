import fc from "fast-check";
import { expect, test } from "vitest";
import { readProposal } from "../../../../src/engine/propose/optimizer-prompt.ts";
import { readReply } from "../../../../src/graph/replies/read-reply.ts";
import { llm } from "../fixtures.ts";
import { type Written, writtenReply } from "./reply-grammar.ts";

/** `REPLIES=100000 npx vitest run test/unit/engine/backward/reply-grammar.test.ts` */
const RUNS = Number(process.env.REPLIES ?? 2000);
/** The same replies each time, unless many are asked for. */
const SEED = process.env.REPLIES ? {} : { seed: 1 };
const NODE = llm("a", ["question"], { text: "Do it." });

/** The text that is put before the gate; null: the reply is asked for again. */
function proposed(reply: string): string | null {
  const read = (value: unknown) => readProposal(value, NODE, NODE.text);
  const found = readReply(reply, { keys: ["hypothesis", "text"], read, loosely: true });
  return found && found.doubts.length + found.value.doubts.length === 0 ? found.value.text : null;
}

test("of a reply in any wrapping the text that was meant is proposed, or nothing", () => {
  const figures = { read: 0, asked: 0 };
  const damaged: Written[] = [];
  const refused: Written[] = [];
  fc.assert(
    fc.property(writtenReply, (written) => {
      const text = proposed(written.reply);
      figures[text === null ? "asked" : "read"] += 1;
      if (text !== null && text !== written.meant) damaged.push(written);
      if (text === null && written.wellFormed) refused.push(written);
    }),
    { numRuns: RUNS, ...SEED },
  );
  if (process.env.REPLIES) {
    console.log(figures, "damaged", damaged.length, "well-formed but refused", refused.length);
    for (const one of new Map([...damaged].map((each) => [each.how, each])).values()) {
      console.log(
        `DAMAGED ${one.how}\nREPLY ${one.reply}\nMEANT ${JSON.stringify(one.meant)}\nGOT   ${JSON.stringify(proposed(one.reply))}\n`,
      );
    }
    for (const one of new Map([...refused].map((each) => [each.how, each])).values())
      console.log(`REFUSED ${one.how}\n${one.reply}\n`);
  }
  expect(damaged).toEqual([]);
  expect(refused).toEqual([]);
  expect(figures.read).toBeGreaterThan(figures.asked / 4);
});

test("of valid JSON every text is read to the letter, or asked for again", () => {
  const token = fc.constantFrom(
    ..."\"'`\\{}[],:<>/#*-|$&; ",
    "\n",
    "a",
    "n",
    "t",
    "x",
    "u0041",
    "text",
    "```",
    "<text>",
    "é",
    "🎉",
  );
  const figures = { read: 0, asked: 0 };
  fc.assert(
    fc.property(fc.array(token, { minLength: 1, maxLength: 25 }), fc.constantFrom(0, 2), (tokens, indent) => {
      const meant = `Do ${tokens.join("")} now.`;
      const text = proposed(JSON.stringify({ hypothesis: "h", text: meant }, null, indent));
      figures[text === null ? "asked" : "read"] += 1;
      if (text !== null) expect(text).toBe(meant);
    }),
    { numRuns: RUNS, ...SEED },
  );
  expect(figures.read).toBeGreaterThan(figures.asked);
});
