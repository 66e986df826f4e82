import { CHAIN_OF_THOUGHT } from "../../engine/baseline.ts";
import type { OptimizeOptions } from "../../engine/task.ts";
import { ROLES } from "../../graph/graph.ts";
import { DEFAULTS } from "../../graph/schema/schema-run.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { plain } from "../../i18n/plain-text.ts";
import { methods } from "../../methods/registry.ts";
import type { Report } from "./report.ts";

/** Commands to verify the report, each with its purpose. Names from files are quoted for a shell. */
export function reproduction(
  { run, evaluated, solved }: Report,
  { t } = ENGLISH,
): { readonly why: string; readonly command: string }[] {
  const { models, options } = run;
  const { forward, judge } = models;
  const all = ["--model", forward];
  const answering = judge === forward ? all : [...all, "--model-judge", judge];
  const isOne = ROLES.every((role) => models[role] === forward);
  const asked = isOne ? all : ROLES.flatMap((role) => [`--model-${role}`, models[role]]);
  const command = (...parts: readonly string[]) => ["agentgraph", ...parts].map(quoted).join(" ");
  const evaluate = (split: string, ...more: readonly string[]) =>
    command("evaluate", run.graphFile, "--split", split, "--seed", `${options.seed}`, ...answering, ...more);
  const address = run.provider.startsWith("simulated")
    ? ""
    : ` ${t("For a server other than OpenAI, add --base-url.")}`;
  if (solved) {
    const { split, rows, solver, steps, instruction } = solved.job;
    const more = [
      "--split",
      split,
      ...(rows ? ["--rows", rows.join(",")] : []),
      "--method",
      solver,
      "--steps",
      `${steps}`,
    ];
    const given = [...(instruction === undefined ? [] : ["--instruction", instruction]), "--seed", `${options.seed}`];
    const again = command("solve", run.graphFile, ...more, ...given, ...asked);
    return [{ why: `${t("Improve the answers again.")}${address}`, command: again }];
  }
  if (evaluated) {
    const more = run.method === CHAIN_OF_THOUGHT ? ["--method", run.method] : [];
    return [{ why: `${t("Score it again.")}${address}`, command: evaluate(evaluated.split, ...more) }];
  }
  const split = run.samples.test > 0 ? "test" : "validation";
  return [
    {
      why: `${t("Score the current graph file, apply the changes, then score it again.")}${address}`,
      command: evaluate(split),
    },
    {
      why: t("Score the original graph with a step-by-step suffix instead:"),
      command: evaluate(split, "--method", CHAIN_OF_THOUGHT),
    },
    {
      why: t(
        "Repeat the run. The same seed and the same replies give the same run; a model that answers differently gives a different one.",
      ),
      command: command("optimize", run.graphFile, "--seed", `${options.seed}`, ...asked, ...settings(options)),
    },
  ];
}

/** Options of the run that differ from their defaults. */
function settings({ seed: _, budget, methodOptions, ...options }: OptimizeOptions): string[] {
  const { method } = options;
  const own = `optimize.${method}`;
  const defaults = new Map([
    ...flat("optimize", DEFAULTS),
    ...flat(own, methods[method]?.options.safeParse({}).data ?? {}),
  ]);
  const given = [...flat("optimize", options), ...flat(own, methodOptions)];
  const chosen = given.filter(([path, value]) => value !== defaults.get(path));
  const limits = [
    budget.calls === DEFAULTS.budget.calls || budget.calls === null ? [] : ["--budget-calls", `${budget.calls}`],
    budget.tokens === null ? [] : ["--budget-tokens", `${budget.tokens}`],
    budget.usd === null ? [] : ["--budget-usd", `${budget.usd}`],
  ];
  return [...chosen.flatMap(([path, value]) => ["--set", `${path}=${value}`]), ...limits.flat()];
}

/** Values by their path, each as it is written after `--set`. */
function flat(path: string, value: unknown): [string, string][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [[path, typeof value === "string" ? value : JSON.stringify(value)]];
  }
  return Object.entries(value).flatMap(([name, one]) => flat(`${path}.${name}`, one));
}

/** As one word of a POSIX shell. */
export function quoted(word: string): string {
  const text = plain(word).replace(/\s+/g, " ");
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
