import { CHAIN_OF_THOUGHT } from "../../engine/baseline.ts";
import { methods } from "../../methods/registry.ts";

/** All methods that can be compared. Chain of thought is not one of them: every comparison scores it as a baseline. */
export const COMPARED = Object.keys(methods).filter((name) => name !== CHAIN_OF_THOUGHT);

/** This project's method, the strongest published one (gepa), and the one that the paper compares itself with (textgrad). */
const USUAL = ["semantic", "gepa", "textgrad"];

/**
 * Methods compared if the user names none, in the order of `COMPARED`. Each takes hundreds of calls a repeat, so not all of them
 * are.
 * @param own the method of the graph file, which always takes part
 */
export function usualMethods(own: string): string[] {
  return COMPARED.filter((name) => name === own || USUAL.includes(name));
}
