import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** A server of the Model Context Protocol over stdio, with a tool that gives back its input. The argument is a file that takes a line for each call. */
const [, , log] = process.argv;

const TOOL = {
  name: "pass_on",
  description: "Gives back its input.",
  inputSchema: { type: "object", properties: { text: { type: "string" } } },
};

const answers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: "pass on", version: "1" },
  }),
  "tools/list": () => ({ tools: [TOOL] }),
  "tools/call": ({ arguments: input }) => {
    appendFileSync(log, `${JSON.stringify(input)}\n`);
    return { content: [{ type: "text", text: Object.values(input).join("\n") }] };
  },
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const answer = answers[method];
  const result = answer ? { result: answer(params) } : { error: { code: -32601, message: `no method ${method}` } };
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...result })}\n`);
});
