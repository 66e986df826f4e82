import { appendFileSync } from "node:fs";
import { serveTool } from "./tool-server.mjs";

/**
 * A tool that adds up items. The first argument is a file to which a line is added for each call; the second, `mute`, makes
 * the server end at its first call.
 */
const [, , log, mood] = process.argv;

serveTool(
  {
    name: "add_up",
    description: "Adds up items: a list of { count, price }.",
    inputSchema: { type: "object", properties: { items: {} }, required: ["items"] },
  },
  ({ items }) => {
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
);
