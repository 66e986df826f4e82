import type { Skill, Step, Task } from "../task.ts";

/** Receipts: amounts and prices are read side by side, both by the house rules, and put together in the end. */

const KINDS: Readonly<Record<string, readonly string[]>> = {
  groceries: ["apples", "eggs", "pears", "rolls", "lemons", "onions"],
  tools: ["brooms", "hammers", "brushes", "buckets", "ladders", "saws"],
  toys: ["kites", "balls", "puzzles", "robots", "dolls", "marbles"],
};

const kind: Skill = {
  asked: /\b(kind|category)\b[^.]*\bask|(other|another|wrong) (kind|category)|what the customer asks/i,
  advice: [
    "List only goods of the kind that the customer asks about.",
    "Leave out goods of any other kind.",
    "Keep to the category that is asked for.",
  ],
  complaint: [
    "Goods of another kind are on the list.",
    "The list goes beyond what the customer asks about: goods of the wrong category are on it.",
  ],
};

const half: Skill = {
  asked: /\bhalf(?! a dozen)|\bhalve|reduced|discount/i,
  advice: [
    "Where a good is marked half price, halve the price.",
    "Apply discounts to the price.",
    "Give the reduced price where there is one.",
  ],
  complaint: ["A price is listed in full though it is reduced.", "The discount on one good is not applied."],
};

const dozen: Skill = {
  asked: /dozen|twelve/i,
  advice: ["A dozen means 12.", "Read a dozen as 12 pieces.", "Where it says dozen, that is twelve."],
  complaint: ["A dozen is taken for one piece; nothing says how many it is.", "It needs to be said what a dozen is."],
  shared: true,
};

const cents: Skill = {
  asked: /\bcents?\b/i,
  advice: ["100 cents are 1 dollar; write dollars.", "Turn cents into dollars.", "Give 50 cents as 0.5 dollars."],
  complaint: ["Cents are taken for dollars.", "Nothing says how cents are to be written."],
  shared: true,
};

const multiply: Skill = {
  asked: /multipl|\btimes\b|amount by (its|the) price/i,
  advice: [
    "Multiply each amount by its price, then add.",
    "For each good, take the amount times the price.",
    "Before adding, multiply every price by how many were bought.",
  ],
  complaint: [
    "Prices are added as if one of each were bought; the amounts have to be multiplied in.",
    "It takes each price once instead of as many times as the good was bought.",
  ],
};

interface Line {
  readonly good: string;
  readonly amount: string;
  readonly price: number;
  readonly unit: string;
  readonly perDozen: boolean;
  readonly half: boolean;
}

/** "3 apples at 2 dollars each", "a dozen eggs at 50 cents each", "2 kites at 24 dollars a dozen, half price". */
const LINE =
  /(?<amount>\d+|a dozen) (?<good>\w+) at (?<price>\d+) (?<unit>dollar|cent)s?(?<dozen> a dozen)?[^,;.]*(?<half>, half price)?/g;

function readReceipt(shown: string): { lines: Line[]; goods: readonly string[] } | null {
  const receipt = /Receipt: ([^?]*)\. How much do the (\w+) cost/.exec(shown);
  if (!receipt) return null;
  const lines = Array.from(receipt[1]!.matchAll(LINE), ({ groups = {} }) => ({
    good: pluralOf(groups.good ?? ""),
    amount: groups.amount ?? "",
    price: Number(groups.price),
    unit: groups.unit ?? "",
    perDozen: groups.dozen !== undefined,
    half: groups.half !== undefined,
  }));
  return { lines, goods: KINDS[receipt[2]!] ?? [] };
}

function pluralOf(word: string): string {
  const known = Object.values(KINDS).flat();
  return known.find((good) => good === word || good === `${word}s` || good === `${word}es`) ?? word;
}

const amounts: Step = {
  stem: /goods[^.]*\bamounts?\b|how many of each/i,
  skills: [kind, dozen],
  run(shown, has) {
    const receipt = readReceipt(shown);
    if (!receipt) return null;
    const listed = receipt.lines.filter(({ good }) => !has(kind) || receipt.goods.includes(good));
    const counted = listed.map(({ good, amount }) => {
      const count = amount === "a dozen" ? (has(dozen) ? 12 : 1) : Number(amount);
      return `${good} ${count}`;
    });
    return `Amounts: ${counted.join(", ")}`;
  },
};

const prices: Step = {
  stem: /list[^.]*\bprices?\b|price of (one|a single)/i,
  skills: [half, dozen, cents],
  run(shown, has) {
    const receipt = readReceipt(shown);
    if (!receipt) return null;
    const listed = receipt.lines.map((line) => {
      let price = line.price;
      if (has(cents) && line.unit === "cent") price /= 100;
      if (has(dozen) && line.perDozen) price /= 12;
      if (has(half) && line.half) price /= 2;
      return `${line.good} ${Number(price.toFixed(4))}`;
    });
    return `Prices: ${listed.join(", ")}`;
  },
};

const total: Step = {
  stem: /cost together|\btotal\b|costs? in all/i,
  skills: [multiply],
  last: true,
  run(shown, has) {
    const [counts, costs] = [readList(shown, "Amounts"), readList(shown, "Prices")];
    if (!counts || !costs) return null;
    let sum = 0;
    for (const [good, count] of counts) sum += (costs.get(good) ?? 0) * (has(multiply) ? count : 1);
    return `Answer: ${Number(sum.toFixed(2))}`;
  },
};

/** "Amounts: apples 3, eggs 12" */
function readList(shown: string, head: string): Map<string, number> | null {
  const list = new RegExp(`${head}: (.*)`).exec(shown)?.[1];
  if (list === undefined) return null;
  return new Map(Array.from(list.matchAll(/(\w+) (\d[\d.]*)/g), ([, good = "", number]) => [good, Number(number)]));
}

export const receipts: Task = {
  query: /Receipt: [^?]*\?/g,
  steps: [amounts, prices, total],
  text: { stem: /house rules|rules of the (house|shop)/i, skills: [dozen, cents] },
};
