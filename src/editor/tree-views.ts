import type { TreeView } from "vscode";
import type { ProposalElement } from "./review/tree.ts";
import type { RunElement } from "./runs/tree.ts";

/** The views that more than their tree is set on. */
export interface Views {
  readonly proposals: TreeView<ProposalElement>;
  readonly runs: TreeView<RunElement>;
}
