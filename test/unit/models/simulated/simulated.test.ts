import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Message } from "../../../../src/models/model.ts";
import { stepOf, TASKS } from "../../../../src/models/simulated/forward.ts";
import { createSimulated } from "../../../../src/models/simulated/simulated.ts";
import { FakeClock, never, request } from "../fakes.ts";

const model = createSimulated();
const ask = async (messages: Message[], schema?: Record<string, unknown>) => {
  const asked = request("", { model: "any", messages, ...(schema && { schema: { name: "s", schema } }) });
  return (await model.complete(asked, never)).text;
};
const user = (content: string): Message => ({ role: "user", content });
const system = (content: string): Message => ({ role: "system", content });

const QUESTION =
  "Mia has 3 boxes with 12 cards each and 5 single cards. Mia also has 4 beads and 9 shells. Mia buys two more cards. " +
  "Mia gives 7 cards to Tom. How many cards does Mia have now?";
const PLAN = "List the quantities in the problem.";
const SOLVE = "Add up the quantities and say how many there are.";
const question = user(`<question>\n${QUESTION}\n</question>`);
const planned = (plan: string) => user(`<question>\n${QUESTION}\n</question>\n\n<plan>\n${plan}\n</plan>`);

it("answers a question of megabytes as soon as any other", async () => {
  for (const text of ["x", "Mia has 3 cards. "]) {
    expect(await ask([user(`<question>\n${text.repeat((10 * 2 ** 20) / text.length)}\n</question>`)])).not.toBe("");
  }
});

describe("skills", () => {
  const texts = TASKS.flatMap(({ steps, text }) => [...steps, ...(text ? [text] : [])]);

  it("are found in every way that advice and complaints say them, and only there", () => {
    for (const { skills } of texts) {
      for (const skill of skills) {
        for (const words of [...skill.advice, ...skill.complaint]) {
          const found = skills.filter(({ asked }) => asked.test(words));
          expect(found, words).toEqual([skill]);
        }
      }
    }
  });

  it("stay with the step whose instruction they are added to", () => {
    for (const { steps } of TASKS) {
      for (const step of steps) {
        const stem = [PLAN, SOLVE, ...STARTS].find((text) => stepOf(text) === step);
        expect(stem, String(step.stem)).toBeDefined();
        for (const words of step.skills.flatMap(({ advice }) => advice)) {
          expect(stepOf(`${stem}\n${words}`), words).toBe(step);
        }
      }
    }
  });
});

const STARTS = [
  "List the goods on the receipt with their amounts.",
  "List the price of one piece of each good.",
  "Say what the goods cost together.",
  "Write down the name of the customer.",
  "Count the goods in the order.",
  "Add up the weights of the goods.",
  "Say which shipping service is named.",
  "Find the postcode in the order.",
  "Join the five parts with hyphens.",
];

describe("forward", () => {
  it("computes what it is requested, and no more", async () => {
    expect(await ask([system(PLAN), question])).toBe(
      "Quantities:\n- has 12 cards\n- has 5 cards\n- has 4 beads\n- has 9 shells\n- gives 7 cards",
    );
    const skilled = `${PLAN} Multiply groups by their size. Also take number words. Skip what is not asked for.`;
    expect(await ask([system(skilled), question])).toBe(
      "Quantities:\n- has 3 x 12 cards\n- has 5 cards\n- buys 2 cards\n- gives 7 cards",
    );
  });

  it("works on what the step before gave it, right or wrong", async () => {
    const plan = "Quantities:\n- has 3 x 12 cards\n- gives 7 cards";
    expect(await ask([system(SOLVE), planned(plan)])).toBe("There are 43 now.");
    expect(await ask([system(`${SOLVE} Deduct what is gone. Just the number, please.`), planned(plan)])).toBe("29");
    expect(await ask([system(`${SOLVE} Only the number.`), planned("Quantities:\n- has 90 cards")])).toBe("90");
  });

  it("takes a text that is beside the instruction for part of what it is asked", async () => {
    const receipt = "Receipt: a dozen eggs at 50 cents each. How much do the groceries cost in dollars?";
    const amounts = "List the goods on the receipt with their amounts.";
    const shown = (rules: string) => [
      system(amounts),
      user(`<question>\n${receipt}\n</question>\n\n<rules>\n${rules}\n</rules>`),
    ];
    expect(await ask(shown("House rules: be brief."))).toBe("Amounts: eggs 1");
    expect(await ask(shown("House rules: be brief. A dozen is 12."))).toBe("Amounts: eggs 12");
  });

  it("does not care how instruction and inputs are delimited", async () => {
    const plain = await ask([user(`${PLAN}\n\nQUESTION >>> ${QUESTION}`)]);
    expect(plain).toBe(await ask([system(PLAN), question]));
  });

  it("says who is speaking if it does not know the work", async () => {
    expect(await ask([system("Translate into French."), user("<text>\nGood morning\n</text>")])).toMatch(
      /^Simulated reply to: [\s\S]*Good morning/,
    );
  });
});

/** The same backward prompt in the wording of three different authors. */
const WORDINGS: Record<string, (instruction: string, plan: string, result: string, gradient: string) => Message[]> = {
  tags: (instruction, plan, result, gradient) => [
    system("You give feedback. Everything between tags is material."),
    user(
      `<query>\nquestion: ${QUESTION}\n</query>\n<instruction>\n${instruction}\n</instruction>\n` +
        `<input id="question" role="a word problem">\n${QUESTION}\n</input>\n` +
        `<input id="plan" role="lists what the question is about">\n${plan}\n</input>\n` +
        `<result>\n${result}\n</result>\n<feedback>\n${gradient}\n</feedback>`,
    ),
  ],
  headings: (instruction, plan, result, gradient) => [
    user(
      `# Your job\nCriticise a node.\n\n## Instruction\n${instruction}\n\n## question\n${QUESTION}\n\n` +
        `## plan (a predecessor)\n${plan}\n\n## Output of the node\n${result}\n\n## Gradient\n${gradient}\n`,
    ),
  ],
  fences: (instruction, plan, result, gradient) => [
    user(
      `The node's prompt:\n\`\`\`\n${instruction}\n\`\`\`\nValue of question\n\`\`\`text\n${QUESTION}\n\`\`\`\n` +
        `Value of plan\n\`\`\`\n${plan}\n\`\`\`\nIt answered\n\`\`\`\n${result}\n\`\`\`\nCriticism\n\`\`\`\n${gradient}\n\`\`\``,
    ),
  ],
};

const flat = (keys: string[]) => ({
  type: "object",
  properties: Object.fromEntries(keys.map((key) => [key, { type: "string" }])),
});
const GRADIENT = "Expected 36, got 43.";
const PERFECT_PLAN = "Quantities:\n- has 3 x 12 cards\n- has 5 cards\n- buys 2 cards\n- gives 7 cards";

type Feedback = Record<string, string>;

/** Answers to twenty prompts that differ in nothing that matters: now and then one says nothing of use. */
async function feedbackOn(messages: Message[], keys: string[]): Promise<Feedback[]> {
  const [last, ...rest] = [...messages].reverse();
  const all: Feedback[] = [];
  for (let index = 0; index < 20; index++) {
    const varied = user(`${last?.content}\n\n(case ${index})`);
    all.push(JSON.parse(await ask([...rest.reverse(), varied], flat(keys))));
  }
  return all;
}

/** At least 14 of 20 are as they should be; the others send one vague sentence somewhere. */
function expectMostly(all: readonly Feedback[], wanted: Record<string, RegExp>) {
  const fits = (said: Feedback) => Object.entries(wanted).every(([key, words]) => words.test(said[key] ?? "missing"));
  expect(all.filter(fits).length, JSON.stringify(all.slice(0, 3))).toBeGreaterThanOrEqual(14);
}

describe("backward", () => {
  const keys = ["question", "plan", "instruction"];

  describe.each(Object.entries(WORDINGS))("in the wording of %s", (_, write) => {
    it("blames the value that is wrong, in words that say what it lacks", async () => {
      const plan = PERFECT_PLAN.replace("3 x 12", "12");
      const messages = write(`${SOLVE} Subtract what is given away. Only the number.`, plan, "12", GRADIENT);
      const all = await feedbackOn(messages, keys);
      expectMostly(all, { question: /^$/, plan: /multiplied|times/, instruction: /^$/ });
    });

    it("blames the instruction if the inputs were right", async () => {
      const all = await feedbackOn(write(`${SOLVE} Only the number.`, PERFECT_PLAN, "50", GRADIENT), keys);
      expectMostly(all, { question: /^$/, plan: /^$/, instruction: /subtract|take away|minus/i });
    });
  });

  it.each([
    ["An amount that is written as a word is missing.", /word/],
    ["Several boxes are listed as if there were one; multiply.", /multiply|times/i],
  ])("of a step inside follows the gradient on it: %s", async (gradient, words) => {
    const value = PERFECT_PLAN.replace("3 x 12", "12").replace("- buys 2 cards\n", "");
    const messages = WORDINGS.tags?.(`${PLAN} Leave out what is not asked for.`, "", value, gradient) ?? [];
    expectMostly(await feedbackOn(messages, ["question", "instruction"]), { question: /^$/, instruction: words });
  });

  it("sends what a shared text must say to the shared text", async () => {
    const receipt = "Receipt: a dozen eggs at 2 dollars each. How much do the groceries cost in dollars?";
    const text =
      `<instruction>\nList the goods on the receipt with their amounts.\n</instruction>\n` +
      `<input id="question">\n${receipt}\n</input>\n<input id="rules">\nHouse rules: be brief.\n</input>\n` +
      `<result>\nAmounts: eggs 1\n</result>\n<feedback>\nA dozen is taken for one piece.\n</feedback>`;
    const all = await feedbackOn([user(text)], ["question", "rules", "instruction"]);
    expectMostly(all, { question: /^$/, rules: /dozen/, instruction: /^$/ });
  });

  it("is asked for in words alone if the server takes no schema", async () => {
    const [, shown] = WORDINGS.tags?.(`${SOLVE} Only the number.`, PERFECT_PLAN, "50", GRADIENT) ?? [];
    const order = system('Reply with one JSON object with the keys "question", "plan", "instruction".');
    expect(Object.keys(JSON.parse(await ask([order, shown ?? user("")])))).toEqual(keys);
  });
});

describe("optimizer", () => {
  const schema = flat(["hypothesis", "text"]);
  const prompt = (feedback: string[], more = "") =>
    `<current_text>\n${PLAN}\n</current_text>\n${feedback
      .map((text, index) => `<case id="${index}">\n<feedback>\n${text}\n</feedback>\n</case>`)
      .join("\n")}\n${more}`;
  const rewrites = async (write: (index: number) => string) => {
    const all = [];
    for (let index = 0; index < 40; index++) {
      all.push(JSON.parse(await ask([user(write(index))], schema)) as { hypothesis: string; text: string });
    }
    return all;
  };

  it("keeps the old text and adds what most of the feedback asks for, but for some bad ideas", async () => {
    const all = await rewrites((index) =>
      prompt(["Multiply the boxes.", "It ignores number words.", "Number words are missing."], `<n>${index}</n>`),
    );
    for (const { text, hypothesis } of all) {
      expect(text.startsWith(`${PLAN}\n`)).toBe(true);
      expect(hypothesis).not.toBe("");
    }
    const useful = all.filter(({ text }) => /words/.test(text));
    expect(useful.length).toBeGreaterThan(28);
    expect(useful.length).toBeLessThan(40);
  });

  it("does not repeat what it is shown as tried", async () => {
    const feedback = ["Number words are missing."];
    const first = (await rewrites(() => prompt(feedback)))[0]?.text ?? "";
    const history = `<history>\n<rejected>\n${first}\n</rejected>\n</history>`;
    for (const { text } of await rewrites((index) => prompt(feedback, `${history}<n>${index}</n>`))) {
      expect(text).not.toBe(first);
    }
  });

  it("guesses once if the feedback names nothing, badly, and then leaves the text as it is", async () => {
    const vague = ["Work more carefully.", "Think about it again."];
    const [guess] = await rewrites(() => prompt(vague));
    expect(guess?.text).toMatch(new RegExp(`^${PLAN}\\n.`));
    const rough = await ask([system(guess?.text ?? ""), question]);
    expect(rough).not.toBe(await ask([system(PLAN), question]));
    const [later] = await rewrites(() => prompt(vague, `<rejected>\n${guess?.text}\n</rejected>`));
    expect(later?.text).toBe(PLAN);
  });

  it("builds on the best attempt if no case is shown, and some of its ideas are of use", async () => {
    const attempts = [
      `<attempt score="20.0">\n${PLAN}\n</attempt>`,
      `<attempt score="55.0">\n${PLAN} Best.\n</attempt>`,
    ];
    const all = await rewrites((index) => `${attempts.join("\n\n")}\n<n>${index}</n>`);
    expect(all.every(({ text }) => text.startsWith(`${PLAN} Best.\n`))).toBe(true);
    const useful = all.filter(({ text }) => /words|unit|number/i.test(text.slice(PLAN.length)));
    expect(useful.length).toBeGreaterThan(4);
    expect(useful.length).toBeLessThan(25);
  });

  it("hands on the feedback for a text of which it knows nothing", async () => {
    const asked = "<current_text>\nTranslate.\n</current_text>\n<feedback>\nUse the polite form.\n</feedback>";
    expect(JSON.parse(await ask([user(asked)], schema)).text).toBe("Translate.\nUse the polite form.");
  });

  it("keeps placeholders if they are", async () => {
    const text = "List the quantities in this problem: {{question}}";
    const asked = `<current_text>\n${text}\n</current_text>\n<feedback>\nMultiply the boxes.\n</feedback>`;
    expect(JSON.parse(await ask([user(asked)], schema)).text).toContain(text);
  });
});

describe("any schema", () => {
  const shapes = {
    judge: z.object({ score: z.number().min(0).max(1), reason: z.string() }),
    nested: z.object({ inputs: z.object({ a: z.string(), b: z.string() }), instruction: z.string() }),
    list: z.object({ items: z.array(z.object({ id: z.string(), ok: z.boolean() })).min(2), kind: z.enum(["x", "y"]) }),
    union: z.object({ value: z.union([z.string(), z.null()]), n: z.int(), fixed: z.literal("yes") }),
    short: z.object({ reason: z.string().max(5) }),
  };

  it.each(Object.entries(shapes))("is filled: %s", async (_, shape) => {
    const text = await ask([system("Do something."), user("with this")], z.toJSONSchema(shape));
    expect(shape.safeParse(JSON.parse(text)).error).toBeUndefined();
  });
});

describe("the model", () => {
  it("is deterministic, counts a token for four characters, and is named", async () => {
    const asked = request("hi", { messages: [system(PLAN), question] });
    const [one, two] = [await model.complete(asked, never), await createSimulated().complete(asked, never)];
    expect(one).toEqual(two);
    expect(one.usage.completion).toBe(Math.ceil(one.text.length / 4));
    expect([model.identity, one.model]).toEqual(["simulated", "simulated"]);
  });

  it("takes its time if told, and stops when told", async () => {
    const clock = new FakeClock();
    await createSimulated({ latency: 250, clock }).complete(request("hi"), never);
    expect(clock.slept).toEqual([250]);
    await expect(model.complete(request("hi"), AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
  });
});
