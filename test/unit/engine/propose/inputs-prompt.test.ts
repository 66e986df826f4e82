import { describe, expect, it } from "vitest";
import { createEdgeWorld } from "../../../../bench/experiments/edges-world.ts";
import { VirtualClock } from "../../../../bench/worlds/clock.ts";
import { optionsOf, runOn } from "../../../../bench/worlds/run.ts";
import { inputsViolation } from "../../../../src/engine/propose/inputs-prompt.ts";
import { openInputs } from "../../../../src/graph/edges.ts";
import type { Model } from "../../../../src/models/model.ts";
import { graphOf, llm, ofType } from "../fixtures.ts";

describe("proposals of what a node reads", () => {
  const graph = openInputs(
    graphOf([llm("plan", ["question"]), llm("solve", ["question", "plan"], { keep: ["{{question}}"] })]),
    () => true,
  );
  const [plan, solve] = graph.nodes;

  it("name what the graph has, before the node, with all that it needs", () => {
    expect(plan && inputsViolation(graph, plan, "question")).toBeNull();
    expect(plan && inputsViolation(graph, plan, "question\nsolve")).toBe("reads a later node");
    expect(plan && inputsViolation(graph, plan, "question\nplan")).toBe("reads a later node");
    expect(solve && inputsViolation(graph, solve, "question\n/etc/passwd")).toBe("names an unknown input");
    expect(solve && inputsViolation(graph, solve, "plan")).toBe("drops a needed input");
    expect(solve && inputsViolation(graph, solve, "")).toBe("no inputs");
  });

  it("that a model makes up are refused with their reason, without a call", async () => {
    const clock = new VirtualClock();
    const world = createEdgeWorld({ seed: 3, fault: "both", sources: 2, decoys: 1, accuracy: 1 }, () => clock.sleep(1));
    const wild: Model = {
      ...world.model,
      complete: async (request, signal) => {
        const reply = await world.model.complete(request, signal);
        const isChoice = request.tag.purpose === "optimizer";
        return isChoice
          ? { ...reply, text: '{"hypothesis": "h", "inputs": ["question", "answer", "secrets"]}' }
          : reply;
      },
    };
    const { events, finished } = await runOn({ ...world, model: wild }, optionsOf({ iterations: 2 }), clock);
    const attempts = ofType(events, "attempt");
    expect(attempts.length).toBeGreaterThan(0);
    expect(new Set(attempts.map(({ invalid }) => invalid))).toEqual(
      new Set(["names an unknown input", "repeats an earlier text"]),
    );
    expect(finished.texts).toEqual(ofType(events, "started")[0]?.texts);
    const forward = events.filter((event) => event.type === "call" && event.purpose === "forward");
    expect(new Set(forward.map((event) => "node" in event && event.node))).not.toContain("secrets");
  });

  it("mend a missing and a harmful edge, with leave-one-out for each", async () => {
    const clock = new VirtualClock();
    const world = createEdgeWorld({ seed: 2, fault: "both", sources: 3, decoys: 2, accuracy: 1 }, () => clock.sleep(1));
    const { finished } = await runOn(world, optionsOf({ seed: 2 }), clock);
    expect(world.truth(finished.texts, world.test)).toBe(world.ceiling(world.test));
    const changed = finished.proposals.filter(({ verdict }) => verdict.decision === "accepted");
    expect(changed.map(({ node }) => node)).toContain("join:inputs");
  });
});
