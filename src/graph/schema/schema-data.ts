import * as z from "zod";
import { translatable } from "../../i18n/locale.ts";

const row = z.record(z.string(), z.unknown());

const list = z
  .string()
  .min(1)
  .optional()
  .describe("Path of the rows in a `.json` file with several lists: `data.examples`.");

const dataSet = (what: string) =>
  z
    .union([
      z.string().min(1),
      z.array(row),
      z.strictObject({
        file: z.string().min(1).describe("A `.jsonl`, `.json`, `.csv` or `.tsv` file, relative to this file."),
        list,
        rows: z
          .tuple([z.int().min(0), z.int().min(0)])
          .optional()
          .describe(
            "`[from, to]`: from row `from`, counted from 0, up to but not including row `to`. `[0, 20]` is the first twenty.",
          ),
      }),
    ])
    .describe(
      `${what} A \`.jsonl\`, \`.json\` or \`.csv\` file, \`{ "file", "rows": [from, to] }\`, or the rows themselves.`,
    );

const share = z.number().min(0).max(1);

export const data = z
  .strictObject({
    train: dataSet("Samples whose errors give the feedback.").optional(),
    validation: dataSet("Samples on which the gate accepts or rejects proposals.").optional(),
    test: dataSet("Samples that are scored only before and after optimization.").optional(),
    file: z.string().min(1).optional().describe("One data file for all sets, divided by `split`."),
    list,
    split: z
      .strictObject({
        train: share.default(0.4).describe("Share of the rows, 0 … 1. Default 0.4."),
        validation: share.default(0.3).describe("Share of the rows, 0 … 1. Default 0.3."),
        test: share.default(0.3).describe("Share of the rows, 0 … 1. Default 0.3."),
        seed: z.int().min(0).default(1).describe("Same seed and same rows: same sets. Default 1."),
      })
      .refine(({ train, validation, test }) => train + validation + test <= 1 + 1e-9, {
        error: translatable("The shares of the split add up to more than 1."),
        params: {
          remedy: translatable(
            "Lower them to a sum of at most 1. Left out, train is 0.4, validation 0.3 and test 0.3.",
          ),
        },
      })
      .optional()
      .describe("Random split of the rows of `file`."),
    folds: z
      .int()
      .min(2)
      .max(20)
      .optional()
      .meta({
        description:
          "For few rows, in place of `split`: all rows of `file` are for training and validation, half each, and `agentgraph compare` holds each row out once, in this many searches.",
        examples: [5],
      }),
    fields: z
      .record(z.string(), z.string())
      .default({})
      .describe(
        "Graph input → field of a row. Dots lead into objects. An input that is not listed is read from the field with the same name.",
      ),
    target: z
      .string()
      .optional()
      .describe(
        "Field with the accepted answer, or a list of accepted answers. Dots lead into objects: `answer.text`.",
      ),
    targets: z
      .record(z.string(), z.string())
      .optional()
      .meta({
        description:
          "Node → field with the right value of that node. Rows that have it also score the node and give it feedback of its own. The output's own field is `target`.",
        examples: [{ category: "category" }],
      }),
    id: z.string().optional().describe("Field that names a row. Default: a hash of its inputs."),
    feedback: z
      .string()
      .optional()
      .describe("Field with a person's feedback on the answer, which is added to the gradient."),
  })
  .refine((spec) => (spec.file === undefined) === (spec.split === undefined && spec.folds === undefined), {
    error: translatable('"data" has only one of "file" and "split".'),
    params: { remedy: translatable("Add the other one, or name a file for each set.") },
  })
  .refine((spec) => spec.split === undefined || spec.folds === undefined, {
    error: translatable('"data" has both "split" and "folds".'),
    params: { remedy: translatable("Keep one of the two.") },
  })
  .refine((spec) => spec.file === undefined || !(spec.train || spec.validation || spec.test), {
    error: translatable('"data" has both a file to split and sets of its own.'),
    params: { remedy: translatable("Keep one of the two.") },
  })
  .describe("The data for optimization and evaluation.");
