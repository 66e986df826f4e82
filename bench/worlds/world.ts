import type { Sample } from "../../src/data/sample.ts";
import type { Graph } from "../../src/graph/graph.ts";
import type { Model, ModelRequest } from "../../src/models/model.ts";
import { createWorldModel, fieldsOf, llmNode, seededChance } from "./parts.ts";

/**
 * A made-up task whose truth is known: every node needs some rules in its instruction, every sample needs some of each
 * node's rules, and an answer is right when no needed rule is missing on the way. So it is known which node is at fault.
 */
export interface WorldOptions {
  readonly shape: keyof typeof SHAPES;
  readonly seed: number;
  /** Number of rules that a node can need. */
  readonly rules: number;
  /**
   * Share of samples that the original instructions get right, without noise. The others need one or two rules of
   * one or more nodes.
   */
  readonly startAccuracy: number;
  /** Maximum number of rules that one rewrite adds. */
  readonly rulesPerRewrite: number;
  /** Share of feedback that names a missing rule. */
  readonly feedbackAccuracy: number;
  /** Share of rewrites that ruin the text. */
  readonly destructiveRewrites: number;
  /** Share of rewrites that add only irrelevant sentences. */
  readonly uselessRewrites: number;
  /**
   * Whether a ruined text still gives each sample its own answer, so that only scores show the damage. Default:
   * false, one answer for all samples.
   */
  readonly hiddenDamage?: boolean;
  /**
   * Whether feedback requests a change even if nothing is missing, as real models do. Default: false, empty
   * feedback.
   */
  readonly overcritical?: boolean;
  /** Share of the rules of a text that a rewrite loses, as a model that condenses does. Default: 0. */
  readonly lostRules?: number;
  /** Share of answers that are right although a rule is missing, drawn for each prompt. Default: 0. */
  readonly luckyAnswers?: number;
  /** Share of samples that each irrelevant sentence of a text makes wrong. Default: 0. */
  readonly lengthPenalty?: number;
  /** Share of answers that are wrong by chance, drawn for each prompt. Default: 0. */
  readonly answerNoise?: number;
  /**
   * Share of feedback that is attributed to the wrong node: one that the call sees or, without backward calls, any.
   * Default: 0.
   */
  readonly misattribution?: number;
  /** Number of training and validation rows. Default: 20 each. */
  readonly rows?: { readonly train: number; readonly validation: number };
}

const SHAPES = {
  chain: { draft: ["question"], answer: ["question", "draft"] },
  diamond: {
    facts: ["question"],
    left: ["question", "facts"],
    right: ["question", "facts"],
    answer: ["question", "left", "right"],
  },
  single: { answer: ["question"] },
  /**
   * Many nodes with one reader, all with the question as input. Only a call that sees all of them can tell which is
   * at fault.
   */
  fan: {
    names: ["question"],
    dates: ["question"],
    places: ["question"],
    sums: ["question"],
    units: ["question"],
    answer: ["question", "names", "dates", "places", "sums", "units"],
  },
  /** Two hidden nodes and an answer node, all with the question as input. */
  paper: { facts: ["question"], plan: ["question"], answer: ["question", "facts", "plan"] },
};

/** Share of ideas without an example that name a rule of the node. */
const RELEVANT_IDEAS = 0.2;

const SYLLABLES = "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu".split(
  " ",
);

export interface World {
  readonly graph: Graph;
  readonly train: Sample[];
  readonly validation: Sample[];
  readonly test: Sample[];
  readonly model: Model;
  /** Share of the samples that perfect instructions get right. */
  ceiling(samples: readonly Sample[]): number;
  /** Share of the samples that instructions get right which have exactly the rules that the training samples need. */
  reachable(samples: readonly Sample[]): number;
  /** Share of the samples that texts get right. */
  truth(texts: Readonly<Record<string, string>>, samples: readonly Sample[]): number;
}

/** A real question with its answer, in place of synthetic ones. */
export type Row = { readonly id: string; readonly question: string; readonly answer: string };

export interface Given {
  /** Start of each node's instruction, which identifies it. */
  readonly openings: Readonly<Record<string, string>>;
  readonly train: readonly Row[];
  readonly validation: readonly Row[];
  readonly test: readonly Row[];
}

/** @param latency waits before each reply */
export function createWorld(
  options: WorldOptions,
  latency: () => Promise<void> = async () => {},
  given: Given | null = null,
): World {
  const chance = seededChance(options.seed);
  const drawn = new Map<string, number>();
  const random = (...parts: unknown[]) => {
    const key = JSON.stringify(parts);
    const known = drawn.get(key);
    if (known !== undefined) return known;
    const fresh = chance(...parts);
    if (key.length < 80) drawn.set(key, fresh);
    return fresh;
  };
  const word = (...parts: unknown[]) =>
    [0, 1, 2].map((index) => SYLLABLES[Math.floor(random("word", index, ...parts) * SYLLABLES.length)]).join("");
  const shape: Record<string, string[]> = SHAPES[options.shape];
  const ids = Object.keys(shape);
  const ruleOf = (node: string, index: number) => `mind the ${word(node, index)} rule`;
  const rules = new Map(ids.map((id) => [id, Array.from({ length: options.rules }, (_, index) => ruleOf(id, index))]));
  const noise = 0.04 + 0.12 * random("noise");

  const nodes = ids.map((id) =>
    llmNode({
      id,
      role: `does the ${id} part`,
      text: `Do the ${id} part of the ${word("task")} task.`,
      inputs: shape[id] ?? [],
      output: given && id === "answer" ? { kind: "after", after: "Answer:" } : null,
    }),
  );
  const graph: Graph = {
    name: options.shape,
    description: `Solves ${word("task")} tasks.`,
    inputs: [{ name: "question", description: "the task" }],
    nodes,
    output: "answer",
  };

  const questions = new Map<string, number>();
  const answers = new Map<number, string>();
  const made = (count: number): Row[] =>
    Array.from({ length: count }, () => {
      const index = answers.size;
      const question = `Case ${word("q", index)}${index}: what is the ${word("q2", index)} of it?`;
      const answer = word("target", index);
      return rowOf({ id: `s${index}`, question, answer });
    });
  const rowOf = (row: Row): Row => {
    questions.set(row.question, answers.size);
    answers.set(answers.size, row.answer);
    return row;
  };
  const samples = (count: number, rows: readonly Row[] | undefined): Sample[] =>
    (rows?.map(rowOf) ?? made(count)).map(({ id, question, answer }) => ({
      id,
      inputs: { question },
      targets: [answer],
      feedback: null,
    }));
  const target = (index: number) => answers.get(index) ?? "";
  const needed = (node: string, index: number): string[] => {
    const own = rules.get(node) ?? [];
    if (random("need", node, index) < options.startAccuracy ** (1 / ids.length)) return [];
    const first = own[Math.floor(random("which", node, index) * own.length)];
    const second =
      random("two", node, index) < 0.25 ? own[Math.floor(random("second", node, index) * own.length)] : first;
    return [...new Set([first, second])].filter((rule) => rule !== undefined);
  };
  const hopeless = (index: number) => random("hopeless", index) < noise;
  const missing = (node: string, text: string, index: number) =>
    isRuined(text) ? (rules.get(node) ?? []) : needed(node, index).filter((rule) => !text.includes(rule));
  /** Number of irrelevant rules in a text. */
  const useless = (node: string, text: string) => {
    const named = new Set([...text.matchAll(/(?<!lacks: )mind the \w+ rule/g)].map(([rule]) => rule));
    const tones = text.match(/Be \w+\./g)?.length ?? 0;
    return [...named].filter((rule) => !rules.get(node)?.includes(rule)).length + tones;
  };
  const isBloated = (node: string, text: string, index: number) =>
    random("bloat", node, index) < (options.lengthPenalty ?? 0) * useless(node, text);
  const isRuined = (text: string) => text.includes("Just say something.");

  /** Index of the last question in a prompt, because worked examples precede the query. */
  function indexIn(text: string): number {
    if (!given) return Number(/^Case [a-z]+(\d+):/.exec(text.slice(text.lastIndexOf("Case ")))?.[1] ?? -1);
    let found = { index: -1, at: -1 };
    for (const [question, index] of questions) {
      const at = text.lastIndexOf(question.trim());
      if (at > found.at) found = { index, at };
    }
    return found.index;
  }
  /** The node of an instruction, identified by its first sentence, or by a marker in a ruined text. */
  function nodeIn(text: string): string | undefined {
    const opening = (id: string) => given?.openings[id] ?? `Do the ${id} part`;
    return ids.find((id) => text.includes(opening(id)) || text.includes(`(${id} ruined)`));
  }

  const model = createWorldModel(`world ${options.shape} ${options.seed}`, latency, answer);

  function answer({ messages, schema, tag, draw }: ModelRequest): string {
    const all = messages.map(({ content }) => content).join("\n");
    const [form] = tag.form ?? [];
    if (/<variable name="/.test(all)) return suggest(all, schema === undefined);
    if (form !== undefined) return `<${form}>\n${optimize(all).text}\n</${form}>`;
    if (!schema) return forward(all);
    const keys = fieldsOf({ schema });
    if (!keys.includes("text")) return JSON.stringify(backward(all, keys));
    return JSON.stringify(/<case\b/.test(all) ? optimize(all) : imagine(all, draw));
  }

  function forward(all: string): string {
    const node = nodeIn(all) ?? "";
    const index = indexIn(all);
    if (isRuined(all) && !options.hiddenDamage) return "something";
    const lacks = [...missing(node, all, index), ...(isBloated(node, all, index) ? ["mind the length rule"] : [])];
    const upstream = /lacks:|>\nsomething/.test(all);
    if (node !== "answer") {
      const marks = lacks.map((rule) => `lacks: ${rule}`).join("; ");
      return `${node} of case ${index}${marks ? ` (${marks})` : upstream ? " (lacks: something before)" : ""}`;
    }
    const isUnlucky = options.answerNoise !== undefined && random("unlucky", all) < options.answerNoise;
    const isLucky = options.luckyAnswers !== undefined && random("lucky", all) < options.luckyAnswers;
    const wrong = ((upstream || lacks.length > 0) && !isLucky) || hopeless(index) || isUnlucky;
    const value = wrong ? `not ${word("wrong", index, all.length)}` : target(index);
    return given ? `Answer: ${value}` : value;
  }

  function backward(all: string, keys: string[]): Record<string, string> {
    const instruction = /<instruction>([\s\S]*?)<\/instruction>/.exec(all)?.[1] ?? "";
    const node = nodeIn(instruction) ?? "";
    const index = indexIn(all);
    const say = (id: string, found: string[]) => sayOf(all, id, found);
    const values = new Map(
      [...all.matchAll(/<input id="([^"]+)"[^>]*>([\s\S]*?)<\/input>/g)].map((input) => [
        input[1] ?? "",
        input[2] ?? "",
      ]),
    );
    const seen = [...new Set([...keys, ...[...values.keys()].filter((id) => ids.includes(id)), "instruction"])];
    const said = Object.fromEntries(
      seen.map((key) => {
        if (key === "instruction") return [key, say(node, missing(node, instruction, index))];
        const value = values.get(key) ?? "";
        if (value.trim() === "something") return [key, say(key, rules.get(key) ?? [])];
        if (value.includes("something before")) return [key, "It builds on something incomplete."];
        return [
          key,
          say(
            key,
            [...value.matchAll(/lacks: (mind the \w+ rule)/g)].map((match) => match[1] ?? ""),
          ),
        ];
      }),
    );
    const blamed = misblamed(all, said);
    return Object.fromEntries(keys.map((key) => [key, blamed[key] ?? ""]));
  }

  /** Attributes some feedback to another node, whether a call asks about all nodes that it shows or about one. */
  function misblamed(all: string, said: Record<string, string>): Record<string, string> {
    const keys = Object.keys(said).filter((key) => key === "instruction" || ids.includes(key));
    if (!options.misattribution || keys.length < 2) return said;
    const moved = keys.map((key) => {
      const others = keys.filter((other) => other !== key);
      const other = others[Math.floor(random("blamed", all, key) * others.length)] ?? key;
      return { text: said[key] ?? "", to: random("blame", all, key) < (options.misattribution ?? 0) ? other : key };
    });
    const saidOf = (key: string) => moved.flatMap(({ text, to }) => (to === key && text ? [text] : [])).join(" ");
    return { ...said, ...Object.fromEntries(keys.map((key) => [key, saidOf(key)])) };
  }

  function sayOf(all: string, id: string, found: string[]): string {
    if (found.length === 0) {
      const talks = options.overcritical && hopeless(indexIn(all));
      return talks ? `It should mind the ${word("noise", all, id)} rule.` : "";
    }
    const rule = found[Math.floor(random("say", all.length, id) * found.length)];
    const right = random("accuracy", all, id) < options.feedbackAccuracy;
    return `It should ${right ? rule : `mind the ${word("noise", all, id)} rule`}.`;
  }

  /**
   * The feedback in a case. If a case shows the expected answer in place of feedback, the rewrite finds the rule as
   * reliably as feedback does.
   */
  function feedbackIn(text: string, node: string, present: string): string {
    const feedback = /<feedback>([\s\S]*?)<\/feedback>/.exec(text)?.[1] ?? "";
    if (!/^\s*Expected\b/.test(feedback)) return feedback;
    const others = ids.filter((id) => id !== node);
    const other = others[Math.floor(random("blamed", text, node) * others.length)];
    const isMisled = other !== undefined && random("blame", text, node) < (options.misattribution ?? 0);
    const found = isMisled ? needed(other, indexIn(text)) : missing(node, present, indexIn(text));
    return sayOf(text, node, found);
  }

  /** Rewrites each variable of the prompt from the cases. */
  function suggest(all: string, isTagged: boolean): string {
    const cases = [...all.matchAll(/<case [\s\S]*?<\/case>/g)].map(([shown]) => shown).join("\n");
    const variables = [...all.matchAll(/<variable name="([^"]+)">\n<current_text>\n([\s\S]*?)\n<\/current_text>/g)];
    const texts = variables.map(([, id = "", text = ""]) => {
      return [id, optimize(`<current_text>\n${text}\n</current_text>\n${cases}`).text] as const;
    });
    const suggestion = Object.fromEntries(texts);
    if (!isTagged) return JSON.stringify({ reasoning: "rules", suggestion });
    return `<reasoning>rules</reasoning>\n${texts.map(([id, text]) => `<${id}>\n${text}\n</${id}>`).join("\n")}`;
  }

  function optimize(all: string): { hypothesis: string; text: string } {
    const present = /<current_text>\n([\s\S]*?)\n<\/current_text>/.exec(all)?.[1] ?? "";
    const node = nodeIn(present) ?? "";
    const counts = new Map<string, number>();
    for (const [shown] of all.matchAll(/<case [\s\S]*?<\/case>/g)) {
      for (const [rule] of feedbackIn(shown, node, present).matchAll(/mind the \w+ rule/g))
        counts.set(rule, (counts.get(rule) ?? 0) + 1);
    }
    // A leaf is told what its reader missed in its value; a ruined text names everything.
    const asked = [...counts].filter(([rule]) => !present.includes(rule)).sort((a, b) => b[1] - a[1]);
    if (random("destroy", all) < options.destructiveRewrites) {
      return { hypothesis: "shorter", text: `Just say something. (${node} ruined) ${word("ruin", all)}` };
    }
    if (random("useless", all) < options.uselessRewrites) {
      return { hypothesis: "tone", text: `${present} Be ${word("tone", all)}.` };
    }
    const added = asked.slice(0, options.rulesPerRewrite).map(([rule]) => `Always ${rule}.`);
    const kept = present.replace(/ Always (mind the \w+ rule)\./g, (sentence, rule) =>
      random("forget", all, rule) < (options.lostRules ?? 0) ? "" : sentence,
    );
    return { hypothesis: "rules", text: [kept, ...added].join(" ") };
  }

  /** A proposal without examples: the best version in the prompt, with an idea that is seldom relevant. */
  function imagine(all: string, draw: number): { hypothesis: string; text: string } {
    const attempts = [...all.matchAll(/<attempt score="([\d.]+)">\n([\s\S]*?)\n<\/attempt>/g)];
    const best = attempts.toSorted((a, b) => Number(b[1]) - Number(a[1]))[0]?.[2];
    const present = best ?? /<current_text>\n([\s\S]*?)\n<\/current_text>/.exec(all)?.[1] ?? "";
    const node = nodeIn(present) ?? "";
    const own = rules.get(node) ?? [];
    if (random("destroy", all, draw) < options.destructiveRewrites) {
      return { hypothesis: "shorter", text: `Just say something. (${node} ruined) ${word("ruin", all, draw)}` };
    }
    const guessed = own[Math.floor(random("which idea", all, draw) * own.length)];
    const idea =
      random("idea", all, draw) < RELEVANT_IDEAS && guessed ? guessed : `mind the ${word("idea", all, draw)} rule`;
    return { hypothesis: "an idea", text: `${present} Always ${idea}.` };
  }

  const indexOf = ({ inputs }: Sample) => questions.get(inputs.question ?? "") ?? -1;
  const score = (texts: Readonly<Record<string, string>>, sample: Sample) => {
    const index = indexOf(sample);
    return (
      !hopeless(index) &&
      nodes.every(({ id, text: own }) => {
        const text = texts[id] ?? own;
        return missing(id, text, index).length === 0 && !isBloated(id, text, index);
      })
    );
  };
  const train = samples(options.rows?.train ?? 20, given?.train);
  /** Only a row that can come out right shows what it needs. */
  const shown = Object.fromEntries(
    ids.map((id) => {
      const seen = train.map(indexOf).filter((index) => !hopeless(index));
      return [id, [...new Set(seen.flatMap((index) => needed(id, index)))].join(" ")];
    }),
  );
  return {
    graph,
    train,
    validation: samples(options.rows?.validation ?? 20, given?.validation),
    test: samples(50, given?.test),
    model,
    reachable: (all) => all.filter((sample) => score(shown, sample)).length / all.length,
    ceiling: (all) => all.filter((sample) => !hopeless(indexOf(sample))).length / all.length,
    truth: (texts, all) => all.filter((sample) => score(texts, sample)).length / all.length,
  };
}
