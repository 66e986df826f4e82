import type { Proposal } from "../engine/events.ts";
import { edgeChanges, nodeOfInputs } from "../graph/edges.ts";
import type { Locale } from "./locale.ts";

/** The changed edges of a node in short: `now reads list, no longer reads gossip`. */
export function edgesLabel({ base, text }: Pick<Proposal, "base" | "text">, { t }: Locale): string {
  const { added, dropped } = edgeChanges(base, text);
  return [
    ...(added.length > 0 ? [t("now reads {0}", added.join(", "))] : []),
    ...(dropped.length > 0 ? [t("no longer reads {0}", dropped.join(", "))] : []),
  ].join(", ");
}

/** One label per changed edge of a node: `now reads list · worse without it`. Empty for a change of a text. */
export function edgeLabels(
  { node, base, text, edges }: Pick<Proposal, "node" | "base" | "text" | "edges">,
  { t }: Locale,
): string[] {
  if (nodeOfInputs(node) === null) return [];
  const { added, dropped } = edgeChanges(base, text);
  return [
    ...added.map((name) => measured(name, t("now reads {0}", name))),
    ...dropped.map((name) => measured(name, t("no longer reads {0}", name))),
  ];

  function measured(name: string, what: string): string {
    const isNeeded = edges?.[name];
    if (isNeeded === undefined) return what;
    return `${what} · ${isNeeded ? t("worse without this change") : t("no effect: the same without this change")}`;
  }
}
