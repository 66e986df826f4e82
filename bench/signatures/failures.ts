import type { Sample } from "../../src/data/sample.ts";
import type { WarningCode } from "../../src/engine/events.ts";
import type { LlmNode } from "../../src/graph/graph.ts";
import type { Loss } from "../../src/loss/loss.ts";
import type { Model, ModelRequest } from "../../src/models/model.ts";
import type { FlatOptions } from "../worlds/run.ts";
import { createWorld, type World, type WorldOptions } from "../worlds/world.ts";
import { WORLDS } from "../worlds/worlds.ts";

/** One thing that goes wrong with a run, made to go wrong; null: nothing does. */
export interface Failure {
  readonly code: WarningCode | null;
  readonly name: string;
  readonly world?: Partial<WorldOptions>;
  readonly options?: FlatOptions;
  /** What a request is answered with instead; null: as the world does. */
  readonly instead?: (request: ModelRequest, world: World, count: number) => string | null;
  readonly change?: (world: World) => World;
  readonly loss?: Loss;
}

const BOILERPLATE = [
  "Be more precise and make sure that the answer is correct.",
  "Be more precise and make sure that the answer is correct and complete.",
  "Be more precise, and make sure the answer is correct.",
];

/** Long words about nothing; another start each time, so that no text is the same as one before. */
function padding(words: number, count: number): string {
  const said =
    "please remember that quality matters and that every reader deserves care and patience at all times".split(" ");
  return Array.from({ length: words }, (_, index) => said[(index + count) % said.length]).join(" ");
}

const present = ({ messages }: ModelRequest) =>
  /<current_text>\n([\s\S]*?)\n<\/current_text>/.exec(messages.at(-1)?.content ?? "")?.[1] ?? "";

const proposal = (text: string) => JSON.stringify({ hypothesis: "It may help.", text });

const rewriting =
  (write: (present: string, world: World, count: number) => string): NonNullable<Failure["instead"]> =>
  (request, world, count) =>
    request.tag.purpose === "optimizer" ? proposal(write(present(request), world, count)) : null;

export const FAILURES: readonly Failure[] = [
  {
    code: "gradients look alike",
    name: "feedback is boiler-plate",
    instead: ({ tag, schema }, _, count) => {
      if (tag.purpose !== "backward") return null;
      const keys = Object.keys(schema?.schema.properties ?? {});
      return JSON.stringify(
        Object.fromEntries(keys.map((key, index) => [key, BOILERPLATE[(count + index) % BOILERPLATE.length]])),
      );
    },
  },
  {
    code: "instructions converge",
    name: "every text becomes the same",
    instead: rewriting(
      (_, __, count) =>
        `Read the task with care, think about what is asked, and give the right answer. Version ${count}.`,
    ),
  },
  {
    code: "instruction grows",
    name: "rewrites only add words",
    instead: rewriting((text, _, count) => `${text} ${padding(40, count)}.`),
  },
  { code: "gate refuses everything", name: "every rewrite ruins its text", world: { destructive: 1 } },
  { code: "gate refuses everything", name: "no rewrite helps", world: { destructive: 0, useless: 1 } },
  {
    code: "small validation set",
    name: "six validation samples",
    change: (world) => ({ ...world, validation: world.validation.slice(0, 6) }),
    world: { easy: 0.6, destructive: 0 },
  },
  {
    code: "format errors",
    name: "one answer in three is not in its form",
    change: inForm,
    instead: ({ tag, messages }, { model: _ }, count) =>
      tag.node === "answer" && tag.purpose === "forward" && (count + messages.length) % 3 === 0
        ? "I would say: it depends."
        : null,
  },
  {
    code: "format errors",
    name: "the right answer stands where nobody reads it",
    loss: lenientLoss(),
    world: { easy: 0.6 },
  },
  {
    code: "targets leak",
    name: "rewrites list the answers of samples",
    instead: rewriting((text, { train }, count) => {
      const shown = train.slice(count % 10, (count % 10) + 4);
      return `${text} ${shown.map(({ inputs, targets }) => `To ${inputs.question} answer ${targets[0]}.`).join(" ")}`;
    }),
  },
  {
    code: "nothing to learn",
    name: "every sample is right",
    loss: { kind: "all right", describe: () => "", score: right },
  },
  { code: "no gate", name: "the gate is off", options: { gate: { policy: "off", alpha: 0.05 } } },
];

/** Runs as they should be. */
export const HEALTHY: readonly Failure[] = [
  { code: null, name: "plain", world: WORLDS.plain },
  { code: null, name: "gradual", world: WORLDS.gradual },
  { code: null, name: "half right", world: { ...WORLDS.plain, easy: 0.4 } },
];

/** The world of one failure, with the model that fails. */
export function worldOf({ world, change, instead }: Failure, base: Pick<WorldOptions, "shape" | "seed">): World {
  const kind = WORLDS.plain;
  if (!kind) throw new Error("there is no such world");
  const made = createWorld({ ...kind, ...world, ...base });
  const failing = change ? change(made) : made;
  return { ...failing, model: instead ? answering(failing, instead) : failing.model };
}

function answering(world: World, instead: NonNullable<Failure["instead"]>): Model {
  let count = 0;
  return {
    identity: world.model.identity,
    async complete(request, signal) {
      const reply = await world.model.complete(request, signal);
      count += 1;
      return { ...reply, text: instead(request, world, count) ?? reply.text };
    },
  };
}

/** The answer after a mark, as a graph may ask for it. */
function inForm(world: World): World {
  const nodes = world.graph.nodes.map((node) =>
    node.id === "answer" && node.kind === "llm"
      ? ({ ...node, output: { kind: "after", after: "Answer:" } } satisfies LlmNode)
      : node,
  );
  const model: Model = {
    identity: world.model.identity,
    async complete(request, signal) {
      const reply = await world.model.complete(request, signal);
      return request.tag.purpose === "forward" && request.tag.node === "answer"
        ? { ...reply, text: `Answer: ${reply.text}` }
        : reply;
    },
  };
  return { ...world, graph: { ...world.graph, nodes }, model };
}

function right() {
  return { loss: 0, lenient: 0, criticism: "" };
}

/** A third of the right answers count as wrong, because of how they are in the reply. */
function lenientLoss(): Loss {
  const isHidden = ({ id }: Sample) => Number(id.slice(1)) % 3 === 0;
  return {
    kind: "exact",
    describe: () => "",
    score(sample, answer) {
      const lenient = sample.targets.includes(answer) ? 0 : 1;
      const loss = lenient === 0 && isHidden(sample) ? 1 : lenient;
      return { loss, lenient, criticism: loss ? `Expected: ${sample.targets[0]}. The answer was: ${answer}` : "" };
    },
  };
}
