/** The last block of code in a reply, else all of it. */
export function codeIn(reply: string): string {
  const blocks = [...reply.matchAll(/^[ \t]*```[^\n]*\n([\s\S]*?)^[ \t]*```[ \t]*$/gm)];
  return blocks.at(-1)?.[1] ?? reply;
}
