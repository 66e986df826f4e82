import * as z from "zod";
import { translatable } from "../../i18n/locale.ts";
import { ROLES } from "../graph.ts";
import { TEMPLATINGS } from "../text/templating.ts";

const reference = z
  .strictObject({
    file: z
      .string()
      .min(1)
      .describe("Path of a text file, relative to this file, with `/`. It must be in the same repository."),
    key: z
      .string()
      .min(1)
      .optional()
      .describe("The text is under this key of a YAML, JSON or TOML file. Dots lead into objects: `summarize.system`."),
    section: z
      .string()
      .min(1)
      .optional()
      .describe("The text is the content under this heading of a Markdown file: `## Review`."),
    between: z
      .tuple([z.string().min(1), z.string().min(1)])
      .optional()
      .describe("The text is between these two marks in a file, such as a program's source."),
  })
  .refine(({ key, section, between }) => [key, section, between].filter((one) => one !== undefined).length < 2, {
    error: translatable('A text has only one of "key", "section" and "between".'),
    params: { remedy: translatable("Keep one of them.") },
  })
  .describe("The text is in a separate file.");

export const templating = z
  .enum(TEMPLATINGS)
  .describe(
    "How texts name inputs: `mustache` (default) `{{name}}`, `python` `{name}`, `jinja` `{{ name }}`, `dify` `{{#node.name#}}`. Expressions and statements are refused.",
  );

export function textForm(what: string) {
  return z
    .union([z.string(), z.array(z.string()), reference], {
      error: translatable('a text, a list of lines or { "file": "…" }'),
    })
    .describe(`${what} A text, a list of lines, or \`{ "file": "…" }\`.`);
}

/** Code in the file itself, or all of a file. */
export function codeForm(what: string) {
  const file = z.strictObject({
    file: z
      .string()
      .min(1)
      .describe("Path of a `.js` or `.ts` file, relative to this file, with `/`. It must be in the same repository."),
  });
  return z
    .union([z.string(), z.array(z.string()), file], { error: 'code, a list of lines or { "file": "…" }' })
    .describe(`${what} The code, a list of its lines, or \`{ "file": "…" }\`.`);
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
        model: z.string().min(1).describe("Name of the model on its server."),
        temperature: z
          .number()
          .min(0)
          .max(2)
          .nullable()
          .default(0)
          .describe("0 … 2. Default 0, so that scores are comparable. `null`: the server's default."),
        params: z
          .record(z.string(), z.unknown())
          .superRefine((params, { addIssue }) => {
            for (const name of Object.keys(params).filter(isUsersOwn)) {
              const message = translatable(
                '"{0}" can\'t be set in a file, because it can change the model server, the tools or the cost.',
              );
              const remedy = translatable("Remove it.");
              addIssue({ code: "custom", path: [name], message, params: { about: name, remedy } });
            }
          })
          .optional()
          .describe("Passed to the server unchanged: `top_p`, `max_tokens`, `reasoning_effort`, …"),
      }),
    ],
    { error: translatable('the name of a model or { "model": "…" }') },
  )
  .describe('Name of a model, or `{ "model", "temperature", "params" }`. A suggestion: the user\'s own choice wins.');

const extractor = z
  .union(
    [
      z.strictObject({
        after: z.string().min(1).describe("The value is everything after the last occurrence of this text."),
      }),
      z.strictObject({
        tag: z
          .string()
          .regex(/^[A-Za-z][\w.-]*$/, { error: translatable("the name of a tag, without < and >") })
          .describe("The value is the content of the last `<tag>…</tag>` with this name."),
      }),
      z.strictObject({
        pattern: z
          .string()
          .min(1)
          .describe(
            "The value is the first match of this regular expression, or of its group. Matching has a time limit.",
          ),
      }),
      z.strictObject({
        json: z.string().describe("The value is at this path in the last JSON of the reply: `answer.value`."),
      }),
    ],
    { error: translatable('{ "after": "…" }, { "tag": "…" }, { "pattern": "…" } or { "json": "…" }') },
  )
  .describe(
    "The part of the reply that is the node's value. Default: the whole reply. A reply without that part is a format error.",
  );

const parameter = {
  role: z.string().default("").describe("The node's purpose in a few words. The optimizer reads it."),
  trainable: z.boolean().default(true).describe("Whether the optimizer can change the text. Default: true."),
  keep: z
    .array(z.string().min(1))
    .default([])
    .describe("Texts that every new version must contain literally. Placeholders are always kept."),
  maxWords: z.int().min(1).optional().describe("Maximum length of a new version, in words."),
  constraints: z.array(z.string().min(1)).default([]).describe('Rules for a new version: `["stay in German"]`.'),
};

const inputs = z
  .array(z.string())
  .default([])
  .describe("What the node reads: names of graph inputs and other nodes. These are the edges of the graph.");

const variables = z
  .record(z.string().min(1), z.string().min(1))
  .optional()
  .describe('Names in the text that stand for inputs of other names: `{ "chat_input": "question" }`.');

const namesInCode = variables.describe('Names by which it reads inputs of other names: `{ "items": "ordered" }`.');

/** How a node asks a model. */
const asking = {
  ...parameter,
  templating: templating.optional(),
  variables,
  inputs,
  instruction: textForm("What the model should do. `{{name}}` is replaced by the value of that input."),
  frame: z
    .union([z.string(), z.array(z.string())], { error: "a text or a list of lines" })
    .optional()
    .describe(
      "Text that is sent around the instruction, at `{{instruction}}`. It names inputs as `{{name}}`, can have roles (`system:`, `user:`), and never changes.",
    ),
  output: extractor.optional(),
  model: modelChoice.optional(),
  message: z
    .enum(["system", "user"])
    .default("system")
    .describe("`system` (default): the instruction is the system message. `user`: everything is one user message."),
};

const llmNode = z
  .strictObject({
    kind: z.literal("llm").default("llm").describe("Calls a language model. This is the default."),
    ...asking,
  })
  .describe("A node that calls a language model.");

const mapNode = z
  .strictObject({
    kind: z.literal("map").describe("Runs an instruction, or several nodes, once for each element of a list."),
    ...asking,
    instruction: asking.instruction.optional(),
    nodes: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe(
        "Nodes that run for each element, instead of an instruction. In them, the name of the list stands for one element. The value of the last one counts.",
      ),
    graph: z
      .strictObject({
        file: z
          .string()
          .min(1)
          .describe("Path of a graph file, relative to this file, with `/`. It must be in the same repository."),
      })
      .optional()
      .describe(
        "A graph that runs for each element, instead of an instruction. Its inputs are the inputs of this node, by name or by `variables`; the one that is left is the element. The value of its output counts.",
      ),
    over: z
      .string()
      .min(1)
      .describe("The name of the JSON list. In the instruction, it stands for one element: `{{parts}}`."),
    join: z.string().optional().describe("Text between the values. Default: the values become a JSON list."),
  })
  .refine(
    ({ instruction, nodes, graph }) => [instruction, nodes, graph].filter((one) => one !== undefined).length === 1,
    {
      error: translatable('A node of kind "map" needs "instruction", "nodes" or "graph".'),
      params: { remedy: translatable("Use exactly one of them.") },
    },
  )
  .describe("A node that works on each element of a list, and joins the values in their order.");

const textNode = z
  .strictObject({
    kind: z.literal("text").describe("A text that other nodes read."),
    ...parameter,
    templating: templating.optional(),
    variables,
    inputs: z
      .array(z.string())
      .default([])
      .describe("Graph inputs that are filled in where the text names them. Default: none, and nothing is filled in."),
    text: textForm("The text, which is the node's value.").optional(),
    language: z
      .string()
      .min(1)
      .optional()
      .describe("The text is code in this language, such as `javascript`. Braces in it are not placeholders."),
    examples: z
      .strictObject({ rows: z.array(z.record(z.string(), z.unknown())).min(1).describe("One object per example.") })
      .optional()
      .describe("Examples instead of `text`. The node's value has one line of JSON per row."),
  })
  .refine((node) => (node.text === undefined) !== (node.examples === undefined), {
    error: translatable('A node of kind "text" needs either "text" or "examples".'),
    params: { remedy: translatable("Use exactly one of the two.") },
  })
  .describe("A node whose value is a text: a house style, examples, a draft.");

const functionNode = z
  .strictObject({
    kind: z.literal("function").describe("Runs a JavaScript or TypeScript function in a sandbox."),
    role: parameter.role,
    inputs,
    variables: namesInCode,
    code: codeForm(
      "An ES module whose default export takes an object with the inputs and returns a text or JSON: `export default ({ items }) => items.length`.",
    ),
  })
  .describe("A node whose value is computed by a function, without a model.");

const retrieverNode = z
  .strictObject({
    kind: z.literal("retriever").describe("Searches text files of this repository by words (BM25)."),
    role: parameter.role,
    inputs,
    variables,
    corpus: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)], { error: "a pattern or a list of patterns" })
      .describe("Patterns of the files to search, relative to this file: `docs/**/*.md`."),
    query: textForm(
      "What to search for. `{{name}}` is replaced by the value of that input. Default: the values of all inputs.",
    ).optional(),
    top: z.int().min(1).max(50).default(5).describe("Maximum number of passages. Default 5."),
  })
  .describe("A node whose value is the passages that fit a query, with their paths.");

const toolNode = z
  .strictObject({
    kind: z.literal("tool").describe("Calls a tool on one of your own servers."),
    role: parameter.role,
    inputs,
    variables: namesInCode,
    tool: z
      .string()
      .min(1)
      .describe("Name of the tool. You choose its server; a file can't. `server/tool` if several have it."),
    arguments: z
      .record(z.string(), z.unknown())
      .optional()
      .describe("Arguments of the tool: JSON whose texts name inputs as `{{name}}`. Default: the inputs by name."),
  })
  .describe("A node whose value is the result of a tool: a search, a calculator, a database.");

const graphInput = z
  .union(
    [
      z.string(),
      z.strictObject({
        description: z.string().default("").describe("What this input is."),
        type: z
          .enum(["text", "json", "image"])
          .default("text")
          .describe(
            "`text` (default), `json`: a list or an object, or `image`: a file in this repository, or a data URL, for models that take images.",
          ),
      }),
    ],
    { error: translatable('a description or { "description": "…" }') },
  )
  .describe("What this input is, in a few words.");

export const graphInputs = z
  .union([z.array(z.string()), z.record(z.string(), graphInput)], {
    error: translatable("a list of names, or an object of names and descriptions"),
  })
  .describe("The inputs of each sample: name → description.");

export const nodes = z
  .record(z.string(), z.discriminatedUnion("kind", [llmNode, textNode, mapNode, functionNode, retrieverNode, toolNode]))
  .meta({ description: "The nodes by id. An id is a letter, then letters, digits, `_` or `-`." });

export const models = z
  .partialRecord(z.enum(ROLES), modelChoice)
  .describe("Models by role: `forward`, `backward`, `optimizer`, `judge`. A missing role uses `forward`.");

export type NodeSpec = z.output<typeof nodes>[string];

export type ModelSpec = z.output<typeof modelChoice>;
