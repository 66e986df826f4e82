import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

/**
 * A server of the Model Context Protocol over stdio, with one tool that adds up items. The first argument is a file to which
 * a line is added for each call; the second, `mute`, makes it end at its first call.
 */
const [, , log, mood] = process.argv;

const TOOL = {
  name: "add_up",
  description: "Adds up items: a list of { count, price }.",
  inputSchema: { type: "object", properties: { items: {} }, required: ["items"] },
};

const answers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: "sum", version: "1" },
  }),
  "tools/list": () => ({ tools: [TOOL] }),
  "tools/call": ({ arguments: { items } }) => {
    appendFileSync(log, `${JSON.stringify(items)}\n`);
    if (mood === "mute") process.exit(1);
    try {
      const list = typeof items === "string" ? JSON.parse(items) : items;
      const sum = list.reduce((total, { count, price }) => total + count * price, 0);
      return { content: [{ type: "text", text: String(sum) }] };
    } catch {
      return { content: [{ type: "text", text: "SyntaxError: items is not a JSON list" }], isError: true };
    }
  },
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const answer = answers[method];
  const result = answer ? { result: answer(params) } : { error: { code: -32601, message: `no method ${method}` } };
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...result })}\n`);
});
