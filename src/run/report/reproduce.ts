import { CHAIN_OF_THOUGHT } from "../../engine/baseline.ts";
import { ROLES } from "../../graph/graph.ts";
import { plain } from "../plain.ts";
import type { Report } from "./report.ts";

/** Commands by which a reader finds out for himself, each with what it tells; names from files are quoted for a shell. */
export function reproduction({ run, evaluated }: Report): { readonly why: string; readonly command: string }[] {
  const { models, options } = run;
  const { forward, judge } = models;
  const all = ["--model", forward];
  const answering = judge === forward ? all : [...all, "--model-judge", judge];
  const isOne = ROLES.every((role) => models[role] === forward);
  const asked = isOne ? all : ROLES.flatMap((role) => [`--model-${role}`, models[role]]);
  const command = (...parts: readonly string[]) => ["agentgraph", ...parts].map(quoted).join(" ");
  const evaluate = (split: string, ...more: readonly string[]) =>
    command("evaluate", run.graphFile, "--split", split, "--seed", `${options.seed}`, ...answering, ...more);
  if (evaluated) {
    const more = run.method === CHAIN_OF_THOUGHT ? ["--method", run.method] : [];
    return [{ why: "Score it again:", command: evaluate(evaluated.split, ...more) }];
  }
  const split = run.samples.test > 0 ? "test" : "validation";
  const address = run.provider.startsWith("simulated") ? "" : " With another server than OpenAI, add its --base-url.";
  return [
    {
      why: `Score the graph file as it is, apply the changes, and score it again.${address}`,
      command: evaluate(split),
    },
    {
      why: "Score the untouched graph with a step-by-step suffix instead:",
      command: evaluate(split, "--method", CHAIN_OF_THOUGHT),
    },
    {
      why: "Make the run again: same seed and same replies, same run. A model that answers otherwise the next time makes another one.",
      command: command("optimize", run.graphFile, "--seed", `${options.seed}`, ...asked),
    },
  ];
}

/** As one word of a POSIX shell. */
function quoted(word: string): string {
  const text = plain(word).replace(/\s+/g, " ");
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
