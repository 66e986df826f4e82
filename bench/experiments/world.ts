import type { Sample, Split } from "../../src/data/sample.ts";
import type { Graph } from "../../src/graph/graph.ts";
import type { ModelRequest } from "../../src/models/model.ts";
import { createWorldModel, fieldsOf, llmNode, seededChance } from "../worlds/parts.ts";
import type { World } from "../worlds/world.ts";

/**
 * A synthetic pipeline with planted faults. It is known which node lacks which rule for which case, so credit
 * assignment can be scored.
 */
export interface Plan {
  readonly seed: number;
  /** Inputs by node, in topological order. The last node answers. */
  readonly shape: Readonly<Record<string, readonly string[]>>;
  /** Nodes whose instruction lacks rules. All others have no fault. */
  readonly faulty: readonly string[];
  /** Number of rules that a faulty node lacks. */
  readonly rules: number;
  /** Share of cases that need none of these rules. */
  readonly startAccuracy: number;
  /** Whether a wrong answer shows the wrong value that caused it. */
  readonly informative: boolean;
  /** Chance that another wording turns a right answer wrong, or a wrong one right. */
  readonly wordingNoise: number;
  /** Chance that an irrelevant rule makes a case fail. */
  readonly distractorEffect: number;
  /** Chance that a rewrite drops all earlier rules. */
  readonly forgetting: number;
  /** Maximum number of rules that one rewrite adds. */
  readonly rulesPerRewrite: number;
  readonly rows: Readonly<Record<Split, number>>;
  /** How the model answers a backward prompt. */
  readonly read: Reader;
}

/** The default task: two rules are missing, and rewrites keep earlier rules. */
export const DEFAULT_PLAN = {
  rules: 2,
  startAccuracy: 0.2,
  wordingNoise: 0.03,
  forgetting: 0,
  rulesPerRewrite: 2,
  rows: { train: 20, validation: 20, test: 500 },
} as const satisfies Partial<Plan>;

/** The content of a backward prompt. */
export interface Seen {
  /** Nodes among the inputs, each with the key in its value. */
  readonly inputs: readonly { readonly id: string; readonly key: string }[];
  readonly feedback: string;
  /** The comparison of the final answer with the target. */
  readonly comparison: string;
  /** The missing rule that a rule's name or a wrong key in the text points to; undefined if nothing does. */
  readonly ruleIn: (text: string) => string | undefined;
  /** An irrelevant rule. */
  readonly noise: () => string;
  /** A random number from 0 to 1 for a name and the prompt. */
  readonly chance: (name: string) => number;
}

/** Feedback by node, and on the instruction itself where it is named `instruction`. */
export type Reader = (seen: Seen) => Readonly<Record<string, string>>;

export interface PlantedWorld extends World {
  /** The rule that the original text of a node lacks for a sample. undefined if it lacks none. */
  ruleFor(node: string, sample: string): string | undefined;
}

const SYLLABLES = "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu".split(
  " ",
);
const RULE = /mind the \w+ rule/g;

/** @param latency of each reply */
export function createPlanted(plan: Plan, latency: () => Promise<void>): PlantedWorld {
  const chance = seededChance(plan.seed);
  const word = (...parts: unknown[]) =>
    [0, 1, 2, 3].map((at) => SYLLABLES[Math.floor(chance("word", at, ...parts) * SYLLABLES.length)]).join("");
  const ids = Object.keys(plan.shape);
  const output = ids.at(-1) ?? "";
  const rulesOf = new Map(
    plan.faulty.map((id) => [
      id,
      Array.from({ length: plan.rules }, (_, at) => `mind the ${word("rule", id, at)} rule`),
    ]),
  );
  const rules = new Set([...rulesOf.values()].flat());

  const nodes = ids.map((id) =>
    llmNode({
      id,
      role: `does the ${id} part`,
      text: `Do the ${id} part of the task.`,
      inputs: plan.shape[id] ?? [],
    }),
  );
  const graph: Graph = {
    name: "planted",
    description: "Solves made-up cases.",
    inputs: [{ name: "question", description: "the case" }],
    nodes,
    output,
  };

  let made = 0;
  const samples = (count: number): Sample[] =>
    Array.from({ length: count }, () => {
      const index = made++;
      const question = `Case ${index}: what is the ${word("question", index)} of it?`;
      return { id: `case ${index}`, inputs: { question }, targets: [word("target", index)], feedback: null };
    });
  const train = samples(plan.rows.train);
  const validation = samples(plan.rows.validation);
  const test = samples(plan.rows.test);

  /** The rule that a node needs for a case; undefined if it needs none. */
  const neededBy = memo((node, index): string | undefined => {
    const own = rulesOf.get(node);
    if (!own || chance("needs", node, index) < plan.startAccuracy ** (1 / plan.faulty.length)) return undefined;
    return own[Math.floor(chance("which", node, index) * own.length)];
  });
  const missing = (node: string, text: string, index: number) => {
    const rule = neededBy(node, index);
    return rule !== undefined && !text.includes(rule) ? rule : undefined;
  };
  const misleads = memo((rule, index) => chance("misled", rule, index) < plan.distractorEffect);
  /** @param named rules in its text */
  const isMisled = (node: string, named: readonly string[], index: number) =>
    named.some((rule) => !rulesOf.get(node)?.includes(rule) && misleads(rule, index));
  const wordFor = memo((kind, index) => word(kind, index));
  const soundKey = (index: number) => wordFor("key", index);
  const target = (index: number) => wordFor("target", index);
  /** The origin of each wrong key. */
  const wrongKeys = new Map<string, string>();
  const wrongKey = (node: string, index: number, rule: string) => {
    const key = word("wrong key", node, index);
    wrongKeys.set(key, rule);
    return key;
  };

  const indexIn = (text: string) => Number(/case (\d+)/i.exec(text)?.[1] ?? -1);

  const model = createWorldModel(`planted ${plan.seed}`, latency, answer);

  function answer({ messages, tag, ...request }: ModelRequest): string {
    const all = messages.map(({ content }) => content).join("\n");
    if (tag.purpose === "forward") return forward(tag.node ?? "", all);
    const keys = fieldsOf(request);
    return JSON.stringify(tag.purpose === "optimizer" ? rewrite(all) : backward(all, keys));
  }

  function forward(node: string, all: string): string {
    const index = indexIn(all);
    const [odd] = keysIn(all).filter((key) => key !== soundKey(index));
    const lacks = missing(node, all, index);
    const key = lacks ? wrongKey(node, index, lacks) : odd;
    const isWrong = key !== undefined || isMisled(node, rulesIn(all), index);
    if (node !== output)
      return `${node} of case ${index}, key: ${isWrong ? (key ?? word("misled", all)) : soundKey(index)}`;
    const flips = chance("flicker", all) < plan.wordingNoise;
    if (isWrong === flips) return target(index);
    return `not ${plan.informative && key !== undefined ? key : word("wrong", index, all)}`;
  }

  function backward(all: string, keys: readonly string[]): Record<string, string> {
    const between = (tag: string) => new RegExp(`<${tag}>\\n([\\s\\S]*?)\\n</${tag}>`).exec(all)?.[1] ?? "";
    const said = plan.read({
      inputs: [...all.matchAll(/<input id="(\w+)"[^>]*>\n([\s\S]*?)\n<\/input>/g)].flatMap(
        ([, id = "", value = ""]) => {
          const [key] = keysIn(value);
          return key === undefined ? [] : [{ id, key }];
        },
      ),
      feedback: between("feedback"),
      comparison: between("comparison"),
      ruleIn,
      noise: () => `mind the ${word("noise", all)} rule`,
      chance: (name) => chance(name, all),
    });
    return Object.fromEntries(keys.map((key) => [key, said[key] ?? ""]));
  }

  /** Adds the rules that the feedback names most often. */
  function rewrite(all: string): { hypothesis: string; text: string } {
    const present = /<current_text>\n([\s\S]*?)\n<\/current_text>/.exec(all)?.[1] ?? "";
    const counts = new Map<string, number>();
    for (const [shown, feedback = ""] of all.matchAll(/<feedback>([\s\S]*?)<\/feedback>/g)) {
      for (const rule of named(feedback, shown + all).match(RULE) ?? []) counts.set(rule, (counts.get(rule) ?? 0) + 1);
    }
    const asked = [...counts].filter(([rule]) => !present.includes(rule)).sort((a, b) => b[1] - a[1]);
    const added = asked.slice(0, plan.rulesPerRewrite).map(([rule]) => `Always ${rule}.`);
    const kept = chance("forgets", all) < plan.forgetting ? present.split(" Always ")[0] : present;
    return { hypothesis: "rules", text: [kept, ...added].join(" ") };
  }

  /**
   * The rule named by feedback. A node without predecessors gets the plain comparison, which its rewrite reads as a
   * backward call would.
   */
  function named(feedback: string, seed: string): string {
    if (!/^\s*Expected\b/.test(feedback)) return feedback;
    const said = plan.read({
      inputs: [],
      feedback: "",
      comparison: feedback,
      ruleIn,
      noise: () => `mind the ${word("noise", seed)} rule`,
      chance: (name) => chance(name, seed),
    });
    return said.instruction ?? "";
  }

  function ruleIn(text: string): string | undefined {
    const rule = text.match(RULE)?.find((one) => rules.has(one));
    const key = [...wrongKeys.keys()].find((one) => text.includes(one));
    return rule ?? (key === undefined ? undefined : wrongKeys.get(key));
  }

  const truth = (texts: Readonly<Record<string, string>>, all: readonly Sample[]) => {
    const played = nodes.map(({ id, text }) => ({ id, text: texts[id] ?? text, named: rulesIn(texts[id] ?? text) }));
    const rightness = all.map(({ inputs }) => {
      const index = indexIn(inputs.question ?? "");
      const isRight = played.every(
        ({ id, text, named }) => missing(id, text, index) === undefined && !isMisled(id, named, index),
      );
      return isRight ? 1 - plan.wordingNoise : plan.wordingNoise;
    });
    return rightness.reduce((sum, one) => sum + one, 0) / all.length;
  };
  return {
    graph,
    train,
    validation,
    test,
    model,
    ceiling: () => 1 - plan.wordingNoise,
    reachable: () => 1 - plan.wordingNoise,
    truth,
    ruleFor: (node, sample) => neededBy(node, indexIn(sample)),
  };
}

function keysIn(text: string): string[] {
  return [...text.matchAll(/key: (\w+)/g)].map(([, key = ""]) => key);
}

function rulesIn(text: string): readonly string[] {
  return text.match(RULE) ?? [];
}

/** Held-out scores ask the same of a thousand cases for every candidate. */
function memo<T>(compute: (name: string, index: number) => T): (name: string, index: number) => T {
  const known = new Map<string, T>();
  return (name, index) => {
    const key = `${index} ${name}`;
    const value = known.has(key) ? (known.get(key) as T) : compute(name, index);
    known.set(key, value);
    return value;
  };
}
