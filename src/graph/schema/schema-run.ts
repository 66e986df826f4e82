import * as z from "zod";
import { translatable } from "../../i18n/locale.ts";
import { textForm } from "./schema-nodes.ts";

/** Defaults of `optimize` that hold for every method; each method states its own. Also shown in the README. */
export const DEFAULTS = {
  method: "semantic",
  threshold: 0,
  gate: { policy: "strict", alpha: 0.05 },
  seed: 1,
  baseline: false,
  edges: false,
  objectives: { loss: 1, tokens: 0, latency: 0, usd: 0 },
  budget: { calls: 2000 },
} as const;

const ignoreCase = z.boolean().default(true).describe("Whether upper and lower case are the same. Default: true.");

const scriptFile =
  "Path of a `.js` or `.ts` file. Its default export takes `{ inputs, target, answer, values }` and returns the loss, 0 … 1, or `{ loss, criticism }`.";

const testsFile = (what: string) =>
  z
    .union(
      [
        z.string().min(1),
        // As a run keeps it, with the content of the file.
        z.strictObject({
          file: z.string().min(1).describe("Path of the file."),
          text: z.string().describe("Content of the file."),
        }),
      ],
      { error: "the path of a file" },
    )
    .describe(`${what} Path of a \`.js\` or \`.ts\` file. See docs/losses.md.`);

export const loss = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("exact").describe("The answer equals the target, ignoring case, spacing and a final period."),
      ignoreCase,
    }),
    z.strictObject({
      kind: z.literal("contains").describe("The answer contains the target as whole words."),
      ignoreCase,
    }),
    z.strictObject({
      kind: z
        .literal("number")
        .describe(
          "The number in the answer equals the target, digit by digit. `1,000`, `$12.50`, `3/4` and `1e3` are numbers; units are ignored. See docs/losses.md for which number of an answer counts.",
        ),
      tolerance: z.number().min(0).default(0).describe("Largest difference that counts as right. Default 0."),
    }),
    z.strictObject({
      kind: z.literal("choice").describe("The answer names the right option, by letter or by text."),
      options: z
        .array(z.string().min(1))
        .min(2)
        .optional()
        .describe("The options, A first. Default: the options in the sample's inputs."),
      indexFrom: z
        .union([z.literal(0), z.literal(1)])
        .optional()
        .describe(
          "If targets are positions among the options, the position of the first option. Default: detected from the data.",
        ),
    }),
    z.strictObject({
      kind: z.literal("regex").describe("A regular expression decides. Matching has a time limit."),
      pattern: z
        .string()
        .min(1)
        .optional()
        .describe(
          "The match of this pattern, or of its group, in the answer must equal the target. Default: the target is the pattern.",
        ),
      flags: z
        .string()
        .regex(/^[imsu]*$/, { error: translatable("made of the letters i, m, s and u") })
        .default("")
        .describe("`i` ignores case, `m` lets ^ and $ match at lines, `s` lets . match line ends, `u` reads Unicode."),
    }),
    z.strictObject({
      kind: z.literal("f1").describe("Overlap between the words of the answer and the target, 0 … 1."),
    }),
    z.strictObject({
      kind: z
        .literal("set")
        .describe("The elements of the answer are those of the target, in any order: several labels, names or tags."),
      score: z
        .enum(["f1", "equal"])
        .default("f1")
        .describe("`f1` (default): overlap of the two sets, 0 … 1. `equal`: right only if they are the same."),
      separator: z
        .string()
        .min(1)
        .optional()
        .describe("Separator of elements in a text. Default: line breaks, else semicolons, else commas."),
      ignoreCase,
    }),
    z.strictObject({
      kind: z.literal("json").describe("The answer is JSON that fits a schema, or whose fields equal the target's."),
      schema: z.record(z.string(), z.unknown()).optional().describe("JSON Schema that the answer must fit."),
      fields: z
        .array(z.string().min(1))
        .min(1)
        .optional()
        .describe("Paths to compare, with dots. Default: all top-level fields of the target."),
    }),
    z.strictObject({
      kind: z.literal("judge").describe("A model scores the answer against a rubric, 0 … 1."),
      rubric: textForm("Describes a good answer."),
      votes: z
        .int()
        .min(1)
        .max(9)
        .default(1)
        .describe(
          "How often the judge votes; the mean counts. Votes differ only if the role `judge` has a temperature above 0. Default 1.",
        ),
    }),
    z.strictObject({
      kind: z.literal("script").describe("A script scores the answer in a sandbox."),
      file: z.string().min(1).optional().describe(scriptFile),
      code: z
        .union([z.string(), z.array(z.string())], { error: "code or a list of its lines" })
        .optional()
        .describe("The script itself, in place of a file."),
    }),
    z.strictObject({
      kind: z.literal("tests").describe("The answer is code, which is scored by unit tests in a sandbox."),
      visible: testsFile("Tests that feedback can name."),
      hidden: testsFile("Tests that count but that feedback never names.").optional(),
    }),
  ])
  .describe("How an answer is scored: 0 is perfect.");

export const losses = z
  .record(z.string(), loss)
  .describe(
    "Node → its loss, for nodes in `data.targets`. Default: by the form of their targets, as `agentgraph check` shows it.",
  );

const bound = (what: string, example: number) =>
  z
    .number()
    .positive()
    .nullable()
    .optional()
    .meta({ description: `${what} null: no limit.`, examples: [example] });

/** Options of the methods, by name. */
export type MethodOptions = Readonly<Record<string, z.ZodObject>>;

/** Files up to 0.1 have this method's options beside the common ones. */
const FLAT = "semantic";

export const gatePolicy = z.enum(["strict", "significant", "off"]);

const weight = (what: string, byDefault: number) =>
  z.number().min(0).default(byDefault).describe(`${what} Default ${byDefault}.`);

/** What counts beside the loss. */
export const objectives = z
  .union([
    z.literal("pareto"),
    z
      .strictObject({
        loss: weight("Weight of the mean loss.", DEFAULTS.objectives.loss),
        tokens: weight("Weight of the tokens per answer.", DEFAULTS.objectives.tokens),
        latency: weight("Weight of the time per answer.", DEFAULTS.objectives.latency),
        usd: weight("Weight of the cost per answer in US dollars.", DEFAULTS.objectives.usd),
      })
      .refine((weights) => Object.values(weights).some((one) => one > 0), {
        error: translatable("All weights are 0, so the gate could accept nothing."),
        params: { remedy: translatable("Give at least one objective a weight above 0.") },
      }),
  ])
  .meta({
    description:
      'What the gate weighs. At `"tokens": 0.1`, twice the tokens per answer have to lower the mean loss by more than 0.1; `latency` and `usd` likewise. `"pareto"`: the gate goes by the loss, and you choose among the Pareto-optimal results.',
    examples: [{ tokens: 0.1 }],
  });

/** Options that hold for every method. */
export const commonOptions = z.strictObject({
  method: z
    .string()
    .min(1)
    .default(DEFAULTS.method)
    .meta({ description: "How to optimize. Default `semantic`.", examples: [DEFAULTS.method] }),
  threshold: z
    .number()
    .min(0)
    .max(1)
    .default(DEFAULTS.threshold)
    .meta({ description: "A sample with at most this loss is right. Default 0.", examples: [0.2] }),
  gate: z
    .strictObject({
      policy: gatePolicy.default(DEFAULTS.gate.policy).meta({
        description:
          "`strict` (default): the validation loss must be lower. `significant`: it must also pass the sign test. `off`: every proposal is accepted.",
        examples: ["significant"],
      }),
      alpha: z
        .number()
        .gt(0)
        .lt(1)
        .default(DEFAULTS.gate.alpha)
        .meta({ description: "Level of the sign test. Default 0.05.", examples: [0.1] }),
    })
    .prefault({})
    .describe("When a proposal is accepted."),
  seed: z
    .int()
    .min(0)
    .default(DEFAULTS.seed)
    .meta({ description: "The same seed and the same replies give the same run. Default 1.", examples: [7] }),
  baseline: z
    .boolean()
    .default(DEFAULTS.baseline)
    .meta({
      description:
        "Whether the original graph with “Let's think step by step.” added to every node is also scored, for comparison. Costs calls. Default false.",
      examples: [true],
    }),
  edges: z
    .union([z.boolean(), z.array(z.string()).min(1)], { error: translatable("true, false or a list of nodes") })
    .default(DEFAULTS.edges)
    .meta({
      description:
        "Whether the run can also change what nodes read: add, drop or exchange their `inputs`. `true`: of every node that asks a model and whose text can change. Or a list of nodes. Methods: `semantic`. Default false.",
      examples: [true, ["solve"]],
    }),
  objectives: objectives.default(DEFAULTS.objectives).meta(objectives.meta() ?? {}),
  budget: z
    .strictObject({
      calls: z
        .int()
        .positive()
        .nullable()
        .default(DEFAULTS.budget.calls)
        .meta({ description: "Maximum number of calls. Default 2000. null: no limit.", examples: [500] }),
      tokens: bound("Maximum number of tokens in prompts and replies.", 1_000_000),
      usd: bound("Maximum cost in US dollars.", 1.5),
    })
    .prefault({})
    .describe("What a run can spend. The user's own limit also applies."),
});

/**
 * `optimize` of the file: what holds for every method, and each method's own options under its name. Reads into the
 * common part and `methods`: name → options with every default filled in.
 */
export function optimizeSchema(methods: MethodOptions) {
  const flat = optionalParts(methods[FLAT]?.shape ?? {});
  const own = Object.entries(methods).map(([name, options]) => [name, ownSchema(options)]);
  return z
    .strictObject({ ...flat, ...Object.fromEntries(own), ...commonOptions.shape })
    .transform((file, context) => {
      const given: Readonly<Record<string, unknown>> = file;
      const { method, threshold, gate, seed, baseline, edges, objectives, budget } = file as z.output<
        typeof commonOptions
      >;
      const parsed = Object.entries(methods).map(([name, options]): [string, Readonly<Record<string, unknown>>] => {
        const nested = recordOf(given[name]);
        const beside = name === FLAT ? Object.keys(flat).filter((key) => given[key] !== undefined) : [];
        for (const key of beside.filter((key) => nested[key] !== undefined)) {
          context.addIssue({
            code: "custom",
            path: [key],
            message: translatable('"{0}" is set twice: under "optimize" and under the name of its method.'),
            params: { about: key, remedy: translatable("Keep one of the two.") },
          });
        }
        const result = options.safeParse({ ...nested, ...Object.fromEntries(beside.map((key) => [key, given[key]])) });
        for (const { message, path } of result.error?.issues ?? []) {
          context.addIssue({
            code: "custom",
            path: [name, ...path],
            message,
            params: { remedy: translatable("Change the value.") },
          });
        }
        return [name, result.data ?? {}];
      });
      const common = { method, threshold, gate, seed, baseline, edges, objectives, budget };
      return { ...common, methods: Object.fromEntries(parsed) };
    })
    .describe("How to optimize, and the maximum cost.");
}

/** The options as the file may set them: all are optional, and the schema only shows the defaults. */
function ownSchema(options: z.ZodObject): z.ZodType {
  const { description = "" } = options.meta() ?? {};
  return z.strictObject(optionalParts(options.shape)).optional().describe(description);
}

function optionalParts(shape: z.ZodObject["shape"]): Record<string, z.ZodType> {
  const parts = Object.entries(shape).map(([key, option]) => {
    if (!(option instanceof z.ZodDefault)) return [key, option as z.ZodType] as const;
    const { defaultValue } = option.def;
    const value = option.unwrap() as z.ZodType;
    return [key, value.optional().meta({ ...option.meta(), default: defaultValue })] as const;
  });
  return Object.fromEntries(parts);
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

export const LOSS_KINDS: readonly string[] = loss.options.map((option) => option.shape.kind.value);
