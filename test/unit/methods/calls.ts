import type { Ended } from "../engine/runs.ts";

/**
 * The calls of a run in the order in which they left: purpose, node, text of the node, samples. Texts are numbered by node
 * as they come up; 0 is the file's. Calls that differ only in their sample stand in one line.
 */
export function sequenceOf({ provider, world }: Ended): string {
  const texts = new Map(world.graph.nodes.map(({ id, text }) => [id, [text]]));
  const lines: { readonly call: string; readonly samples: string[] }[] = [];
  for (const { tag, messages } of provider.seen) {
    const about = tag.purpose === "forward" ? numbered(tag.node ?? "", messages[0]?.content ?? "") : (tag.node ?? "-");
    const call = `${tag.purpose} ${about}`;
    if (lines.at(-1)?.call !== call) lines.push({ call, samples: [] });
    lines.at(-1)?.samples.push(tag.sample ?? "-");
  }
  return `${lines.map(({ call, samples }) => `${call}: ${samples.join(" ")}`).join("\n")}\n`;

  function numbered(node: string, text: string): string {
    const known = texts.get(node) ?? [];
    if (!known.includes(text)) known.push(text);
    return `${node} ${known.indexOf(text)}`;
  }
}
