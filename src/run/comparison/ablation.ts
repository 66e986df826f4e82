import { group } from "d3";
import type { OptimizeOptions, Task } from "../../engine/task.ts";
import { methods } from "../../methods/registry.ts";
import type { Variant } from "./plan.ts";

/** Options that `ablate` can vary, with the values to try if the user names none. */
const VARIED: Readonly<Record<string, (options: OptimizeOptions) => readonly unknown[]>> = {
  neighbors: ({ methodOptions }) => [methodOptions.neighbors === false],
  gradients: ({ methodOptions }) => [methodOptions.gradients === false],
  gate: ({ gate }) => ["off", "strict", "significant"].filter((policy) => policy !== gate.policy),
  batch: ({ methodOptions: { batch } }) =>
    typeof batch === "number" ? [Math.max(1, Math.round(batch / 2)), 2 * batch] : [],
  threshold: ({ threshold }) => [0, 0.25, 0.5].filter((value) => value !== threshold),
};

/** Options of all methods; others are under the method's name. */
const COMMON = ["gate", "threshold"];

/** The option can't be varied, or can't have this value. */
export class NotVariable extends Error {
  override readonly name = "NotVariable";
}

/** One option to vary: its name, and the values to try (`batch=2|4`); without values, the default ones. */
export interface Vary {
  readonly option: string;
  readonly values: readonly unknown[];
}

/** Losses that are 0 or 1, for which a threshold below 1 changes nothing. */
const RIGHT_OR_WRONG = ["exact", "number", "choice", "contains", "regex"];

/** The options that are varied by default: those that the method has, and that can make a difference with this loss. */
export function usualVary({ options, loss, graph }: Pick<Task, "options" | "loss" | "graph">): Vary[] {
  const own = Object.keys(methods[options.method]?.options.shape ?? {});
  // The loss of a sample is a mean if several nodes are scored.
  const isGraded = !RIGHT_OR_WRONG.includes(loss.kind) || graph.targets !== undefined;
  const has = (option: string) => (option === "threshold" ? isGraded : COMMON.includes(option) || own.includes(option));
  return Object.keys(VARIED)
    .filter(has)
    .map((option) => ({ option, values: [] }));
}

/** Description of an option from the format's schema, in English; empty if there is none. */
export function optionDescription({ method }: OptimizeOptions, option: string): string {
  if (option === "gate") return "When a new text is accepted.";
  if (option === "threshold") return "The largest loss of a sample that counts as right.";
  const field: { readonly description?: string } | undefined = methods[method]?.options.shape[option];
  return field?.description ?? "";
}

/** Reads `neighbors,batch=2|4`. @throws NotVariable */
export function readVary(text: string): Vary[] {
  return text.split(",").map((part) => {
    const [option = "", values] = part.trim().split("=");
    if (option === "") throw new NotVariable("Name the options to vary, separated by commas.");
    return { option, values: values === undefined ? [] : values.split("|").map(literalOf) };
  });
}

/** What `readVary` reads to get these variants. */
export function varyOf(variants: readonly Variant[]): string {
  const tried = variants.slice(1).map(({ name, options }) => {
    const [option = ""] = name.split(" ");
    const value = { gate: options.gate.policy, threshold: options.threshold, ...options.methodOptions }[option];
    return { option, value: typeof value === "string" ? value : JSON.stringify(value) };
  });
  const byOption = group(tried, ({ option }) => option);
  return [...byOption].map(([option, all]) => `${option}=${all.map(({ value }) => value).join("|")}`).join(",");
}

function literalOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The unchanged options, then one variant per value of each option. @throws NotVariable */
export function ablationVariants(options: OptimizeOptions, varied: readonly Vary[]): Variant[] {
  const unchanged: Variant = { name: "unchanged", options };
  return [unchanged, ...varied.flatMap((one) => variantsOf(options, one))];
}

function variantsOf(options: OptimizeOptions, { option, values }: Vary): Variant[] {
  const method = methods[options.method];
  const isOwn = Object.hasOwn(method?.options.shape ?? {}, option);
  if (!isOwn && !COMMON.includes(option)) {
    const known = [...COMMON, ...Object.keys(method?.options.shape ?? {})].join(", ");
    throw new NotVariable(`The method ${options.method} has no option ${option}. Its options: ${known}.`);
  }
  const usual = VARIED[option]?.(options) ?? [];
  const tried = values.length > 0 ? values : usual;
  if (tried.length === 0) {
    throw new NotVariable(`Specify the values of ${option} to try, separated by "|": ${option}=<value>|<value>.`);
  }
  return tried.map((value) => ({ name: `${option} ${wordOf(value)}`, options: changed(options, option, value) }));
}

function wordOf(value: unknown): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function changed(options: OptimizeOptions, option: string, value: unknown): OptimizeOptions {
  if (option === "gate") {
    if (value !== "off" && value !== "strict" && value !== "significant") {
      throw new NotVariable(`The gate can't be ${wordOf(value)}. Use off, strict, or significant.`);
    }
    return { ...options, gate: { ...options.gate, policy: value } };
  }
  if (option === "threshold") {
    if (typeof value !== "number" || value < 0 || value > 1) {
      throw new NotVariable(`The threshold can't be ${wordOf(value)}. Use a number from 0 to 1.`);
    }
    return { ...options, threshold: value };
  }
  const methodOptions = { ...options.methodOptions, [option]: value };
  const issue = methods[options.method]?.options.safeParse(methodOptions).error?.issues[0];
  if (issue) throw new NotVariable(`${option} can't be ${wordOf(value)}: ${issue.message}`);
  return { ...options, methodOptions };
}
