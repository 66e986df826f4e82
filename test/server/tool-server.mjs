import { createInterface } from "node:readline";

/**
 * Serves one tool by the Model Context Protocol over stdio.
 * @param tool its description
 * @param call makes the result of a call with these arguments; null: no answer
 * @param more of what the server says of itself, `before`: called before each answer, and `lists`: the answer to `tools/list`
 */
export function serveTool(tool, call, { before = () => {}, lists = () => ({ tools: [tool] }), ...more } = {}) {
  const answers = {
    initialize: ({ protocolVersion }) => ({
      protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: tool.name, version: "1" },
      ...more,
    }),
    "tools/list": lists,
    "tools/call": ({ arguments: input }) => call(input),
  };
  createInterface({ input: process.stdin }).on("line", (line) => {
    const { id, method, params } = JSON.parse(line);
    before();
    if (id === undefined) return;
    const result = answers[method]?.(params);
    if (result === null) return;
    const answer = result ? { result } : { error: { code: -32601, message: `no method ${method}` } };
    process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...answer })}\n`);
  });
}
