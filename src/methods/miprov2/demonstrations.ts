import { shuffler } from "d3";
import type { Sample } from "../../data/sample.ts";
import { isInstruction } from "../../engine/backward/node-description.ts";
import type { ForwardPass } from "../../engine/forward/forward.ts";
import type { Engine } from "../../engine/method.ts";
import type { Task } from "../../engine/task.ts";
import type { GraphNode } from "../../graph/graph.ts";
import { rolesOf } from "../../graph/text/role-marks.ts";
import { escapeBraces, placeholders, type TextSyntax } from "../../graph/text/templating.ts";
import { plainText } from "../../graph/text/text.ts";

/** Training samples that the file's texts answer correctly, with the inputs and output of each step. */
export interface DemonstrationSet {
  readonly samples: readonly Sample[];
  /** The examples of one step as text; empty if it can't show any. */
  of(node: GraphNode): Promise<string>;
}

const TRAIN = { split: "train" } as const;

/**
 * Sets of worked examples: the first is empty, the second has samples in their order, the others have a random
 * number of samples in shuffled order. A sample is run only while its set lacks examples.
 */
export async function bootstrap(
  { data, options: { threshold } }: Task,
  { demonstrations, examples }: { readonly demonstrations: number; readonly examples: number },
  engine: Engine,
): Promise<DemonstrationSet[]> {
  const sets = [setOf([])];
  for (let index = 1; index < demonstrations; index++) {
    const order = index === 1 ? data.train : shuffler(engine.random)([...data.train]);
    const size = index === 1 ? examples : 1 + Math.floor(engine.random() * examples);
    sets.push(setOf(await rightOnes(order, size)));
  }
  return sets;

  async function rightOnes(order: readonly Sample[], size: number): Promise<Sample[]> {
    const found: Sample[] = [];
    for (let from = 0; found.length < size && from < order.length; ) {
      // Runs as many as are missing at least, which is no more than one at a time would.
      const next = order.slice(from, from + size - found.length);
      from += next.length;
      const scores = await engine.score(engine.start, next, TRAIN);
      found.push(...next.filter(({ id }) => (scores.get(id)?.loss ?? 1) <= threshold));
    }
    return found;
  }

  function setOf(samples: readonly Sample[]): DemonstrationSet {
    return {
      samples,
      of: async (node) => {
        if (samples.length === 0 || !canShow(node)) return "";
        const shown = await Promise.all(
          samples.map((one) => exampleOf(node, engine.forward(engine.start, one, TRAIN))),
        );
        return `Examples:\n\n${shown.join("\n\n")}`;
      },
    };
  }
}

/**
 * Whether a node can show examples: they share a message with the instruction, so its text must not define messages
 * itself.
 */
export function canShow(node: GraphNode): boolean {
  return isInstruction(node) && rolesOf(node.text).length === 0;
}

async function exampleOf(node: GraphNode, pass: ForwardPass): Promise<string> {
  const names = [...node.inputs, node.id];
  const values = await Promise.all(names.map(async (name) => (await pass.value(name)).text));
  const part = (name: string, value: string) => tagged(name, escapeBraces(plainText(value), node.templating));
  const parts = node.inputs.map((name, index) => part(name, values[index] ?? ""));
  return tagged("example", [...parts, part("result", inForm(node, values.at(-1) ?? ""))].join("\n"));
}

/** Formats an input in the same tags as those of the query. */
function tagged(name: string, value: string): string {
  const inside = name === "example" ? value : value.replace(/<\/(?=[a-z_])/gi, "<\\/");
  return `<${name}>\n${inside.trim()}\n</${name}>`;
}

/** Formats a value as the step's `output` expects it, so that examples don't teach another form. */
function inForm(node: GraphNode, value: string): string {
  const output = "output" in node ? node.output : null;
  switch (output?.kind) {
    case "after":
      return `${output.after} ${value}`;
    case "tag":
      return `<${output.tag}>${value}</${output.tag}>`;
    case "json":
      return output.json === ""
        ? value
        : JSON.stringify(output.json.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value));
    default:
      return value;
  }
}

/** The instruction with its examples: after it, or before one that is a whole prompt with its inputs. */
export function withDemonstrations(instruction: string, demonstrations: string, syntax?: TextSyntax): string {
  if (demonstrations === "") return instruction;
  const parts = [instruction.trim(), demonstrations];
  return (placeholders(instruction, syntax).length > 0 ? parts.reverse() : parts).join("\n\n");
}
