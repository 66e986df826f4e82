import type { Code } from "../deps.ts";
import type { Task } from "../engine/task.ts";
import { languageOf } from "../graph/graph.ts";
import { programExtension } from "../graph/program-file.ts";

/** The files that a task runs with the user's commands. */
export interface ProgramFiles {
  readonly files: readonly Code[];
  /** Whether code written by models runs, too, which no one has read. */
  readonly runsModelCode: boolean;
}

/** Files of function nodes and losses in other languages than the sandbox's. */
export function programFilesOf({ graph, loss, losses = {} }: Pick<Task, "graph" | "loss" | "losses">): ProgramFiles {
  const isProgram = ({ file }: { readonly file: string }) => programExtension(file) !== null;
  const functions = graph.nodes.flatMap((node) => (node.kind === "function" && isProgram(node) ? [node] : []));
  const scoring = [loss, ...Object.values(losses)].filter(({ code = [] }) => code.some(({ code }) => isProgram(code)));
  const ofLosses = scoring.flatMap(({ code = [] }) => code.map(({ code }) => code)).filter(isProgram);
  const files = [...functions.map(({ file, text }) => ({ file, text })), ...ofLosses];
  const tunedCode = new Set(graph.nodes.flatMap((node) => (languageOf(node) === null ? [] : [node.id])));
  return {
    files: [...new Map(files.map((one) => [JSON.stringify([one.file, one.text]), one])).values()],
    runsModelCode:
      scoring.some(({ runsAnswer }) => runsAnswer) ||
      functions.some(({ inputs }) => inputs.some((name) => tunedCode.has(name))),
  };
}
