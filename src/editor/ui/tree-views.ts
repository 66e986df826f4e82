import type { TreeView } from "vscode";
import type { ProposalElement } from "../review/tree.ts";
import type { RunElement } from "../runs/tree.ts";

/** The tree views whose badge, check boxes or selection are used. */
export interface Views {
  readonly proposals: TreeView<ProposalElement>;
  readonly runs: TreeView<RunElement>;
}
