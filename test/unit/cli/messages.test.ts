import { describe, expect, it } from "vitest";
import { Cancelled, failureOf, UsageError } from "../../../src/cli/errors.ts";
import type { WarningCode } from "../../../src/engine/events.ts";
import { ENGLISH } from "../../../src/i18n/locale.ts";
import { verdictLine, verdictReason } from "../../../src/i18n/verdict.ts";
import { warningMessage, warningMessages } from "../../../src/i18n/warnings.ts";
import { KeyRefused } from "../../../src/models/errors.ts";
import { NotRecorded, RunInProgress } from "../../../src/run/errors.ts";
import { verdict } from "../run/scripted.ts";

describe("verdictLine", () => {
  it("has the figures of an accepted proposal", () => {
    expect(verdictLine(verdict)).toBe(
      "Accepted by the gate · 10 → 15 of 20 right · fixed 1, broke 0 · p = 0.060 · 10 → 12 tokens per answer",
    );
  });

  it("says why one was rejected, and what was not scored", () => {
    const half = { scored: 4, rightBefore: 2, rightAfter: 2, lossBefore: 0.5, lossAfter: 0.5, p: null };
    const rejected = { ...verdict, ...half, decision: "rejected", reason: "cannot pass any more" } as const;
    expect(verdictLine(rejected)).toMatch(/^Rejected by the gate · 2 → 2 of 4 right \(16 not scored\)/);
    expect(verdictReason(rejected, ENGLISH)).toMatch(/^After 4 of 20 samples it could no longer pass/);
  });

  it("says loudly that no gate ran", () => {
    expect(verdictLine({ ...verdict, policy: "off" })).toMatch(/^Accepted without a gate/);
    expect(verdictLine({ ...verdict, policy: "off", scored: 0 })).toMatch(/nothing was scored$/);
  });
});

describe("verdicts of graded losses", () => {
  it("give the mean score, which is not a share of right answers", () => {
    const graded = { ...verdict, lossBefore: 0.4, lossAfter: 0.25, rightBefore: 3, rightAfter: 5 };
    expect(verdictLine(graded)).toMatch(/^Accepted by the gate · score 0\.60 → 0\.75 on 20 samples · fixed/);
  });
});

describe("a proposal that the gate never compared", () => {
  it("is called screened out", () => {
    for (const reason of [
      "constant output",
      "breaks training samples",
      "no gain on training samples",
      "violation",
      "eliminated",
      "superseded",
    ] as const) {
      const screened = { ...verdict, decision: "screened", reason, scored: 0 } as const;
      expect(`${verdictLine(screened)} ${verdictReason(screened, ENGLISH)}`).not.toMatch(/gate/i);
    }
  });
});

describe("warnings", () => {
  const codes: Record<WarningCode, true> = {
    "sample dropped": true,
    "proposal lost": true,
    "not scored": true,
    "parameter refused": true,
    "other tier": true,
    "shared requests": true,
    "images not shown": true,
    "reply repaired": true,
    "prompt cut": true,
    "replies cut": true,
    "small validation set": true,
    "nothing to learn": true,
    "nothing scored": true,
    "search too short": true,
    "no gate": true,
    "costly gain": true,
    "test not scored": true,
    "budget too small": true,
    "unknown price": true,
    "tokens estimated": true,
    "gradients look alike": true,
    "instructions converge": true,
    "instruction grows": true,
    "gate refuses everything": true,
    "format errors": true,
    "targets leak": true,
    "templates changed": true,
    "stopped early": true,
    "node pinned": true,
  };

  it("are sentences, with and without their fields", () => {
    for (const code of Object.keys(codes) as WarningCode[]) {
      expect(warningMessage({ type: "warning", code })).toMatch(/^[A-Z0-9].*\.$/s);
      const full = warningMessage({ type: "warning", code, node: "a", sample: "s", detail: "\u001b[2Jwhy", count: 3 });
      expect(full).toMatch(/^[A-Z0-9].*[.)]$/s);
      expect(full).not.toContain("\u001b");
      expect(full).not.toContain("undefined");
    }
  });
});

describe("failures", () => {
  it("are one line with what to do, and the exit code of their kind", () => {
    const refused = failureOf(new KeyRefused("openai https://x", 401, "Incorrect key."));
    expect(refused).toMatchObject({ code: "KeyRefused", exit: 4 });
    expect(refused.message).toMatch(/rejected the API key \(401\).*AGENTGRAPH_API_KEY/);
    expect(failureOf(new RunInProgress("r", 7, "host", "/lock")).message).toMatch(/process 7 on host.*delete \/lock/);
    expect(failureOf(new UsageError("Say it otherwise."))).toMatchObject({ exit: 2, message: "Say it otherwise." });
    expect(failureOf(new Cancelled()).exit).toBe(130);
    expect(failureOf(new TypeError("x is not a function")).exit).toBe(4);
    const unwritten = failureOf(new NotRecorded("/log", "ENOSPC", "no space"));
    expect(unwritten).toMatchObject({ exit: 4, message: expect.stringMatching(/\/log.*ENOSPC.*Free up disk space/) });
  });
});

describe("figures", () => {
  it("are short", () => {
    const amounts = [0, 0.00123, 1.5, null].map((usd) => ENGLISH.money(usd));
    expect(amounts).toEqual(["$0.00", "$0.0012", "$1.50", "price unknown"]);
    const times = [1234, 45_200, 99_900, 754_000, 3_900_000].map((time) => ENGLISH.duration(time));
    expect(times).toEqual(["1.2 s", "45 s", "1 min 40 s", "12 min 34 s", "1 h 5 min"]);
  });

  it("quote the sample that they are about", () => {
    const row = { id: "1e0c8fcce279", inputs: { question: "What is 6 × 7?" }, targets: ["42"], feedback: null };
    const lost = { type: "warning", code: "not scored", sample: row.id, detail: "no answer" } as const;
    const said = warningMessages([lost], undefined, { train: [], validation: [row], test: [] });
    expect(said[0]).toContain("(sample 1e0c8fcce279, “What is 6 × 7?”: no answer)");
  });

  it("are said once a kind, and those of replies that were cut once a model: each has its own limit", () => {
    const cut = { type: "warning", code: "replies cut", count: 3, of: 4, tokens: 9 } as const;
    const said = warningMessages([
      { ...cut, purpose: "forward", node: "plan" },
      { ...cut, purpose: "forward", node: "solve" },
      { ...cut, purpose: "backward", node: "solve" },
    ]);
    expect(said).toEqual([
      "3 of 4 replies of “plan” were cut at 9 tokens, so the end of their answers may be missing. Thinking tokens count toward this limit. Increase max_tokens in models.forward.params; without it, the limit is the server's, such as its context length. (1 more like this.)",
      "3 of 4 replies of the backward model were cut at 9 tokens and requested again where that could help. Thinking tokens count toward this limit. Increase max_tokens in models.backward.params; without it, the limit is the server's, such as its context length.",
    ]);
  });
});
