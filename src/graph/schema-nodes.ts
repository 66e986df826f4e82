import * as z from "zod";
import { ROLES } from "./graph.ts";

const reference = z
  .strictObject({
    file: z
      .string()
      .min(1)
      .describe("Path of a text file, relative to this file, with `/`. It must lie in the same repository."),
  })
  .describe("The text stands in a file of its own.");

export function textForm(what: string) {
  return z
    .union([z.string(), z.array(z.string()), reference], { error: 'a text, a list of lines or { "file": "…" }' })
    .describe(`${what} A text, a list of lines, or \`{ "file": "…" }\`.`);
}

/** Parameters by which gateways and providers choose a server, a key, tools, several answers or a dearer service. */
const USERS_OWN = new Set(
  [
    "model models messages stream n best_of tools tool_choice functions function_call web_search_options plugins",
    "api_base base_url baseurl api_key apikey api_version headers extra_headers extra_body extra_query user_config",
    "provider providers route fallbacks transforms service_tier store metadata callbacks success_callback failure_callback",
  ].flatMap((names) => names.split(" ")),
);

function isUsersOwn(parameter: string): boolean {
  return USERS_OWN.has(parameter.toLowerCase().replaceAll("-", "_"));
}

const modelChoice = z
  .union(
    [
      z.string().min(1),
      z.strictObject({
        model: z.string().min(1).describe("Name of the model, as its server knows it."),
        temperature: z
          .number()
          .min(0)
          .max(2)
          .nullable()
          .default(0)
          .describe("0 … 2; the default 0 makes scores comparable. `null` leaves it to the server."),
        params: z
          .record(z.string(), z.unknown())
          .superRefine((params, { addIssue }) => {
            for (const name of Object.keys(params).filter(isUsersOwn)) {
              const message = `"${name}" is not taken from a file: it can decide who is asked, with what tools, or at what cost.`;
              addIssue({ code: "custom", path: [name], message, params: { remedy: "Leave it out." } });
            }
          })
          .optional()
          .describe("Passed through to the server as they are: `top_p`, `max_tokens`, `reasoning_effort`, …"),
      }),
    ],
    { error: 'the name of a model or { "model": "…" }' },
  )
  .describe('Name of a model, or `{ "model", "temperature", "params" }`. A suggestion: the user\'s own choice wins.');

const extractor = z
  .union(
    [
      z.strictObject({
        after: z
          .string()
          .min(1)
          .describe("The value is all that follows the last place where this text stands, to the end of the reply."),
      }),
      z.strictObject({
        tag: z
          .string()
          .regex(/^[A-Za-z][\w.-]*$/, { error: "the name of a tag, without < and >" })
          .describe("The value is what stands in the last `<tag>…</tag>` of this name."),
      }),
      z.strictObject({
        pattern: z
          .string()
          .min(1)
          .describe(
            "The value is what the group of this regular expression (or all of it) matches first. It runs with a time limit.",
          ),
      }),
      z.strictObject({
        json: z
          .string()
          .describe(
            "The value stands at this path in the reply's JSON, the last one where there are several: `answer.value`.",
          ),
      }),
    ],
    { error: '{ "after": "…" }, { "tag": "…" }, { "pattern": "…" } or { "json": "…" }' },
  )
  .describe(
    "Which part of the reply is the node's value; without it, all. A reply without that part is a format error.",
  );

const parameter = {
  role: z.string().default("").describe("What the node is for, in a few words. The optimizer reads it."),
  trainable: z.boolean().default(true).describe("Whether optimizing may change the text. Default: true."),
  keep: z
    .array(z.string().min(1))
    .default([])
    .describe("Texts that a new version must still hold, word for word. Placeholders are always kept."),
  maxWords: z.int().min(1).optional().describe("The longest that a new version may be, in words."),
  constraints: z.array(z.string().min(1)).default([]).describe('Rules for a new version: `["stay in German"]`.'),
};

const llmNode = z
  .strictObject({
    kind: z.literal("llm").default("llm").describe("A call of a language model: the default."),
    ...parameter,
    inputs: z
      .array(z.string())
      .default([])
      .describe("What the node reads: names of graph inputs and of other nodes. These are the graph's edges."),
    instruction: textForm("What the model is told to do. `{{name}}` is replaced by the value of that input."),
    output: extractor.optional(),
    model: modelChoice.optional(),
    message: z
      .enum(["system", "user"])
      .default("system")
      .describe("`system` (default): the instruction is the system message. `user`: all is one user message."),
  })
  .describe("A node that calls a language model.");

const textNode = z
  .strictObject({
    kind: z.literal("text").describe("A text that other nodes read."),
    ...parameter,
    text: textForm("The text, which is the node's value.").optional(),
    examples: z
      .strictObject({ rows: z.array(z.record(z.string(), z.unknown())).min(1).describe("One object an example.") })
      .optional()
      .describe("Demonstrations in place of `text`: the node's value holds one line of JSON a row."),
  })
  .refine((node) => (node.text === undefined) !== (node.examples === undefined), {
    error: 'A node of kind "text" needs either "text" or "examples".',
    params: { remedy: "Give it exactly one of the two." },
  })
  .describe("A node whose value is a text: a house style, examples, a draft.");

const graphInput = z
  .union(
    [
      z.string(),
      z.strictObject({
        description: z.string().default("").describe("What this input is."),
        type: z.literal("text").default("text").describe("The only type so far."),
      }),
    ],
    { error: 'a description or { "description": "…" }' },
  )
  .describe("What this input is, in a few words.");

export const graphInputs = z
  .union([z.array(z.string()), z.record(z.string(), graphInput)], { error: "a list of names, or name → description" })
  .describe("What the graph is given for each sample: name → what it is.");

export const nodes = z
  .record(z.string(), z.discriminatedUnion("kind", [llmNode, textNode]))
  .meta({ description: "The nodes by id. An id is a letter, then letters, digits, `_` or `-`." });

export const models = z
  .partialRecord(z.enum(ROLES), modelChoice)
  .describe("Models by role: `forward`, `backward`, `optimizer`, `judge`. A missing role uses `forward`.");

export type NodeSpec = z.output<typeof nodes>[string];

export type ModelSpec = z.output<typeof modelChoice>;
