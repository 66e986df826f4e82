import { describe, expect, it } from "vitest";
import type { Message } from "../../../../src/models/model.ts";
import { createSimulated } from "../../../../src/models/simulated/simulated.ts";
import { never, request } from "../fakes.ts";

/** Other forms of a rewrite than JSON with a hypothesis: between tags, and of several texts at once. */

const PLAN = "List the quantities in the problem.";
const SOLVE = "Add up the quantities and say how many there are.";
const QUESTION =
  "Mia has 3 boxes with 12 cards each and 5 single cards. Mia also has 4 beads and 9 shells. Mia buys two more cards. " +
  "Mia gives 7 cards to Tom. How many cards does Mia have now?";

const model = createSimulated();
const ask = async (system: string, user: string, schema?: Record<string, unknown>) => {
  const messages: Message[] = [
    { role: "system", content: system },
    { role: "user", content: user },
  ];
  const asked = request("", { model: "any", messages, ...(schema && { schema: { name: "s", schema } }) });
  return (await model.complete(asked, never)).text;
};

describe("a text between tags", () => {
  const TAGGED = "Improve the text. End with the whole text between <new_text> and </new_text>.";
  const rewrite = async (feedback: readonly string[], text = PLAN) => {
    const cases = feedback.map((one) => `<case>\n<feedback>\n${one}\n</feedback>\n</case>`);
    const reply = await ask(TAGGED, `<current_text>\n${text}\n</current_text>\n\n${cases.join("\n\n")}`);
    return /^<new_text>\n([\s\S]*)\n<\/new_text>$/.exec(reply)?.[1];
  };

  it("adds what the feedback asks for", async () => {
    expect(await rewrite(["Number words are missing.", "It ignores number words."])).toMatch(/words/);
  });

  it("stays as it is if every feedback is empty", async () => {
    expect(await rewrite(["", ""])).toBe(PLAN);
  });

  it("gets a sentence of no use, never a harmful one, if the feedback names only the right answer", async () => {
    for (const answer of ["12", "44", "7", "31", "9", "80"]) {
      const text = await rewrite([`The right answer is "${answer}". The answer was "50".`], SOLVE);
      expect(text?.startsWith(`${SOLVE}\n`)).toBe(true);
      expect(text).not.toMatch(/rough/i);
    }
  });

  it("is not written if no text is shown: the reply is the step's own work", async () => {
    expect(await ask(`${PLAN} Put it between <new_text> and </new_text>.`, QUESTION)).not.toContain("<new_text>");
  });
});

describe("several texts at once", () => {
  const variables = [
    `<variable name="plan">\n<current_text>\n${PLAN}\n</current_text>\n</variable>`,
    `<variable name="solve">\n<current_text>\n${SOLVE}\n</current_text>\n</variable>`,
  ].join("\n\n");
  const trace = async () => {
    const planned = await ask(PLAN, `<question>\n${QUESTION}\n</question>`);
    const solved = await ask(SOLVE, `<question>\n${QUESTION}\n</question>\n\n<plan>\n${planned}\n</plan>`);
    return [
      `<case id="1">\n<input id="question">\n${QUESTION}\n</input>`,
      `<value id="plan">\n${planned}\n</value>`,
      `<output>\n${solved}\n</output>`,
      '<feedback>\nThe right answer is "36".\n</feedback>\n</case>',
    ].join("\n");
  };
  const ASKED = "Reply with your reasoning between <reasoning> and </reasoning>, then each text that you change.";

  it("are rewritten from what each step gave, each between tags of its name", async () => {
    const reply = await ask(ASKED, `${variables}\n\n${await trace()}`);
    expect(reply).toMatch(/^<reasoning>/);
    const changed = Array.from(reply.matchAll(/<(plan|solve)>\n([\s\S]*?)\n<\/\1>/g), ([, name, text]) => [name, text]);
    expect(changed.length).toBeGreaterThan(0);
    for (const [name, text] of changed) expect(text).toMatch(new RegExp(`^${name === "plan" ? PLAN : SOLVE}\\n.`));
    expect(changed.some(([name]) => name === "plan")).toBe(true);
  });

  it("stay if no case shows what is missing, and the reply says so", async () => {
    expect(await ask(ASKED, `${variables}\n\n<case id="1">\n<output>\n36\n</output>\n</case>`)).toMatch(
      /<no_change>.+<\/no_change>$/,
    );
  });

  it("fill the object that a schema asks for, under their names", async () => {
    const text = { type: "string" };
    const schema = {
      type: "object",
      properties: {
        reasoning: text,
        suggestion: { type: "object", properties: { plan: text, solve: text }, required: ["plan", "solve"] },
      },
      required: ["reasoning", "suggestion"],
    };
    const reply = JSON.parse(await ask(ASKED, `${variables}\n\n${await trace()}`, schema));
    expect(reply.suggestion.plan).toMatch(new RegExp(`^${PLAN}`));
    expect(reply.suggestion.solve).toMatch(new RegExp(`^${SOLVE}`));
  });
});

describe("feedback on inputs alone", () => {
  it("is given under their ids, without a word on the instruction", async () => {
    const planned = await ask(PLAN, `<question>\n${QUESTION}\n</question>`);
    const shown = [
      `<instruction>\n${SOLVE}\n</instruction>`,
      `<input id="question">\n${QUESTION}\n</input>`,
      `<input id="plan">\n${planned}\n</input>`,
      "<output>\n50\n</output>",
      '<feedback>\nThe right answer is "36".\n</feedback>',
    ];
    const schema = { type: "object", properties: { plan: { type: "string" } }, required: ["plan"] };
    const reply = JSON.parse(await ask("Say how each input should change.", shown.join("\n\n"), schema));
    expect(Object.keys(reply)).toEqual(["plan"]);
    expect(reply.plan.length).toBeGreaterThan(10);
  });
});
