import type { Skill, Step, Task } from "../task.ts";

/** Word problems: one step lists the quantities, the next adds them up. */

const WORDS = [
  "zero",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
  "eleven",
  "twelve",
];

const relevant: Skill = {
  asked: /asked (for|about)|asks (for|about)|not ask for|irrelevant|unrelated|has nothing to do with/i,
  advice: [
    "Leave out everything that is not asked for.",
    "List only the things that the question asks about.",
    "Ignore quantities that are irrelevant to the question.",
  ],
  complaint: [
    "It lists things that are not asked for; they have to be left out.",
    "Something irrelevant to the question is counted as well.",
  ],
};

const groups: Skill = {
  asked: /multipl|\btimes\b|(boxes|bags|groups|packs)[^.]*\bin each\b/i,
  advice: [
    "Where things come in boxes or bags, multiply the number of boxes by what is in each.",
    "Multiply groups by their size.",
    "For several bags or boxes, write how many there are times what one holds.",
  ],
  complaint: [
    "Several boxes are listed as if there were one; the number of boxes has to be multiplied by what is in each.",
    "A group counts once only, though there are several times as many.",
  ],
};

const numberWords: Skill = {
  asked: /number words?|(written|spelled|given)( out)? (as|in) (a )?words?/i,
  advice: [
    "Numbers written as words count too.",
    "Also take number words such as two or five.",
    "Look out for amounts that are spelled out in words.",
  ],
  complaint: ["An amount that is written as a word is missing.", "It misses number words and lists digits only."],
};

const subtract: Skill = {
  asked: /subtract|take (it |them |that )?away|taken away|minus|deduct/i,
  advice: [
    "Subtract what is given away, eaten or lost.",
    "Take away from the sum what someone gives away, eats or loses.",
    "Count what leaves as minus.",
  ],
  complaint: ["What was given away is added, though it has to be subtracted.", "It does not take away what is gone."],
};

const onlyNumber: Skill = {
  asked: /(only|just|nothing but|no more than)[^.]*\bnumber|number (alone|only)|no other words/i,
  advice: [
    "Answer with only the number.",
    "Write just the final number, without a sentence.",
    "The reply is the number alone.",
  ],
  complaint: [
    "The reply goes on after the result, so a wrong figure is read from it; only the number should stand there.",
    "There is a sentence where the number alone is expected.",
  ],
};

/** "has 3 boxes with 12 pens each and 5 single pens", "also has 4 cups", "buys two more pens", "gives 7 pens to Tom". */
const PARTS = new RegExp(
  [
    "(?:(?<verb>has|buys|finds|gives|loses|eats)|also has|and)",
    `(?:(?<boxes>\\d+) \\w+ with (?<size>\\d+)|(?<amount>\\d+|${WORDS.join("|")})(?: more| single)?)`,
    "(?<of>\\w+)",
  ].join(" "),
  "g",
);

const plan: Step = {
  stem: /\b(list|find|extract|collect|write down)\b[^.]*\b(quantit|amounts? in|numbers? in)/i,
  skills: [relevant, groups, numberWords],
  run(shown, has) {
    const problem = /([A-Z]\w+) has [^?]*How many (\w+) does \1 have/.exec(shown);
    if (!problem) return null;
    const [story, , thing = ""] = problem;
    const lines: string[] = [];
    for (const part of story.matchAll(PARTS)) {
      const { verb = "has", boxes, size, amount = "", of = "" } = part.groups ?? {};
      if (has(relevant) && of !== thing) continue;
      const word = WORDS.indexOf(amount.toLowerCase());
      if (size === undefined && word >= 0 && !has(numberWords)) continue;
      const count =
        size === undefined ? (word >= 0 ? String(word) : amount) : has(groups) ? `${boxes} x ${size}` : size;
      lines.push(`- ${verb} ${count} ${of}`);
    }
    return ["Quantities:", ...lines].join("\n");
  },
};

const solve: Step = {
  stem: /\b(add|sum) (it |them |all |the quantities )?up\b|say how many|work out how many|compute how many/i,
  skills: [subtract, onlyNumber],
  last: true,
  run(shown, has) {
    const lines = /Quantities:\n((?:- .*(?:\n|$))*)/.exec(shown)?.[1];
    if (lines === undefined) return null;
    let sum = 0;
    let first = 0;
    for (const [, verb = "", count = "", size = "1"] of lines.matchAll(/^- (\w+) (\d+)(?: x (\d+))?/gm)) {
      const value = Number(count) * Number(size);
      const leaves = /gives|loses|eats/.test(verb);
      sum += leaves && has(subtract) ? -value : value;
      first ||= value;
    }
    if (has(onlyNumber)) return String(sum);
    // Talkative where the result is a multiple of three: as good as chance, and the same every time.
    return sum % 3 === 0 ? `There are ${sum} now, after ${first} at first.` : `There are ${sum} now.`;
  },
};

export const wordProblems: Task = {
  query: /[A-Z]\w+ has [^?]*How many \w+ does \w+ have[^?]*\?/g,
  steps: [plan, solve],
  text: { stem: /house style/i, skills: [] },
};
