import { describe, expect, it } from "vitest";
import { signTest } from "../../../../src/engine/gate/statistics.ts";
import { ENGLISH } from "../../../../src/i18n/locale.ts";
import { caveatsOf } from "../../../../src/run/report/caveats.ts";
import { conclusionOf } from "../../../../src/run/report/conclusion.ts";
import { headline } from "../../../../src/run/report/headline.ts";
import type { Comparison, Figure, Report } from "../../../../src/run/report/report.ts";

const figure = (score: number): Figure => ({
  score,
  interval: [Math.max(0, score - 0.1), Math.min(1, score + 0.1)],
  right: Math.round(score * 20),
  lenient: score,
  formatErrors: 0,
  tokens: null,
});

function compared(split: "validation" | "test", changes: Partial<Comparison> = {}): Comparison {
  const [better, worse] = [changes.better ?? 8, changes.worse ?? 2];
  return {
    split,
    scored: 60,
    of: 60,
    before: figure(0.3),
    after: figure(0.6),
    gain: { mean: 0.3, interval: [0.1, 0.5] },
    better,
    worse,
    p: better + worse > 0 ? signTest(better, worse) : null,
    samples: [],
    ...changes,
  };
}

/** A report that holds what these sentences are made from. */
function report(changes: Partial<Report>): Report {
  const cost = { calls: { total: 1 }, usd: null, tokens: { prompt: 1, completion: 1, estimated: false } };
  const run = {
    trusted: true,
    provider: "openai",
    damaged: 0,
    status: "done",
    seconds: 1,
    samples: { train: 20, validation: 60, test: 60 },
    options: { gate: { policy: "strict", alpha: 0.05 } },
  };
  const rest = {
    changes: [],
    baselines: [],
    looks: 12,
    isGraded: false,
    evaluated: null,
    test: null,
    validation: null,
  };
  return { ...rest, cost, run, ...changes } as unknown as Report;
}

describe("the headline of a report", () => {
  it("counts the samples that were scored, not those of the set", () => {
    const partial = compared("validation", { scored: 8, of: 600 });
    expect(headline(report({ validation: partial }), ENGLISH)).toContain("(n = 8 of 600)");
    expect(headline(report({ validation: compared("validation") }), ENGLISH)).toContain("(n = 60)");
  });
});

describe("how easily the gate is fooled", () => {
  const risk = /accepts at least one such text/;

  it("is reported if no test set has settled the question", () => {
    expect(caveatsOf(report({ validation: compared("validation") }), ENGLISH).join("\n")).toMatch(risk);
    const doubtful = compared("test", { better: 4, worse: 2 });
    expect(caveatsOf(report({ validation: compared("validation"), test: doubtful }), ENGLISH).join("\n")).toMatch(risk);
  });

  it("is not said beside a test set on which 23 samples got better and none worse", () => {
    const settled = compared("test", { better: 23, worse: 0 });
    const said = caveatsOf(report({ validation: compared("validation"), test: settled }), ENGLISH).join("\n");
    expect(said).not.toMatch(risk);
    expect(said).toContain("23 of 60");
  });
});

describe("the answer that a report opens with", () => {
  const accepted = { verdict: { decision: "accepted" } } as Report["changes"][number];
  const cost = {
    calls: { total: 410 },
    usd: 0.14,
    tokens: { prompt: 1, completion: 1, estimated: false },
  } as Report["cost"];
  const said = (changes: Partial<Report>) => conclusionOf(report({ changes: [accepted], cost, ...changes }), ENGLISH);
  const test = compared("test", {
    scored: 30,
    of: 30,
    before: { ...figure(0.2), right: 6, tokens: 100 },
    after: { ...figure(29 / 30), right: 29, tokens: 141 },
    better: 23,
    worse: 0,
  });

  it("is “yes” if unseen samples say so, with what it costs", () => {
    expect(said({ test, validation: compared("validation") })).toEqual({
      answer: "yes",
      sentence:
        "Yes: on 30 samples not used before, 6 → 29 right, p < 0.001; each answer costs 41% more tokens; the run cost $0.14.",
    });
  });

  it("is perhaps if it can be chance, or if nothing unseen was scored", () => {
    const few = { ...test, better: 3, worse: 1, p: signTest(3, 1), after: { ...test.after, right: 8, score: 8 / 30 } };
    expect(said({ test: few })?.sentence).toMatch(
      /^Perhaps: on 30 samples not used before, 6 → 8 right, p = 0\.62; this may be chance;/,
    );
    expect(said({ validation: { ...test, split: "validation" } })?.sentence).toMatch(
      /^Perhaps: on the 30 samples used to choose the texts, 6 → 29 right, p < 0\.001; no unseen samples were scored;/,
    );
  });

  it("is “no” if unseen samples got worse, or nothing better was found", () => {
    const gain = { mean: -test.gain.mean, interval: [-0.5, -0.1] as const };
    const worse = { ...test, before: test.after, after: test.before, gain, better: 0, worse: 23 };
    expect(said({ test: worse })).toMatchObject({ answer: "no" });
    expect(said({ test, changes: [] })?.sentence).toBe("No: no better text was found; the run cost $0.14.");
  });

  it("does not call a run whose replies were all known one of 0 calls", () => {
    const calls = { ...cost.calls, total: 0, cached: 410 };
    expect(said({ test, changes: [], cost: { ...cost, calls, usd: 0 } })?.sentence).toBe(
      "No: no better text was found; all replies of the run were known.",
    );
  });

  it("claims nothing for another machine or for real models that were not asked", () => {
    const { run } = report({});
    expect(said({ test, run: { ...run, trusted: false } })?.sentence).toMatch(
      /^Not verified, from another machine\. Yes:/,
    );
    expect(said({ test, run: { ...run, provider: "simulated" } })?.sentence).toMatch(/^With the simulated model, yes:/);
  });

  it("gives mean scores where answers are graded", () => {
    const graded = { ...test, before: { ...test.before, score: 0.31 }, after: { ...test.after, score: 0.62 } };
    expect(said({ test: graded })?.sentence).toContain("on 30 samples not used before, score 0.31 → 0.62");
  });
});
