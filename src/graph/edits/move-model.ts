import { add, change } from "../checks/quick-fixes.ts";
import { applyEdits } from "../fault.ts";
import { ROLES, type Role } from "../graph.ts";
import type { GraphFile } from "../schema/schema.ts";
import { JsonDocument } from "../syntax/document.ts";

/**
 * The text of a graph file that names another forward model, also in the nodes that name one of their own. Roles that
 * used the old forward model by default keep it by name. Unchanged where the file names no forward model.
 * @param roles that the graph uses besides `forward`
 */
export function withForwardModel(
  text: string,
  { models, nodes }: GraphFile,
  to: string,
  roles: readonly Role[],
): string {
  const own = Object.entries(nodes).flatMap(([id, node]) => ("model" in node && node.model ? [id] : []));
  const moved = own.reduce((all, id) => withModelAt(all, ["nodes", id, "model"], to), text);
  const { forward } = models;
  if (forward === undefined) return moved;
  const old = typeof forward === "string" ? forward : forward.model;
  const kept = ROLES.filter((role) => role !== "forward" && roles.includes(role) && models[role] === undefined);
  const named = kept.reduce((all, role) => {
    const document = new JsonDocument("", all);
    const [fix] = add(document, ["models"], role, JSON.stringify(old));
    return fix ? applyEdits(all, fix.edits) : all;
  }, moved);
  return withModelAt(named, ["models", "forward"], to);
}

/** @param path of a name, or of an object with `model` */
function withModelAt(text: string, path: readonly string[], to: string): string {
  const document = new JsonDocument("", text);
  const at = document.at(path)?.type === "object" ? [...path, "model"] : path;
  return applyEdits(text, change(document, document.rangeAt(at), JSON.stringify(to)).edits);
}
