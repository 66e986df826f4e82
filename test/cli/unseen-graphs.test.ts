import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunReport } from "../../src/cli/output/json.ts";
import { open } from "./cli.ts";
import { blockIn, feedbackFor, promptModel } from "./prompt-model.ts";

/** A rule that an instruction lacks: what its node does wrong, as its value shows, and the advice that mends it. */
interface Rule {
  readonly node: string;
  /** Words of the rule in an instruction that has it. */
  readonly words: RegExp;
  readonly advice: string;
  isBroken(value: string, query: string): boolean;
}

/**
 * A model whose nodes do as their instructions say. Its feedback blames a source only if the prompt shows the source's value
 * and how code used it; its rewrites add the advice that they are shown.
 */
function modelOf(rule: Rule, forward: (instruction: string, user: string) => string) {
  return promptModel("unseen", {
    forward,
    feedback(_, user, keys) {
      const step = /<step id="(\w+)"/.exec(user)?.[1] ?? "";
      const query = blockIn(user, "query") || user;
      const own = new RegExp(`<(?:source|input) id="${rule.node}"[^>]*>\n([\\s\\S]*?)\n</`).exec(user)?.[1];
      const seesCode = /<code step="\w+"/.test(user);
      const hasFault = own !== undefined && seesCode && rule.isBroken(own, query);
      return feedbackFor(keys, (key) => {
        if (step === rule.node && key === "instruction") return user.includes(rule.advice) ? rule.advice : "";
        return key === rule.node && hasFault ? rule.advice : "";
      });
    },
    rewrite(_, user) {
      const text = blockIn(user, "current_text");
      const cases = [...user.matchAll(/<case id[\s\S]*?<\/case>/g)].map(([one]) => one);
      const isShown = user.includes(rule.advice) || cases.some((one) => rule.isBroken(blockIn(one, "output"), one));
      return { hypothesis: "It lacks a rule.", text: `${text} ${isShown ? rule.advice : "Work with care."}` };
    },
  });
}

const TOWNS = ["Bonn", "Graz", "Lund", "Metz", "Turin", "Varna", "Split", "Namur"];

/** A note of an invoice → its fields as JSON → each field by code → a sentence. Amounts with a comma become text. */
const invoices = {
  rule: {
    node: "fields",
    words: /decimal point/,
    advice: "Write amounts with a decimal point.",
    isBroken: (value: string) => /"amount": *"\d+,\d/.test(value),
  },
  forward(instruction: string, user: string) {
    if (!instruction.includes("fields")) return `Pay ${/\d+(\.\d+)?/.exec(user)?.[0] ?? "nothing"}.`;
    const [, amount = "", town = ""] = /for ([\d,]+) in (\w+)/.exec(user) ?? [];
    const shown = /decimal point/.test(instruction) ? amount.replace(",", ".") : amount;
    return `\`\`\`json\n{ "amount": "${shown}", "town": "${town}" }\n\`\`\``;
  },
  nodes: {
    fields: { inputs: ["note"], instruction: "Give the fields amount and town as JSON.", output: { json: "" } },
    cents: {
      kind: "function",
      inputs: ["fields"],
      code: [
        "export default ({ fields: { amount, town } }) => {",
        "  return { town, cents: Math.round(Number(amount) * 100) };",
        "};",
      ],
    },
    say: { inputs: ["cents"], instruction: "Say what to pay in {{cents}}." },
  },
  output: "say",
  row: (at: number) => ({
    note: `An invoice for ${10 + at}${at % 3 === 0 ? ",50" : ""} in ${TOWNS[at % TOWNS.length]}, number ${at * 7}.`,
    answer: String((10 + at) * 100 + (at % 3 === 0 ? 50 : 0)),
  }),
};

/** A ticket → its kind in a sentence → a regular expression that routes → two writers → the one that was chosen. */
const tickets = {
  rule: {
    node: "kind",
    words: /refund is billing/,
    advice: "A refund is billing.",
    isBroken: (value: string, query: string) => /refund/.test(query) && /kind: tech/.test(value),
  },
  forward(instruction: string, user: string) {
    if (instruction.includes("Which kind")) {
      const isBilling = /invoice/.test(user) || (/refund/.test(user) && /refund is billing/.test(instruction));
      return `I would say kind: ${isBilling ? "billing" : "tech"}`;
    }
    const desk = user.includes("Write to accounts") ? "accounts" : "support";
    return `Send number ${/number (\d+)/.exec(user)?.[1]} to ${desk}.`;
  },
  nodes: {
    kind: { inputs: ["ticket"], instruction: "Which kind is it, billing or tech?" },
    route: {
      kind: "function",
      inputs: ["kind"],
      code: "export default ({ kind }) => (/kind: (billing|tech)/.exec(kind) ?? [, 'tech'])[1];",
    },
    billing: { inputs: ["ticket"], instruction: "Write to accounts about {{ticket}}." },
    tech: { inputs: ["ticket"], instruction: "Write to support about {{ticket}}." },
    chosen: {
      kind: "function",
      inputs: ["route", "billing", "tech"],
      code: "export default ({ route, billing, tech }) => (route === 'billing' ? billing : tech);",
    },
  },
  output: "chosen",
  row: (at: number) => {
    const about = ["The screen is dark", "My invoice is wrong", "I want a refund"][at % 3] ?? "";
    const number = 100 + at;
    return {
      ticket: `${about}, number ${number}.`,
      answer: `Send number ${number} to ${at % 3 === 0 ? "support" : "accounts"}.`,
    };
  },
};

/** A question → readings by code → each is answered alone (a map) → code counts the votes. */
const votes = {
  rule: {
    node: "votes",
    words: /thousands/,
    advice: "Read k as thousands.",
    isBroken: (value: string, query: string) => /\dk\b/.test(query) && !/000/.test(value),
  },
  forward(instruction: string, user: string) {
    const found = [...`${instruction}\n${user}`.matchAll(/(\d+)(k?)\b(?= (?:bricks|tiles))/g)].at(-1);
    const isRead = /thousands/.test(instruction + user);
    return `Count: ${found?.[1] ?? "?"}${found?.[2] && isRead ? "000" : ""}`;
  },
  nodes: {
    readings: {
      kind: "function",
      inputs: ["question"],
      code: "export default ({ question }) => ['', 'Please: ', 'Quick: '].map((start) => start + question);",
    },
    votes: {
      kind: "map",
      over: "readings",
      inputs: ["readings"],
      instruction: "How many? {{readings}}",
      output: { after: "Count:" },
    },
    most: {
      kind: "function",
      inputs: ["votes"],
      code: [
        "export default ({ votes }) => {",
        "  const counts = new Map();",
        "  for (const vote of votes) counts.set(vote, (counts.get(vote) ?? 0) + 1);",
        "  return String([...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? '');",
        "};",
      ],
    },
  },
  output: "most",
  row: (at: number) => ({
    question: `A wall has ${3 + at}${at % 2 === 0 ? "k" : ""} ${at % 4 < 2 ? "bricks" : "tiles"}.`,
    answer: at % 2 === 0 ? `${3 + at}000` : String(3 + at),
  }),
};

describe("feedback crosses functions of graphs that no method was made with, and mends the one prompt at fault", () => {
  it.each([
    ["fields of JSON, each changed by code", invoices],
    ["a router by a regular expression", tickets],
    ["a vote over the elements of a map", votes],
  ])("%s", async (_, { rule, forward, nodes, output, row }) => {
    const bench = await open({ model: modelOf(rule, forward) });
    const [train, validation, test] = [0, 1, 2].map((set) =>
      Array.from({ length: 20 }, (__, at) => row(20 * set + at)),
    );
    const [input = ""] = Object.keys(row(0));
    const graph = {
      version: 1,
      inputs: [input],
      nodes,
      output,
      models: { forward: "unseen" },
      data: { train, validation, test, target: "answer" },
      loss: { kind: output === "say" ? "number" : "exact" },
    };
    await writeFile(join(bench.folder, "unseen.agentgraph.json"), JSON.stringify(graph));
    const checked = await bench.run("check", "unseen.agentgraph.json");
    expect(checked.stdout).toContain("0 errors, 0 warnings");
    const { stdout, stderr } = await bench.online("optimize", "unseen.agentgraph.json", "--json", "--model", "unseen");
    const report: RunReport = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
    expect(report.test?.before).toBeLessThan(0.75);
    expect(report.test?.after).toBe(1);
    const mending = report.proposals.filter(
      ({ verdict, contributes }) => verdict === "accepted" && contributes !== false,
    );
    expect(mending.map(({ node }) => node)).toEqual([rule.node]);
    expect(mending[0]?.text).toMatch(rule.words);
  });
});
