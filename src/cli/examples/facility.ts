import { randomLcg } from "d3";
import type { Example, Row } from "./example.ts";
import { split } from "./splits.ts";

/** Messages to a facility's support desk, made here: three classifiers side by side, and one object of the results. */

const CATEGORIES: Readonly<Record<string, readonly string[]>> = {
  cleaning: [
    "the floor of the lobby was not mopped",
    "the bins on the second floor are full",
    "there is dust on every desk",
  ],
  heating: [
    "the radiators in room {n} stay cold",
    "the thermostat in room {n} shows an error",
    "the air conditioning blows hot air",
  ],
  plumbing: [
    "water drips from the ceiling of room {n}",
    "the sink in room {n} is blocked",
    "the toilet on floor {n} keeps running",
  ],
  electrical: [
    "the lights in corridor {n} flicker",
    "a socket in room {n} gives sparks",
    "half of floor {n} has no power",
  ],
  access: [
    "my badge no longer opens door {n}",
    "the lock of room {n} is stuck",
    "the gate of the garage does not open",
  ],
  furniture: [
    "a chair in room {n} is broken",
    "the desk in room {n} cannot be raised",
    "a shelf in room {n} came off the wall",
  ],
};
const URGENCY: Readonly<Record<string, readonly string[]>> = {
  high: ["Someone could get hurt.", "We had to leave the room.", "Please send someone within the hour."],
  medium: ["It keeps us from working well.", "Please see to it this week.", "It has been so since yesterday."],
  low: ["There is no hurry.", "Whenever someone is around anyway.", "It is only a small thing."],
};
const SENTIMENT: Readonly<Record<string, readonly string[]>> = {
  positive: [
    "You have always been quick, thank you!",
    "Great work last time, by the way.",
    "I am happy with how this building is run.",
  ],
  neutral: ["This is for your information.", "Please confirm the ticket.", "My extension is {n}."],
  negative: [
    "This is the third time I write, and nobody answers.",
    "I am tired of this.",
    "Frankly, that is a disgrace.",
  ],
};
const SHAPES = [
  "Hello, {c}. {u} {s}",
  "{s} Today {c}. {u}",
  "Good morning. I write because {c}. {u} {s}",
  "{u} The matter: {c}. {s}",
];

function messages(count: number): Row[] {
  const random = randomLcg(0.25);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const filled = (text: string) => text.replaceAll("{n}", () => String(1 + Math.floor(random() * 40)));
  const seen = new Map<string, Row>();
  while (seen.size < count) {
    const [category, urgency, sentiment] = [CATEGORIES, URGENCY, SENTIMENT].map((from) => pick(Object.keys(from))) as [
      string,
      string,
      string,
    ];
    const parts = {
      c: pick(CATEGORIES[category] ?? []),
      u: pick(URGENCY[urgency] ?? []),
      s: pick(SENTIMENT[sentiment] ?? []),
    };
    const question = filled(pick(SHAPES).replace(/\{([cus])\}/g, (_, key: "c" | "u" | "s") => parts[key]));
    seen.set(question, { id: `message-${seen.size + 1}`, question, answer: { urgency, sentiment, category } });
  }
  return [...seen.values()];
}

const classifier = (role: string, instruction: string) => ({ role, inputs: ["question"], instruction });

export const facility: Example = {
  name: "facility-support",
  describes: "Three classifiers read a message to a support desk side by side: urgency, sentiment, category.",
  source: null,
  comparable:
    "Nothing published: the messages are made by this command, the same ones each time. The shape is that of Meta's facility support analyzer.",
  graph: {
    name: "Facility support",
    description: "Sorts messages to the support desk of a building: how urgent, in which mood, about what.",
    inputs: { question: "a message to the support desk" },
    nodes: {
      urgency: classifier("says how urgent the message is", "How urgent is the message?"),
      sentiment: classifier("says in which mood the message is", "What is the mood of the message?"),
      category: classifier("says what the message is about", "What is the message about?"),
      answer: {
        role: "puts the three results into one object",
        inputs: ["urgency", "sentiment", "category"],
        instruction: "Write the results as JSON with the keys urgency, sentiment and category.",
        output: { json: "" },
      },
    },
    output: "answer",
    loss: { kind: "json" },
    optimize: { method: "semantic", seed: 1 },
  },
  data: { fields: { question: "question" }, target: "answer", id: "id" },
  rows: async () => split(messages(160), { train: 30, validation: 50 }),
};
