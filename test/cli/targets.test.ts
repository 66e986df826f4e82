import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { EvaluationReport, RunReport } from "../../src/cli/output/json.ts";
import { type Bench, type Ended, open } from "./cli.ts";
import { scripted } from "./scripted.ts";

const URGENT = /at once|immediately/;
const KINDS = { money: /charged|invoice/, parcel: /parcel|courier/ } as const;
const kindOf = (text: string) => (KINDS.money.test(text) ? "money" : "parcel");

/**
 * A desk that sorts messages. It reads every message rightly, but each step says so only as its instruction allows: the
 * step `urgency` answers with yes or no once it is improved, the step `reply` names the team once it is. Feedback blames
 * whatever it may blame.
 */
const desk = scripted({
  forward: (prompt, better) => {
    if (prompt.includes("Name the kind")) return kindOf(prompt);
    if (prompt.includes("How urgent")) return better ? (URGENT.test(prompt) ? "yes" : "no") : "It depends.";
    return better ? `team ${prompt.includes(">\nmoney\n<") ? "money" : "parcel"}` : "Someone will write.";
  },
});

const WORDS = ["I was charged twice", "My parcel has not come", "The invoice is wrong", "The courier rang nobody"];

function rows(set: string, count: number) {
  return Array.from({ length: count }, (_, at) => {
    const urgent = at % 3 === 0;
    const message = `${WORDS[at % 4]}, ${set} ${at}${urgent ? ", answer at once" : ""}.`;
    return { message, kind: kindOf(message), urgent: urgent ? "yes" : "no", team: `team ${kindOf(message)}` };
  });
}

async function writeDesk(bench: Bench, more: object, ready = ""): Promise<string> {
  const graph = {
    version: 1,
    description: "Sorts messages.",
    inputs: { message: "what a customer wrote" },
    nodes: {
      kind: { inputs: ["message"], instruction: "Name the kind of the message." },
      urgency: { inputs: ["message"], instruction: "How urgent is the message?" },
      reply: { inputs: ["kind"], instruction: `Say which team answers. ${ready}` },
    },
    output: "reply",
    models: { forward: "scripted" },
    loss: { kind: "exact" },
    ...more,
  };
  await writeFile(join(bench.folder, "desk.agentgraph.json"), JSON.stringify(graph, null, 2));
  return "desk.agentgraph.json";
}

const sets = (part = (row: object) => row) => ({
  train: rows("first", 12).map(part),
  validation: rows("second", 12).map(part),
  test: rows("third", 12).map(part),
});

function reportOf({ stdout, stderr }: Ended): RunReport {
  return stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
}

describe("a node with targets of its own", () => {
  it("is improved even if the answer does not show its fault", async () => {
    const bench = await open({ model: desk });
    const blind = await writeDesk(bench, { data: { ...sets(), target: "team" } }, "BETTER");
    const without = reportOf(await bench.online("optimize", blind, "--json"));
    expect(without.validation).toMatchObject({ before: 1, after: 1 });
    expect(without.proposals).toEqual([]);

    const file = await writeDesk(
      bench,
      { data: { ...sets(), target: "team", targets: { urgency: "urgent" } } },
      "BETTER",
    );
    const report = reportOf(await bench.online("optimize", file, "--json"));
    expect(report.validation).toMatchObject({ before: 0.5, after: 1 });
    expect(report.validation.nodes).toEqual({
      reply: { n: 12, before: 1, after: 1, rightBefore: 12, rightAfter: 12 },
      urgency: { n: 12, before: 0, after: 1, rightBefore: 0, rightAfter: 12 },
    });
    expect(report.test?.nodes?.urgency).toMatchObject({ rightBefore: 0, rightAfter: 12 });
    expect(report.proposals.map(({ node, verdict }) => [node, verdict])).toEqual([["urgency", "accepted"]]);
  });

  it("gets no feedback for an answer that another node spoiled", async () => {
    const bench = await open({ model: desk });
    const targets = { kind: "kind" };
    const file = await writeDesk(bench, { data: { ...sets(), target: "team", targets } });
    const report = reportOf(await bench.online("optimize", file, "--json"));
    expect(report.validation.nodes).toMatchObject({ kind: { before: 1, after: 1 }, reply: { before: 0, after: 1 } });
    expect(report.proposals.map(({ node }) => node)).toEqual(["reply"]);
    // Whose fault it is stands in the data, so no model is asked.
    expect(report.calls.backward).toBe(0);
    const blind = await writeDesk(bench, { data: { ...sets(), target: "team" } });
    expect(reportOf(await bench.online("optimize", blind, "--json")).calls.backward).toBeGreaterThan(0);
  });

  it("is all that is scored where the answer has no target, in the rows that have its own", async () => {
    const bench = await open({ model: desk });
    let at = 0;
    const data = sets((row) => ({ ...row, ...(at++ % 2 === 0 && { urgent: null }) }));
    const file = await writeDesk(bench, { data: { ...data, targets: { urgency: "urgent", kind: "kind" } } });
    const scored = await bench.online("evaluate", file, "--split", "validation", "--json");
    const evaluation: EvaluationReport = JSON.parse(scored.stdout);
    expect(evaluation.nodes).toMatchObject({ kind: { n: 12, after: 1 }, urgency: { n: 6, after: 0 } });
    expect(evaluation.score).toBeCloseTo(0.75);
    const shown = await bench.online("evaluate", file, "--split", "validation");
    expect(shown.stdout).toContain("urgency 0.000 (0 of 6 right)");
  });

  it("keeps its figures over a resume, in the report and on the terminal", async () => {
    const bench = await open({ model: desk });
    const data = { ...sets(), target: "team", targets: { urgency: "urgent", kind: "kind" } };
    const file = await writeDesk(bench, { data, losses: { kind: { kind: "contains" } } });
    const short = await bench.online("optimize", file, "--json", "--budget-calls", "60");
    expect(short.code).toBe(3);
    const { run } = reportOf(short);
    const whole = reportOf(await bench.online("resume", run ?? "", "--json", "--budget-calls", "2000"));
    expect(whole.status).toBe("done");
    expect(whole.validation.nodes).toMatchObject({
      kind: { n: 12, after: 1 },
      reply: { n: 12, after: 1 },
      urgency: { n: 12, after: 1 },
    });
    const straight = await bench.online("optimize", file, "--runs-dir", join(bench.folder, "other"));
    expect(straight.stdout).toContain("validation, urgency 0 → 12 of 12 right");
    const html = join(bench.folder, "report.html");
    const made = await bench.run("report", run ?? "", "--format", "html", "--output", html);
    expect(made.code, made.stderr).toBe(0);
    expect(await readFile(html, "utf8")).toMatch(/of these, urgency[\s\S]*0 → 12 of 12 right/);
  });
});

describe("check", () => {
  it("shows the loss of a node for which the file names none", async () => {
    const bench = await open();
    const file = await writeDesk(bench, { data: { ...sets(), target: "team", targets: { urgency: "urgent" } } });
    const { code, stdout } = await bench.run("check", file);
    expect(code, stdout).toBe(0);
    expect(stdout).toContain('"urgency" is scored with the loss "exact", chosen by the form of its targets.');
  });

  it.each<[string, object, object, string]>([
    ["a name that is no node", { urgecy: "urgent" }, {}, 'Did you mean "urgency"?'],
    ["the output", { reply: "team" }, {}, '"reply" is the output'],
    ["a field that no row has", { urgency: "haste" }, {}, 'No row has a value in the field "haste".'],
    ["a loss of a node without targets", { urgency: "urgent" }, { kind: { kind: "exact" } }, '"losses" names "kind"'],
    ["targets that the loss can't use", { urgency: "urgent" }, { urgency: { kind: "number" } }, "can't be used"],
  ])("refuses %s", async (_, targets, losses, said) => {
    const bench = await open();
    const file = await writeDesk(bench, { data: { ...sets(), target: "team", targets }, losses });
    const { code, stdout } = await bench.run("check", file);
    expect(code).toBe(2);
    expect(stdout).toContain(said);
  });
});
