/** The last code block in a reply, else the whole reply. */
export function codeIn(reply: string): string {
  const blocks = [...reply.matchAll(/^[ \t]*```[^\n]*\n([\s\S]*?)^[ \t]*```[ \t]*$/gm)];
  return blocks.at(-1)?.[1] ?? reply;
}
