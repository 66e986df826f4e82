import { expect, it } from "vitest";
import { commitMessage } from "../../../../src/editor/git/message.ts";
import type { Proposal, Verdict } from "../../../../src/engine/events.ts";
import { verdictOf } from "../../../verdict.ts";

const verdict = verdictOf({
  lossBefore: 0.3,
  lossAfter: 0.15,
  rightBefore: 14,
  rightAfter: 17,
  fixed: ["a", "b", "c", "d"],
  broken: ["e"],
  p: 0.375,
  intervalBefore: [0.48, 0.86],
  intervalAfter: [0.64, 0.95],
  tokensBefore: 210,
  tokensAfter: 260,
  looks: 3,
});

function proposal(node: string, changes: Partial<Verdict> = {}): Proposal {
  const text = { base: "old", text: "new", hypothesis: "", attempts: [] };
  return { id: node, node, ...text, verdict: { ...verdict, ...changes } };
}

const subject = { run: "20261121-103200-000-abc123", graphName: "Word problems", model: "gpt-5.6-mini" };
const validation = { n: 20, before: 0.7, after: 0.85 };

it("says what changed and what speaks for it, with trailers for tools", () => {
  const applied = [proposal("plan"), proposal("solve", { fixed: ["a"], broken: [], rightAfter: 15 })];
  expect(commitMessage({ ...subject, applied, whole: true, validation })).toBe(
    `Tune 2 prompts in Word problems

- plan: accepted, 14 -> 17 of 20 right, fixed 4, broke 1
- solve: accepted, 14 -> 15 of 20 right, fixed 1, broke 0

Agentgraph-Run: 20261121-103200-000-abc123
Agentgraph-Model: gpt-5.6-mini
Agentgraph-Loss: 0.30 -> 0.15 (n=20)`,
  );
});

it("claims the run's figures only for all that the run accepted", () => {
  const message = commitMessage({ ...subject, applied: [proposal("plan")], whole: false, validation });
  expect(message).toContain("Tune the prompt of plan in Word problems");
  expect(message).toContain("Agentgraph-Loss: plan 0.30 -> 0.15 (n=20)");
});

it("says that a gate rejected a text, or that none ran", () => {
  const applied = [proposal("plan", { decision: "rejected" }), proposal("solve", { policy: "off" })];
  const message = commitMessage({ ...subject, applied, whole: false, validation });
  expect(message).toContain("- plan: rejected, ");
  expect(message).toContain("- solve: no gate, ");
});

it("names no model where the run's is unknown", () => {
  const message = commitMessage({ ...subject, model: "", applied: [proposal("plan")], whole: true, validation });
  expect(message).not.toContain("Agentgraph-Model");
});

it("keeps a name with line ends out of the trailers", () => {
  const graphName = "x\n\nAgentgraph-Loss: 1.00 -> 0.00 (n=9)";
  const model = "m\nAgentgraph-Loss: 1.00 -> 0.00 (n=9)";
  const message = commitMessage({
    ...subject,
    graphName,
    model,
    applied: [proposal("plan")],
    whole: false,
    validation,
  });
  expect(message.split("\n")[0]).toContain("Agentgraph-Loss: 1.00 -> 0.00 (n=9)");
  expect(message.match(/^Agentgraph-Loss/gm)).toHaveLength(1);
});

it("claims no figure for a text that was changed after it was judged", () => {
  const [plan, solve] = [proposal("plan"), proposal("solve")];
  const both = commitMessage({ ...subject, applied: [plan], changed: [solve], whole: true, validation });
  expect(both).toBe(
    `Tune 2 prompts in Word problems

- plan: accepted, 14 -> 17 of 20 right, fixed 4, broke 1
- solve: changed after the run judged it, so not scored

Agentgraph-Run: 20261121-103200-000-abc123
Agentgraph-Model: gpt-5.6-mini
Agentgraph-Loss: plan 0.30 -> 0.15 (n=20)`,
  );
  const alone = commitMessage({ ...subject, applied: [], changed: [solve], whole: false, validation });
  expect(alone).not.toContain("Agentgraph-Loss");
  expect(alone).toContain("Tune the prompt of solve in Word problems");
});

it("names the nodes whose inputs have changed, and how", () => {
  const inputs = { ...proposal("answer:inputs"), base: "question\ngossip", text: "question\nlist" };
  const alone = commitMessage({ ...subject, applied: [inputs], whole: false, validation });
  expect(alone).toContain("Tune the inputs of answer in Word problems");
  expect(alone).toContain(", now reads list, no longer reads gossip");
  const both = commitMessage({ ...subject, applied: [proposal("plan"), inputs], whole: false, validation });
  expect(both).toContain("Tune the prompt of plan and the inputs of answer in Word problems");
});
