// node scripts/make-examples.mjs [FOLDER]: writes the rows of the example graphs, which the project makes itself.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { randomLcg } from "d3";

const examples = process.argv[2] ?? join(dirname(dirname(fileURLToPath(import.meta.url))), "examples");
const ROWS = { train: 20, validation: 20, test: 30 };

/** A seeded source of choices. */
function chooser(seed) {
  const random = randomLcg(seed);
  for (let skipped = 0; skipped < 8; skipped++) random();
  const from = (least, most) => least + Math.floor(random() * (most - least + 1));
  const one = (list) => list[Math.floor(random() * list.length)];
  const some = (list, count) => {
    const rest = [...list];
    return Array.from({ length: count }, () => rest.splice(Math.floor(random() * rest.length), 1)[0]);
  };
  return { from, one, some, odds: (share) => random() < share };
}

const NAMES = ["Mia", "Tom", "Ana", "Leo", "Zoe", "Ben", "Ida", "Max", "Eva", "Jan", "Lea", "Kai"];
const THINGS = ["pencils", "marbles", "stickers", "cards", "shells", "buttons", "beads", "stamps"];
const BOXES = ["boxes", "bags", "packs"];
const NUMBERS = ["two", "three", "four", "five", "six", "seven", "eight", "nine"];

/** How many traps a row contains: most rows have one or two, a quarter has none. */
function traps(choose, names) {
  return new Set(choose.some(names, choose.one([0, 0, 1, 1, 1, 2, 2, 3])));
}

function wordProblem(choose) {
  const trap = traps(choose, ["groups", "others", "words", "gives"]);
  const [name, friend] = choose.some(NAMES, 2);
  const [thing, other, another] = choose.some(THINGS, 3);
  let answer = 0;
  const add = (count) => {
    answer += count;
    return count;
  };
  const parts = [];
  const single = choose.from(14, 60);
  if (trap.has("groups")) {
    const [boxes, size] = [choose.from(2, 6), choose.from(4, 12)];
    parts.push(
      `${name} has ${boxes} ${choose.one(BOXES)} with ${size} ${thing} each and ${add(single)} single ${thing}.`,
    );
    add(boxes * size);
  } else {
    parts.push(`${name} has ${add(single)} ${thing}.`);
  }
  if (trap.has("others"))
    parts.push(`${name} also has ${choose.from(3, 20)} ${other} and ${choose.from(3, 20)} ${another}.`);
  if (trap.has("words")) {
    const number = choose.one(NUMBERS);
    add(NUMBERS.indexOf(number) + 2);
    parts.push(`${name} ${choose.one(["buys", "finds"])} ${number} more ${thing}.`);
  } else if (trap.size === 0 || choose.odds(0.5)) {
    parts.push(`${name} ${choose.one(["buys", "finds"])} ${add(choose.from(2, 20))} more ${thing}.`);
  }
  if (trap.has("gives")) {
    const gone = choose.from(2, 13);
    add(-gone);
    parts.push(choose.one([`${name} gives ${gone} ${thing} to ${friend}.`, `${name} loses ${gone} ${thing}.`]));
  }
  parts.push(`How many ${thing} does ${name} have now?`);
  return { question: parts.join(" "), answer: String(answer) };
}

function pluralOf(thing) {
  if (thing === "shelf") return "shelves";
  return thing.endsWith("sh") ? `${thing}es` : `${thing}s`;
}

const KINDS = {
  groceries: ["apple", "egg", "pear", "roll", "lemon", "onion"],
  tools: ["broom", "hammer", "brush", "bucket", "ladder", "saw"],
  toys: ["kite", "ball", "puzzle", "robot", "doll", "marble"],
};

function receipt(choose) {
  const trap = traps(choose, ["kind", "half", "dozen", "cents", "amounts"]);
  const [kind, otherKind] = choose.some(Object.keys(KINDS), 2);
  const goods = choose.some(KINDS[kind], choose.from(2, 3)).map((good) => ({ good, kind }));
  if (trap.has("kind")) goods.push({ good: choose.one(KINDS[otherKind]), kind: otherKind });
  const special = choose.from(0, 1);
  let sum = 0;
  const lines = goods.map(({ good, kind: its }, index) => {
    let amount = trap.has("amounts") ? choose.from(2, 6) : 1;
    let price = choose.from(2, 9);
    const each = amount === 1 ? "" : " each";
    let [count, cost] = [`${amount}`, `${price} dollars${each}`];
    if (trap.has("dozen") && index === special) {
      if (trap.has("amounts")) {
        amount = 12;
        count = "a dozen";
      } else {
        cost = `${price * 12} dollars a dozen`;
      }
    }
    if (trap.has("cents") && index === 1 - special) {
      cost = `${price * 10} cents${count === "1" ? "" : " each"}`;
      price /= 10;
    }
    if (trap.has("half") && index === 1 - special) {
      cost += ", half price";
      price /= 2;
    }
    if (its === kind) sum += amount * price;
    return `${count} ${count === "1" ? good : pluralOf(good)} at ${cost}`;
  });
  const question = `Receipt: ${lines.join("; ")}. How much do the ${kind} cost in dollars?`;
  return { question, answer: String(Number(sum.toFixed(2))) };
}

const FIRST = ["Lena", "Omar", "Ruth", "Ivan", "Nora", "Paul", "Tara", "Hugo"];
const LAST = ["Ortiz", "Kaya", "Lund", "Novak", "Weber", "Sato", "Brandt", "Costa"];
const DOUBLE = ["van Dyk", "de Boer", "von Arx", "Del Rio"];
const GOODS = ["lamp", "chair", "rug", "clock", "kettle", "mirror", "vase", "shelf"];
const TOWNS = ["Leipzig", "Bremen", "Dresden", "Mainz", "Kassel", "Erfurt"];

function order(choose, index) {
  const trap = traps(choose, ["first", "pieces", "declined", "zero", "double"]);
  const last = choose.one(trap.has("double") ? DOUBLE : LAST);
  const name = trap.has("first") ? `${choose.one(FIRST)} ${last}` : last;
  const goods = choose.some(GOODS, choose.from(1, 3)).map((good) => ({
    good,
    count: trap.has("pieces") ? choose.from(2, 5) : 1,
    kilograms: choose.from(2, 14),
  }));
  const listed = goods.map(({ good, count, kilograms }) =>
    count === 1 ? `a ${good} (${kilograms} kg)` : `${count} ${pluralOf(good)} (${kilograms} kg each)`,
  );
  const service = choose.one(["express", "overnight"]);
  const wishes = trap.has("declined")
    ? [`No ${service} shipping, please`, `The customer says that ${service} is not needed`]
    : ["", `${service[0].toUpperCase()}${service.slice(1)}, please`, `To be shipped ${service}`];
  const wish = choose.one(wishes);
  const postcode = `${trap.has("zero") ? "0" : choose.from(1, 9)}${choose.from(1000, 9999)}`;
  const goodsText = listed.length === 1 ? listed[0] : `${listed.slice(0, -1).join(", ")} and ${listed.at(-1)}`;
  const question = `Order ${5000 + index}: ${name} buys ${goodsText}. ${wish ? `${wish}. ` : ""}Ship to ${postcode} ${choose.one(TOWNS)}.`;
  const speed = wish === "" || trap.has("declined") ? "S" : service[0].toUpperCase();
  const count = goods.reduce((sum, good) => sum + good.count, 0);
  const weight = goods.reduce((sum, good) => sum + good.count * good.kilograms, 0);
  const answer = [last.replaceAll(" ", "").toUpperCase(), count, weight, speed, postcode].join("-");
  return { order: question, answer };
}

function rowsOf(make, seed) {
  const choose = chooser(seed);
  const seen = new Set();
  const row = () => {
    for (;;) {
      const made = make(choose, seen.size + 1);
      const [query] = Object.values(made);
      if (seen.has(query)) continue;
      seen.add(query);
      return made;
    }
  };
  return Object.fromEntries(Object.entries(ROWS).map(([split, count]) => [split, Array.from({ length: count }, row)]));
}

function write(folder, rows) {
  const data = join(examples, folder, "data");
  mkdirSync(data, { recursive: true });
  for (const [split, list] of Object.entries(rows)) {
    writeFileSync(join(data, `${split}.jsonl`), list.map((row) => `${JSON.stringify(row)}\n`).join(""));
  }
}

write("chain", rowsOf(wordProblem, 11));
write("diamond", rowsOf(receipt, 12));
write("fan-in", rowsOf(order, 13));
