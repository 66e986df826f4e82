import { traitsOf } from "../../graph/node-kinds.ts";
import { stepOf } from "./forward.ts";

/**
 * Ids of the nodes that the simulated model cannot answer: their instruction is none of the example graphs'. It says who
 * is speaking instead, so that scores and gradients of such a graph mean nothing.
 */
export function unknownNodes(
  nodes: readonly { readonly id: string; readonly kind: string; readonly text: string }[],
): string[] {
  return nodes.flatMap((node) => (traitsOf(node).asksModel && stepOf(node.text) === null ? [node.id] : []));
}
