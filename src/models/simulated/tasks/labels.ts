import type { Skill, Step, Task } from "../task.ts";

/** Shipping labels: five steps read one thing each from an order, a sixth joins them. */

const surname: Skill = {
  asked: /surname|family name|last name/i,
  advice: ["Give only the surname.", "Use the family name, without first names.", "Leave out all but the last name."],
  complaint: ["It holds a first name; only the surname belongs there.", "Not just the family name is given."],
};

const pieces: Skill = {
  asked: /quantit|\bpieces?\b|how many of each/i,
  advice: [
    "Count every piece, not only the kinds of goods.",
    "Add the quantities of all goods.",
    "Take into account how many of each are ordered.",
  ],
  complaint: ["It counts kinds of goods instead of pieces.", "The quantities of the goods are left out of account."],
};

const eachPiece: Skill = {
  asked: /multipl|\btimes\b|per piece|of every piece/i,
  advice: [
    "Multiply the weight of one piece by how many are ordered.",
    "The weight in brackets is per piece.",
    "Take the weight of every piece, not one of each.",
  ],
  complaint: [
    "The weight of one piece is taken once, where it has to be multiplied by how many there are.",
    "It ignores that the weights are per piece.",
  ],
};

const declined: Skill = {
  asked: /declin|not want|unwanted|says no|turn(s|ed) (it )?down/i,
  advice: [
    "If the customer declines a service, the service is standard.",
    "Mind whether the customer does not want a service that is named.",
    "A service that the customer turns down does not count.",
  ],
  complaint: [
    "The service that is given was declined by the customer.",
    "It names a service that the customer does not want.",
  ],
};

const zeros: Skill = {
  asked: /\bzeros?\b|digit (for|by) digit|all (five )?digits|exactly as (it is )?written/i,
  advice: ["Keep leading zeros.", "Copy the postcode digit for digit.", "Write all five digits."],
  complaint: ["A zero at the beginning is lost.", "The postcode is not copied digit by digit."],
};

const spaces: Skill = {
  asked: /\b(spaces?|blanks?)\b/i,
  advice: ["Remove spaces inside the parts.", "The label holds no blanks.", "Leave no space anywhere in the label."],
  complaint: ["There is a space in it where none may be.", "The parts still hold blanks."],
};

interface Good {
  readonly count: number;
  readonly kilograms: number;
}

/** "Order 5117: Lena Ortiz buys 2 lamps (3 kg each) and a rug (7 kg). Express, please. Ship to 04107 Leipzig." */
const ORDER =
  /Order \d+: (?<name>[^.]*?) buys (?<goods>[^.]*)\. (?:(?<wish>[^.]*)\. )?Ship to (?<postcode>\d{5}) \w+\./;

function readOrder(shown: string): { name: string; goods: Good[]; wish: string; postcode: string } | null {
  const { name, goods, wish = "", postcode } = ORDER.exec(shown)?.groups ?? {};
  if (name === undefined || goods === undefined || postcode === undefined) return null;
  const each = goods.matchAll(/(\d+|a) \w+ \((\d+) kg/g);
  return {
    name,
    goods: Array.from(each, ([, count, kilograms]) => ({
      count: count === "a" ? 1 : Number(count),
      kilograms: Number(kilograms),
    })),
    wish,
    postcode,
  };
}

const customer: Step = {
  stem: /name of the customer|customer's name|who (orders|buys)/i,
  skills: [surname],
  run(shown, has) {
    const order = readOrder(shown);
    if (!order) return null;
    const [, last = order.name] = /^(?!(?:van|von|de|del) )\w+ (.+)$/i.exec(order.name) ?? [];
    return `Customer: ${has(surname) ? last : order.name}`;
  },
};

const count: Step = {
  stem: /count the goods|number of goods|how many goods/i,
  skills: [pieces],
  run(shown, has) {
    const order = readOrder(shown);
    if (!order) return null;
    return `Goods: ${order.goods.reduce((sum, good) => sum + (has(pieces) ? good.count : 1), 0)}`;
  },
};

const weight: Step = {
  stem: /add[^.]*\bweights?\b|total weight|how heavy/i,
  skills: [eachPiece],
  run(shown, has) {
    const order = readOrder(shown);
    if (!order) return null;
    const sum = order.goods.reduce((all, good) => all + good.kilograms * (has(eachPiece) ? good.count : 1), 0);
    return `Weight: ${sum} kg`;
  },
};

const service: Step = {
  stem: /shipping service|which service|kind of shipping/i,
  skills: [declined],
  run(shown, has) {
    const order = readOrder(shown);
    if (!order) return null;
    const named = /express|overnight/i.exec(order.wish)?.[0].toLowerCase();
    const wanted = named !== undefined && !(has(declined) && /\bno\b|\bnot\b|without/i.test(order.wish));
    return `Service: ${wanted ? named : "standard"}`;
  },
};

const postcode: Step = {
  stem: /post ?code|postal code/i,
  skills: [zeros],
  run(shown, has) {
    const order = readOrder(shown);
    if (!order) return null;
    return `Postcode: ${has(zeros) ? order.postcode : order.postcode.replace(/^0+/, "")}`;
  },
};

const label: Step = {
  stem: /\bjoin\b|put together|write the label/i,
  skills: [spaces],
  last: true,
  run(shown, has) {
    const parts = ["Customer", "Goods", "Weight", "Service", "Postcode"].map(
      (head) => new RegExp(`^${head}: (.*)$`, "m").exec(shown)?.[1],
    );
    if (parts.some((part) => part === undefined)) return null;
    const [name = "", goods, kilograms = "", speed = "", place] = parts;
    const text = [name, goods, kilograms.replace(/ kg$/, ""), speed.charAt(0), place].join("-").toUpperCase();
    return has(spaces) ? text.replaceAll(" ", "") : text;
  },
};

export const labels: Task = {
  query: new RegExp(ORDER.source, "g"),
  steps: [customer, count, weight, service, postcode, label],
};
