import * as z from "zod";

/**
 * Servers of the Model Context Protocol, in the usual formats: `{ "mcpServers": { … } }` or VS Code's `{ "servers":
 * { … } }`.
 */
const server = z.union([
  z.object({
    command: z.string().min(1),
    args: z.array(z.string()).default([]),
    env: z.record(z.string(), z.string()).default({}),
    cwd: z.string().optional(),
  }),
  z.object({ url: z.url({ protocol: /^https?$/ }), headers: z.record(z.string(), z.string()).default({}) }),
]);

const servers = z.record(z.string(), server);
const file = z.union([
  z.object({ mcpServers: servers }).transform(({ mcpServers }) => mcpServers),
  z.object({ servers }).transform((one) => one.servers),
]);

export type ToolServer = z.output<typeof server>;
export type ToolServers = Readonly<Record<string, ToolServer>>;

/** @throws Error that describes the problem of the text */
export function readServers(text: string): ToolServers {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
  const read = file.safeParse(value);
  if (!read.success) throw new Error('it needs "mcpServers": name → { "command", "args" } or { "url" }');
  return read.data;
}
