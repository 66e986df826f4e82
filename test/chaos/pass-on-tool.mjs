import { appendFileSync } from "node:fs";
import { serveTool } from "../server/tool-server.mjs";

/** A tool that gives back its input. The argument is a file that takes a line for each call. */
const [, , log] = process.argv;

serveTool(
  {
    name: "pass_on",
    description: "Gives back its input.",
    inputSchema: { type: "object", properties: { text: { type: "string" } } },
  },
  (input) => {
    appendFileSync(log, `${JSON.stringify(input)}\n`);
    return { content: [{ type: "text", text: Object.values(input).join("\n") }] };
  },
);
