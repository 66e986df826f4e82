import { reflexion } from "./reflexion.ts";
import type { Solver } from "./solver.ts";
import { textgrad } from "./textgrad.ts";

/** By the name that `--method` takes. One line for each. */
export const SOLVERS = { textgrad, reflexion } as const satisfies Readonly<Record<string, Solver>>;

export type SolverName = keyof typeof SOLVERS;

export const SOLVER_NAMES = Object.keys(SOLVERS) as SolverName[];
