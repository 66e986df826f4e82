import * as z from "zod";
import { data } from "./schema-data.ts";
import { graphInputs, models, nodes, templating } from "./schema-nodes.ts";
import { loss, losses, type MethodOptions, optimizeSchema } from "./schema-run.ts";

/**
 * The one source of the file's types, of its defaults (`schema-run.ts`) and of `media/agentgraph.schema.json`.
 * Every description is shown by editors as one points at the property.
 */
export const VERSION = 1;

const source = z
  .strictObject({
    kind: z.string().min(1).describe("The program: `crewai`, `promptfoo`, `promptflow`, …"),
    files: z.array(z.string().min(1)).min(1).describe("Its files, relative to this file."),
  })
  .describe("What this graph was imported from. Texts that are applied are written to those files.");

/** What describes the graph itself. */
const graphParts = {
  $schema: z.string().optional().describe("Address of the JSON Schema of this file."),
  version: z.literal(VERSION).describe(`Version of the format: ${VERSION}.`),
  name: z.string().default("").describe("Name of the graph."),
  description: z.string().default("").describe("Purpose of the graph. The optimizer reads it."),
  inputs: graphInputs,
  nodes,
  output: z.string().describe("Id of the node whose value is the answer."),
  models: models.default({}),
  templating: templating.optional(),
  source: source.optional(),
};

export const graphPartSchema = z.object(graphParts);

/** @param methods whose options may be under `optimize` */
export function graphFileSchema(methods: MethodOptions) {
  return z.strictObject({
    ...graphParts,
    data,
    loss,
    losses: losses.optional(),
    optimize: optimizeSchema(methods).prefault({}),
  });
}

/** How files are read where these methods are known. Made once: building it takes longer than reading a file. */
export interface FileFormat {
  readonly schema: ReturnType<typeof graphFileSchema>;
  /** Every key that some part of the file may have. */
  readonly keys: () => ReadonlySet<string>;
}

export function fileFormat(methods: MethodOptions): FileFormat {
  return { schema: graphFileSchema(methods), keys: () => knownKeys(methods) };
}

/** A whole graph file with every default filled in; file references are still references. */
export type GraphFile = z.output<ReturnType<typeof graphFileSchema>>;
export type GraphPart = z.output<typeof graphPartSchema>;
export type DataSpec = GraphFile["data"];
export type DataSet = NonNullable<DataSpec["train"]>;
export type LossSpec = GraphFile["loss"];

/** JSON Schema of the file (draft 7), for editors. Unknown keys are not refused: the reader names them. */
export function jsonSchema(methods: MethodOptions): Record<string, unknown> {
  const schema = z.toJSONSchema(graphFileSchema(methods), { io: "input", target: "draft-7" });
  return {
    ...withoutRefusal(schema),
    $id: "agentgraph.schema.json",
    title: "AgentGraph file",
    allowComments: true,
    allowTrailingCommas: true,
  };
}

function knownKeys(methods: MethodOptions): ReadonlySet<string> {
  const keys = new Set<string>();
  const waiting: unknown[] = [jsonSchema(methods)];
  for (const part of waiting) {
    if (typeof part !== "object" || part === null) continue;
    const properties: unknown = Reflect.get(part, "properties");
    if (typeof properties === "object" && properties !== null) for (const key of Object.keys(properties)) keys.add(key);
    waiting.push(...Object.values(part));
  }
  return keys;
}

function withoutRefusal(schema: object): Record<string, unknown> {
  const plain = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(plain)
      : typeof value === "object" && value !== null
        ? withoutRefusal(value)
        : value;
  const kept = Object.entries(schema).filter(([key, value]) => key !== "additionalProperties" || value !== false);
  return Object.fromEntries(kept.map(([key, value]) => [key, plain(value)]));
}
