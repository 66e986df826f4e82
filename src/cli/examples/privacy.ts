import { randomLcg } from "d3";
import type { Example, Row } from "./example.ts";
import { split } from "./splits.ts";

/**
 * Requests with personal details, made here. One step takes the details out, the next, which could be a model elsewhere,
 * answers, the third puts them back; a function counts what got out and what is missing.
 */

const NAMES = [
  "Mara Feld",
  "Jonas Brandt",
  "Ines Okafor",
  "Theo Lindgren",
  "Aisha Rahman",
  "Pavel Novak",
  "Lucia Marino",
];
const STREETS = ["12 Alder Road", "7 Harbour Lane", "93 Mill Street", "4 Chapel Close", "58 Orchard Way"];
const MATTERS = [
  { to: "the clinic", about: "an appointment for my knee", fact: "knee" },
  { to: "my landlord", about: "the broken heating", fact: "heating" },
  { to: "the library", about: "a fine for a book that I returned", fact: "fine" },
  { to: "the city", about: "a parking permit", fact: "permit" },
  { to: "my insurer", about: "the bill of the dentist", fact: "dentist" },
  { to: "the school", about: "a day off for a wedding", fact: "wedding" },
];
const SHAPES = [
  "I am {name}, {street}, phone {phone}. Write to {to} about {about}. It is for {day}.",
  "Please write to {to}: I need {about}, on {day}. My name is {name} and my number {phone}; I live at {street}.",
  "{name} here ({phone}, {street}). A short letter to {to}, please, on {about}. The date that matters is {day}.",
];
const DAYS = ["4 March", "18 May", "9 June", "27 August", "2 October", "30 November"];

function requests(count: number): Row[] {
  const random = randomLcg(0.75);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const seen = new Map<string, Row>();
  while (seen.size < count) {
    const [name, street, day] = [pick(NAMES), pick(STREETS), pick(DAYS)];
    const phone = `555-0${100 + Math.floor(random() * 900)}`;
    const { to, about, fact } = pick(MATTERS);
    const values: Readonly<Record<string, string>> = { name, street, phone, day, to, about };
    const question = pick(SHAPES).replace(/\{(\w+)\}/g, (_, key: string) => values[key] ?? "");
    const row = { id: `request-${seen.size + 1}`, question, private: [name, street, phone].join("\n") };
    seen.set(question, { ...row, facts: [day, fact, name].join("\n"), answer: "0 leaked, 0 missing" });
  }
  return [...seen.values()];
}

export const privacy: Example = {
  name: "privacy",
  describes: "Takes personal details out of a request, answers it, and puts them back.",
  source: null,
  comparable:
    "Nothing published: the requests are made by this command, the same ones each time. The shape is that of PUPA (arXiv 2410.17127), whose rows are not used.",
  graph: {
    name: "Privacy",
    description: "Writes letters without showing the writer's personal details to the model that writes them.",
    inputs: {
      question: "a request with personal details",
      private: "the details, one a line: only the audit reads them",
      facts: "what the letter has to say, one a line: only the audit reads it",
    },
    nodes: {
      rewrite: {
        role: "takes personal details out of the request",
        inputs: ["question"],
        instruction: "Rewrite the request for a writer.",
      },
      letter: {
        role: "writes the letter from the rewritten request",
        inputs: ["rewrite"],
        instruction: "Write the letter.",
      },
      merge: {
        role: "puts the details back where they belong",
        inputs: ["question", "letter"],
        instruction: "Complete the letter.",
      },
      audit: {
        kind: "function",
        role: "counts details that the rewritten request still has, and facts that the letter lacks",
        inputs: ["private", "facts", "rewrite", "merge"],
        code: [
          "const among = (list, text) => list.split('\\n').filter((one) => text.toLowerCase().includes(one.toLowerCase()));",
          "export default ({ private: hidden, facts, rewrite, merge }) => {",
          "  const missing = facts.split('\\n').length - among(facts, merge).length;",
          "  return among(hidden, rewrite).length + ' leaked, ' + missing + ' missing';",
          "};",
        ],
      },
    },
    output: "audit",
    loss: { kind: "exact" },
    optimize: { method: "semantic", seed: 1 },
  },
  data: { fields: { question: "question", private: "private", facts: "facts" }, target: "answer", id: "id" },
  rows: async () => split(requests(140), { train: 30, validation: 40 }),
};
