import * as z from "zod";
import { commonOptions } from "./schema-run.ts";

type JsonSchema = Readonly<Record<string, unknown>>;

/** What the page shows of a method. */
interface DescribedMethod {
  readonly describes: string;
  readonly options: z.ZodObject;
}

/** Markdown of docs/options.md: a table of the options of every method, then one for each method. */
export function optionTables(methods: Readonly<Record<string, DescribedMethod>>): string {
  const sections = [
    ["## Every method", "", tableOf(commonOptions)],
    ...Object.entries(methods).map(([name, { describes, options }]) => [
      `## \`${name}\``,
      "",
      describes,
      "",
      tableOf(options),
    ]),
  ];
  return sections.map((lines) => lines.join("\n")).join("\n\n");
}

function tableOf(options: z.ZodObject): string {
  const rows = rowsIn(z.toJSONSchema(options, { io: "input", target: "draft-7" }), "");
  return ["| option | default | allowed | example | meaning |", "|---|---|---|---|---|", ...rows].join("\n");
}

function rowsIn(schema: JsonSchema, prefix: string): string[] {
  return Object.entries(recordOf(schema.properties)).flatMap(([name, value]) => {
    const option = recordOf(value);
    if (option.properties !== undefined) return rowsIn(option, `${prefix}${name}.`);
    const [example] = Array.isArray(option.examples) ? option.examples : [];
    const byDefault = "default" in option ? shown(option.default) : "none";
    const cells = [`${prefix}${name}`, byDefault, allowed(option), shown(example), meaning(option)];
    return [`| \`${cells[0]}\` | ${cells.slice(1).join(" | ")} |`];
  });
}

/** Types, words and bounds; safe integers have no bound that anybody meets. */
function allowed(option: JsonSchema): string {
  const either = Array.isArray(option.anyOf) ? option.anyOf.map(recordOf) : [option];
  return either
    .map((one) => {
      if (one.const !== undefined) return shown(one.const);
      if (one.type === "object") return `weights of ${Object.keys(recordOf(one.properties)).map(shown).join(", ")}`;
      if (Array.isArray(one.enum)) return one.enum.map(shown).join(", ");
      if (one.type === "boolean") return "true, false";
      if (one.type === "null") return "`null`";
      if (one.type === "string") return "a name";
      if (one.type === "array") return "a list of texts";
      const what = one.type === "integer" ? "whole number" : "number";
      const least = one.minimum ?? one.exclusiveMinimum;
      const most = one.maximum ?? one.exclusiveMaximum;
      const from = one.exclusiveMinimum === undefined ? `at least ${least}` : `above ${least}`;
      const to = one.exclusiveMaximum === undefined ? `at most ${most}` : `below ${most}`;
      const bounds = [least === undefined ? "" : from, Number(most) < Number.MAX_SAFE_INTEGER ? to : ""];
      return [what, bounds.filter(Boolean).join(" and ")].filter(Boolean).join(" ");
    })
    .join(" or ");
}

/** Without the default, which has a column of its own. */
function meaning({ description }: JsonSchema): string {
  return String(description ?? "")
    .replace(/ Default [^ ]*\.(?= |$)/, "")
    .replaceAll("|", "\\|");
}

function shown(value: unknown): string {
  return value === undefined ? "" : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function recordOf(value: unknown): JsonSchema {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
