import { basename } from "node:path";
import { l10n } from "vscode";
import type { Fault } from "../graph/fault.ts";

/** The user stopped a dialog half-way: nothing to say. */
export class Cancelled extends Error {
  override readonly name = "Cancelled";
}

/** Something the user asked for is not there; `message` is already a sentence for a person. */
export class NothingThere extends Error {
  override readonly name = "NothingThere";
}

/** The folder is not trusted, so nothing is sent and no program is called. */
export class NotTrusted extends Error {
  override readonly name = "NotTrusted";
}

/** The text that a proposal would replace is no longer the one its run saw. */
export class TextChanged extends Error {
  override readonly name = "TextChanged";
  constructor(
    readonly node: string,
    readonly file: string,
  ) {
    super(`the text of ${node} in ${file} has changed since the run`);
  }
}

/** The graph file has faults that keep it from running. */
export class GraphFaulty extends Error {
  override readonly name = "GraphFaulty";
  constructor(
    readonly file: string,
    readonly first: string,
    readonly count: number,
  ) {
    super(`${file} has ${count} faults; the first: ${first}`);
  }

  static of(file: string, faults: readonly Fault[]): GraphFaulty {
    const errors = faults.filter(({ severity }) => severity === "error");
    const [first] = errors;
    const place = first ? `${first.message} ${first.remedy}` : "";
    return new GraphFaulty(basename(file), place, errors.length);
  }
}

/** What happened, where, and what to do: the words for every error that reaches the user. */
export function sentence(error: unknown): string {
  if (error instanceof NotTrusted) {
    return l10n.t(
      "This folder is not trusted, so AgentGraph sends nothing and calls no program. Trust the folder first.",
    );
  }
  if (error instanceof TextChanged) {
    return l10n.t(
      "The text of “{0}” in {1} is no longer the one the run saw, so nothing was changed. Undo your edit, or optimize the graph again.",
      error.node,
      error.file,
    );
  }
  if (error instanceof GraphFaulty) {
    return error.count === 1
      ? l10n.t("{0} cannot run: {1}", error.file, error.first)
      : l10n.t("{0} cannot run. {1} ({2} more in Problems.)", error.file, error.first, error.count - 1);
  }
  return error instanceof Error ? error.message : String(error);
}
