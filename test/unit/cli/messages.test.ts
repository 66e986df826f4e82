import { describe, expect, it } from "vitest";
import { Cancelled, failureOf, failureWords, Misuse } from "../../../src/cli/errors.ts";
import type { WarningCode } from "../../../src/engine/events.ts";
import { KeyRefused } from "../../../src/models/errors.ts";
import { RunInProgress } from "../../../src/run/errors.ts";
import { changeWords, groupedWarnings, money, seconds, verdictLine, warningWords } from "../../../src/run/messages.ts";
import { verdict } from "../run/scripted.ts";

describe("verdictLine", () => {
  it("has the figures of an accepted proposal", () => {
    expect(verdictLine(verdict)).toBe(
      "Accepted by the gate · 10 → 15 of 20 right · fixed 1, broke 0 · p = 0.060 · 10 → 12 tokens an answer",
    );
  });

  it("says why one was rejected, and what was not scored", () => {
    const rejected = { ...verdict, decision: "rejected", reason: "cannot pass any more", scored: 4, p: null } as const;
    expect(verdictLine(rejected)).toMatch(
      /^Rejected by the gate · it could no longer pass, .+ · 10 → 15 of 4 right \(16 of 20 not scored\)/,
    );
  });

  it("says loudly that no gate ran", () => {
    expect(verdictLine({ ...verdict, policy: "off" })).toMatch(/^Accepted without a gate/);
    expect(verdictLine({ ...verdict, policy: "off", scored: 0 })).toMatch(/nothing was scored$/);
  });
});

describe("warnings", () => {
  const codes: Record<WarningCode, true> = {
    "sample dropped": true,
    "not scored": true,
    "parameter refused": true,
    "reply repaired": true,
    "replies cut": true,
    "small validation set": true,
    "nothing to learn": true,
    "no gate": true,
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
  };

  it("are sentences, with and without their fields", () => {
    for (const code of Object.keys(codes) as WarningCode[]) {
      expect(warningWords({ type: "warning", code })).toMatch(/^[A-Z0-9].*\.$/s);
      const full = warningWords({ type: "warning", code, node: "a", sample: "s", detail: "\u001b[2Jwhy", count: 3 });
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
    expect(refused.message).toMatch(/refused the key \(401\).*AGENTGRAPH_API_KEY/);
    expect(failureOf(new RunInProgress("r", 7, "host", "/lock")).message).toMatch(/process 7 on host.*delete \/lock/);
    expect(failureOf(new Misuse("Say it otherwise."))).toMatchObject({ exit: 2, message: "Say it otherwise." });
    expect(failureOf(new Cancelled()).exit).toBe(130);
    expect(failureOf(new TypeError("x is not a function")).exit).toBe(4);
    expect(failureWords("NotRecorded", "/log could not be written: ENOSPC")).toMatch(/ENOSPC.*Make room/);
  });
});

describe("figures", () => {
  it("are short", () => {
    expect(changeWords("score", { n: 20, before: 0.3, after: null })).toBe("score 0.30 → ? (n = 20)");
    expect(changeWords("score", { n: 20, before: null, after: null })).toBe("");
    expect([money(0), money(0.00123), money(1.5), money(null)]).toEqual(["$0.00", "$0.0012", "$1.50", "price unknown"]);
    expect([seconds(1234), seconds(99_900), seconds(754_000)]).toEqual(["1.2 s", "1 min 40 s", "12 min 34 s"]);
  });

  it("are said once a kind, and those of replies that were cut once a model: each has its own limit", () => {
    const cut = { type: "warning", code: "replies cut", count: 3, of: 4, tokens: 9 } as const;
    const said = groupedWarnings([
      { ...cut, purpose: "forward", node: "plan" },
      { ...cut, purpose: "forward", node: "solve" },
      { ...cut, purpose: "backward", node: "solve" },
    ]);
    expect(said).toEqual([
      "3 of 4 replies of “plan” were cut at 9 tokens, so the end of their answers may be missing. Thinking tokens count toward this limit. Increase max_tokens in models.forward.params. (1 more like this.)",
      "3 of 4 replies of the backward model were cut at 9 tokens and requested again where that could help. Thinking tokens count toward this limit. Increase max_tokens in models.backward.params.",
    ]);
  });
});
