import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Methods } from "../../../src/engine/method.ts";
import { MemoryReplies } from "../../../src/models/stack/store.ts";
import { estimateRun } from "../../../src/run/estimate/estimate.ts";
import { ofType } from "../engine/fixtures.ts";
import { prepare, run } from "../engine/runs.ts";
import { reply } from "../models/fakes.ts";
import { randomSearch } from "./random-search.ts";

const root = join(import.meta.dirname, "../../..");
const methods: Methods = { "random-search": randomSearch };

/** Right once some instruction says GOOD, which the third rewrite does. */
function answering(targets: ReadonlyMap<string, string>) {
  let rewrites = 0;
  return ({ tag, messages }: Parameters<NonNullable<Parameters<typeof run>[0]>["instead"] & object>[0]) => {
    if (tag.purpose === "optimizer") {
      rewrites++;
      return Promise.resolve(reply(`Sure!\n<text>${rewrites === 3 ? "GOOD" : "BAD"} ${rewrites}</text>`));
    }
    const isGood = messages.some(({ content }) => content.includes("GOOD"));
    const right = tag.node === "answer" ? targets.get(tag.sample ?? "") : "GOOD";
    return Promise.resolve(reply(isGood ? (right ?? "") : "wrong"));
  };
}

describe("the method of docs/add-a-method.md", () => {
  it("is the one that is tested here, in at most 40 lines", () => {
    const doc = readFileSync(join(root, "docs/add-a-method.md"), "utf8");
    const code = readFileSync(join(import.meta.dirname, "random-search.ts"), "utf8");
    const shown = code.replaceAll("../../../src", "..");
    expect(doc).toContain(`\`\`\`ts\n${shown}\`\`\``);
    expect(shown.trimEnd().split("\n").length).toBeLessThanOrEqual(44);
  });

  it("finds what helps, and what it returns is the result", async () => {
    const { world, task } = prepare();
    const targets = new Map([...task.data.train, ...task.data.validation].map((one) => [one.id, one.targets[0] ?? ""]));
    const { finished, events } = await run({
      methods,
      options: { method: "random-search" },
      own: { tries: 4 },
      instead: answering(targets),
    });
    expect(finished.status).toBe("done");
    expect(finished.proposals.filter(({ verdict }) => verdict.decision === "accepted")).toMatchObject([
      { text: "GOOD 3" },
    ]);
    expect(Object.values(finished.texts)).toContain("GOOD 3");
    expect(ofType(events, "iteration").map(({ accepted }) => accepted.length)).toEqual([0, 0, 1, 0]);
    expect(ofType(events, "started")).toMatchObject([{ method: "random-search", iterations: 4 }]);
    expect(world.graph.nodes.length).toBeGreaterThan(1);
  });

  it("keeps what it had if the budget ends it", async () => {
    const { task } = prepare();
    const targets = new Map([...task.data.train, ...task.data.validation].map((one) => [one.id, one.targets[0] ?? ""]));
    const { finished } = await run({
      methods,
      options: { method: "random-search", budget: { calls: 75, tokens: null, usd: null } },
      own: { tries: 30 },
      instead: answering(targets),
    });
    expect(finished.status).toBe("budget");
    expect(Object.values(finished.texts)).toContain("GOOD 3");
  });

  it("is estimated like every other", async () => {
    const { task } = prepare({ methods, options: { method: "random-search" }, own: { tries: 4 } });
    const known = {
      provider: "p",
      replies: new MemoryReplies(),
      price: () => 0,
      clock: { now: () => 0, sleep: async () => {} },
    };
    const few = await estimateRun(task, known, methods);
    const more = await estimateRun(
      { ...task, options: { ...task.options, methodOptions: { tries: 8 } } },
      known,
      methods,
    );
    expect(few.calls).toBeGreaterThan(20);
    expect(more.calls).toBeGreaterThan(few.calls);
  });
});
