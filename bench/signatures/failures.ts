import type { Sample } from "../../src/data/sample.ts";
import type { WarningCode } from "../../src/engine/events.ts";
import type { LlmNode } from "../../src/graph/graph.ts";
import type { Loss } from "../../src/loss/loss.ts";
import type { Model, ModelRequest } from "../../src/models/model.ts";
import type { FlatOptions } from "../worlds/run.ts";
import { createWorld, type World, type WorldOptions } from "../worlds/world.ts";
import { WORLDS } from "../worlds/worlds.ts";

/** A run with one planted failure. null for a healthy run. */
export interface Failure {
  readonly code: WarningCode | null;
  readonly name: string;
  readonly world?: Partial<WorldOptions>;
  readonly options?: FlatOptions;
  /** The reply to a request in place of the world's own. null for the world's own reply. */
  readonly instead?: (request: ModelRequest, world: World, count: number) => string | null;
  readonly change?: (world: World) => World;
  readonly loss?: Loss;
}

const BOILERPLATE = [
  "Be more precise and make sure that the answer is correct.",
  "Be more precise and make sure that the answer is correct and complete.",
  "Be more precise, and make sure the answer is correct.",
];

/** Filler words with a different start each time, so that all texts differ. */
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
  { code: "gate refuses everything", name: "every rewrite ruins its text", world: { destructiveRewrites: 1 } },
  { code: "gate refuses everything", name: "no rewrite helps", world: { destructiveRewrites: 0, uselessRewrites: 1 } },
  {
    code: "small validation set",
    name: "six validation samples",
    change: (world) => ({ ...world, validation: world.validation.slice(0, 6) }),
    world: { startAccuracy: 0.6, destructiveRewrites: 0 },
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
    world: { startAccuracy: 0.6 },
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

/** Healthy runs. */
export const HEALTHY: readonly Failure[] = [
  { code: null, name: "plain", world: WORLDS.plain },
  { code: null, name: "gradual", world: WORLDS.gradual },
  { code: null, name: "half right", world: { ...WORLDS.plain, startAccuracy: 0.4 } },
];

/** The world of one failure, with the model that fails. */
export function worldOf({ world, change, instead }: Failure, base: Pick<WorldOptions, "shape" | "seed">): World {
  const made = createWorld({ ...WORLDS.plain, ...world, ...base });
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

/** A world that writes the answer after a marker, as a graph may request. */
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

/** A loss that counts a third of the right answers as wrong because of their form. */
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
