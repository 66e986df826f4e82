// node scripts/make-multihop.mjs: writes the articles and rows of examples/multihop, which the project makes itself.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { randomLcg } from "d3";

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), "examples/multihop");
const random = randomLcg(0.42);
const take = (list) => list.splice(Math.floor(random() * list.length), 1)[0];
const one = (list) => list[Math.floor(random() * list.length)];

const words = (starts, ends) => starts.flatMap((start) => ends.map((end) => start + end));
const people = words(
  ["Ada ", "Bruno ", "Celia ", "Doro ", "Emil ", "Frida ", "Gustav ", "Hanne "],
  ["Brandt", "Corvin", "Dahlke", "Ekholm", "Fossum", "Grimaldi", "Haverkamp", "Ilves", "Jansky"],
);
const towns = words(
  ["Tarn", "Ulm", "Vors", "Wend", "Zell", "Kalt", "Mor", "Nad"],
  ["beck", "hagen", "ia", "mouth", "stad", "wick", "ov", "ello", "and"],
);
const companies = words(
  ["Norvik ", "Ostara ", "Pellworm ", "Quarz ", "Rheda ", "Silber ", "Tiefenbach ", "Umbra "],
  ["Mills", "Bakery", "Glass", "Tools", "Yards", "Clocks", "Press", "Bikes", "Lamps"],
);
const TRADES = ["paper", "bread", "glass", "tools", "boats", "clocks", "books", "bicycles", "lamps"];
const HOBBIES = ["played the cello", "collected maps", "kept bees", "climbed mountains", "painted birds"];

const all = Array.from({ length: 60 }, () => {
  const [company, founder, town] = [take(companies), take(people), take(towns)];
  return { company, founder, town, year: 1850 + Math.floor(random() * 120) };
});

/** One file a letter, so that a search finds passages, not files. */
const files = new Map();
const add = (kind, name, text) => {
  const file = `${kind}/${name[0].toLowerCase()}.md`;
  files.set(file, [...(files.get(file) ?? []), `# ${name}\n\n${text}\n`]);
};
for (const { company, founder, town, year } of all) {
  add(
    "companies",
    company,
    `${company} is a maker of ${one(TRADES)}. It was founded by ${founder} in ${year}, and has its seat in another town than its founder's.`,
  );
  add("people", founder, `${founder} was a founder of a company, was born in ${town}, and ${one(HOBBIES)}.`);
  add(
    "towns",
    town,
    `${town} is a town on a river. Many a founder was born here, and companies were founded in ${year - 20}.`,
  );
}
for (const [file, sections] of files) {
  const path = join(folder, "articles", file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, sections.sort().join("\n"));
}

const rows = all.map(({ company, town }) => ({ question: `In which town was the founder of ${company} born?`, town }));
const sets = { train: rows.slice(0, 18), validation: rows.slice(18, 36), test: rows.slice(36) };
mkdirSync(join(folder, "data"), { recursive: true });
for (const [name, set] of Object.entries(sets)) {
  writeFileSync(join(folder, `data/${name}.jsonl`), `${set.map((row) => JSON.stringify(row)).join("\n")}\n`);
}
