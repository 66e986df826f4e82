import { createHash } from "node:crypto";
import type { Sample } from "../../src/data/sample.ts";
import { graphsUnder, inputsIdOf, inputsText, namesIn, openInputs } from "../../src/graph/edges.ts";
import type { Graph, Texts } from "../../src/graph/graph.ts";
import type { ModelRequest } from "../../src/models/model.ts";
import { createWorldModel, fieldsOf, llmNode, seededChance } from "../worlds/parts.ts";
import type { World } from "../worlds/world.ts";

/** The planted fault in the edges of the file. */
export type Fault = "missing" | "harmful" | "both";

/**
 * A synthetic pipeline whose edges have planted faults. Each case needs the value of one source; a decoy misleads
 * its readers.
 */
export interface EdgePlan {
  readonly seed: number;
  readonly fault: Fault;
  /** Number of sources. Each case needs one of them. */
  readonly sources: number;
  /** Number of decoys. */
  readonly decoys: number;
  /** Share of feedback and choices that name the right missing or misleading input. */
  readonly accuracy: number;
}

/** Share of the cases that a decoy misleads. */
const MISLED = 0.6;
/** Names of sources and decoys in a value. */
const HEARD = /\b((?:source|decoy)\d+) of case/g;
/** Share of cases whose result is inverted, whatever the inputs. */
const FLICKER = 0.03;

export interface EdgeWorld extends World {
  /** Θ of the file, and the same without its faults. */
  readonly start: Texts;
  readonly sound: Texts;
  /** Model calls of a sample under Θ, as content: equal calls are made once. */
  callsOf(texts: Texts, sample: Sample): string[];
  /** Whether it is right, as the model would have it. */
  isRight(texts: Texts, sample: Sample): boolean;
}

/** @param latency of each reply */
export function createEdgeWorld(plan: EdgePlan, latency: () => Promise<void>): EdgeWorld {
  const chance = seededChance(plan.seed);
  const named = (what: string, count: number) => Array.from({ length: count }, (_, at) => `${what}${at + 1}`);
  const [sources, decoys] = [named("source", plan.sources), named("decoy", plan.decoys)];
  const lacking = sources[Math.floor(chance("lacking") * sources.length)] ?? "";
  const harmful = decoys[Math.floor(chance("harmful") * decoys.length)] ?? "";
  const sound = ["question", ...sources];
  const faulty = sound
    .filter((name) => plan.fault === "harmful" || name !== lacking)
    .concat(plan.fault === "missing" ? [] : [harmful]);
  const node = (id: string, role: string, inputs: readonly string[]) =>
    llmNode({ id, role, text: `Do the ${id} part.`, inputs });
  const graph: Graph = openInputs(
    {
      name: "edges",
      description: "Solves made-up cases.",
      inputs: [{ name: "question", description: "the case" }],
      nodes: [
        ...[...sources, ...decoys].map((id) => node(id, "finds something out about the case", ["question"])),
        node("join", "joins what was found out", faulty),
        node("answer", "answers", ["question", "join"]),
      ],
      output: "answer",
    },
    () => true,
  );
  let made = 0;
  const samples = (count: number): Sample[] =>
    Array.from({ length: count }, () => {
      const index = made++;
      const question = `Case ${index}`;
      return { id: `case ${index}`, inputs: { question }, targets: [`answer ${index}`], feedback: null };
    });
  const [train, validation, test] = [samples(20), samples(20), samples(200)];

  const indexIn = (text: string) => Number(/case (\d+)/i.exec(text)?.[1] ?? -1);
  const neededBy = (index: number) => sources[Math.floor(chance("needs", index) * sources.length)] ?? "";
  const misleads = (decoy: string, index: number) => chance("misleads", decoy, index) < MISLED;
  const under = graphsUnder(graph);
  const known = new WeakMap<Texts, ReturnType<typeof read>>();
  const readBy = (texts: Texts) => {
    const found = known.get(texts) ?? read(texts);
    known.set(texts, found);
    return found;
  };
  const read = (texts: Texts) => {
    const inputs = new Map(under(texts).nodes.map((one) => [one.id, one.inputs]));
    /** Nodes whose values reach the answer. */
    const reached = new Set<string>(["answer"]);
    for (const id of reached) for (const name of inputs.get(id) ?? []) reached.add(name);
    // A call is identified by its inputs and theirs.
    const content = new Map<string, string>();
    const contentOf = (id: string): string => {
      const made = content.get(id);
      if (made !== undefined) return made;
      const direct = inputs.get(id);
      const own = direct ? hash([id, [...direct].sort().map(contentOf)]) : id;
      content.set(id, own);
      return own;
    };
    return { reached, calls: [...reached].filter((id) => inputs.has(id)).map(contentOf) };
  };
  const isSound = (reached: ReadonlySet<string>, index: number) =>
    reached.has("question") &&
    reached.has(neededBy(index)) &&
    !decoys.some((decoy) => reached.has(decoy) && misleads(decoy, index));
  const isRight = (texts: Texts, sample: Sample) => {
    const index = indexIn(sample.inputs.question ?? "");
    return isSound(readBy(texts).reached, index) !== chance("flicker", index) < FLICKER;
  };

  const model = createWorldModel(`edges ${plan.seed}`, latency, reply);

  function reply({ messages, tag, ...request }: ModelRequest): string {
    const all = messages.map(({ content }) => content).join("\n");
    if (tag.purpose === "forward") return forward(tag.node ?? "", all);
    const keys = fieldsOf(request);
    return JSON.stringify(keys.includes("inputs") ? choose(all) : feedback(all, keys));
  }

  /** The value of a node, which lists the names that reached it. */
  function forward(id: string, all: string): string {
    const index = indexIn(all);
    const heard = new Set([...all.matchAll(HEARD)].map(([, name = ""]) => name));
    if (id !== "answer") return [`${id} of case ${index}`, ...[...heard].map((name) => `${name} of case`)].join("; ");
    const isWrong = !isSound(new Set([...heard, "question"]), index);
    return isWrong === chance("flicker", index) < FLICKER ? `answer ${index}` : `not that ${index}`;
  }

  /** Names the missing or misleading input of a node, and is right as often as `accuracy` says. */
  function feedback(all: string, keys: readonly string[]): Record<string, string> {
    const index = indexIn(all);
    const blocks = (tag: string) =>
      [...all.matchAll(new RegExp(`<${tag} id="(\\w+)"[^>]*>\\n([\\s\\S]*?)\\n</${tag}>`, "g"))].map(
        ([, id = "", value = ""]) => ({ id, value }),
      );
    const [inputs, others] = [blocks("input"), blocks("other").map(({ id }) => id)];
    const heardIn = (value: string) => [...value.matchAll(HEARD)].map(([, name = ""]) => name);
    const heard = inputs.flatMap(({ value }) => heardIn(value));
    const isMisled = ({ value }: { value: string }) =>
      heardIn(value).some((name) => decoys.includes(name) && misleads(name, index));
    const lacked = heard.includes(neededBy(index)) ? [] : others.filter((id) => id === neededBy(index));
    const misled = inputs.filter((one) => isMisled(one) && decoys.includes(one.id)).map(({ id }) => id);
    const pick = (some: readonly string[], what: string) => some[Math.floor(chance(what, all) * some.length)];
    const knows = (what: string) => chance(what, all) < plan.accuracy;
    const names = inputs.map(({ id }) => id).filter((id) => id !== "question");
    const lack = knows("knows lack") ? lacked[0] : pick(others, "a lack");
    const harm = knows("knows harm") ? misled[0] : pick(names, "a harm");
    const ofEdges = [lack && `It lacked ${lack}.`, harm && `It was misled by ${harm}.`].filter(Boolean).join(" ");
    const ofInput = (id: string) => (id === "join" ? "Something is missing in it, or wrong." : "");
    return Object.fromEntries(keys.map((key) => [key, key === "choice_of_inputs" ? ofEdges : ofInput(key)]));
  }

  /** Chooses the input that the cases name most often, if at least two do. */
  function choose(all: string): { hypothesis: string; inputs: string[] } {
    const present = [...all.matchAll(/<reads id="(\w+)"/g)].map(([, id = ""]) => id);
    const most = (pattern: RegExp) => {
      const counts = new Map<string, number>();
      for (const [, id = ""] of all.matchAll(pattern)) counts.set(id, (counts.get(id) ?? 0) + 1);
      const [first] = [...counts].sort((a, b) => b[1] - a[1]);
      return first && first[1] > 1 ? first[0] : null;
    };
    const [added, dropped] = [most(/It lacked (\w+)\./g), most(/misled by (\w+)\./g)];
    const inputs = [...present, ...(added ? [added] : [])].filter((id) => id !== dropped);
    return { hypothesis: "what the cases name", inputs: [...new Set(inputs)] };
  }

  const callsOf = (texts: Texts, sample: Sample) => readBy(texts).calls.map((call) => `${sample.id} ${call}`);

  const start = Object.fromEntries(graph.nodes.map(({ id, inputs }) => [inputsIdOf(id), inputsText(inputs)]));
  const share = (texts: Texts, all: readonly Sample[]) => all.filter((one) => isRight(texts, one)).length / all.length;
  const mended = { ...start, [inputsIdOf("join")]: inputsText(sound) };
  return {
    graph,
    train,
    validation,
    test,
    model,
    ceiling: (all) => share(mended, all),
    reachable: (all) => share(mended, all),
    truth: share,
    start,
    sound: mended,
    callsOf,
    isRight,
  };
}

function hash(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}

/** Number of edges by which two Θ differ. */
export function edgesApart(a: Texts, b: Texts): number {
  const edges = (texts: Texts) =>
    Object.entries(texts).flatMap(([id, text]) => namesIn(text).map((name) => `${id} ${name}`));
  const [first, second] = [new Set(edges(a)), new Set(edges(b))];
  return [...first, ...second].filter((edge) => first.has(edge) !== second.has(edge)).length;
}
