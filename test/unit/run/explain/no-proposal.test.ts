import { describe, expect, it } from "vitest";
import { ENGLISH } from "../../../../src/i18n/locale.ts";
import { noProposalMessage } from "../../../../src/run/explain/no-proposal.ts";
import type { Attempt, RunState } from "../../../../src/run/state/state.ts";
import { five } from "../../../pages/graphs.ts";
import { runOf } from "../../../pages/runs.ts";

const base = runOf(five, "done").state;

const words = (changes: Partial<RunState>) =>
  noProposalMessage({ ...base, proposals: [], attempts: [], warnings: [], ...changes }, ENGLISH);

const attempt = (changes: Partial<Attempt>): Attempt => ({ ...base.attempts[0], ...changes }) as Attempt;

describe("why a run proposed nothing", () => {
  it("is not said if a text was accepted", () => {
    expect(noProposalMessage(base, ENGLISH)).toBe("");
  });

  it("is one sentence with the cause and what to do", () => {
    expect(words({ warnings: [{ type: "warning", code: "nothing to learn" }] })).toMatch(
      /already right.*harder samples/,
    );
    expect(words({ warnings: [{ type: "warning", code: "nothing scored" }] })).toMatch(
      /No training samples could be scored/,
    );
    expect(words({ status: "budget" })).toMatch(/reached its budget.*larger budget/);
    expect(words({ gradients: base.gradients.map((one) => ({ ...one, text: "" })) })).toMatch(/requested no change/);
    const dropped = { type: "warning", code: "sample dropped" } as const;
    expect(words({ gradients: [], warnings: [dropped, dropped] })).toMatch(/^2 training samples have no gradient/);
    expect(words({})).toMatch(/optimizer model proposed no text/);
  });

  it("names the rule that most texts broke", () => {
    const broken = ["drops a placeholder", "longer than maxWords", "longer than maxWords"] as const;
    const attempts = broken.map((invalid) => attempt({ invalid, decision: null, verdict: null }));
    expect(words({ attempts })).toMatch(/^2 of 3 texts .*longer than.*Increase maxWords/);
  });

  it("names the reason for which most proposals were rejected", () => {
    const judged = base.judged.map((one) => ({
      ...one,
      verdict: { ...one.verdict, decision: "rejected" as const, reason: "not significant" as const },
    }));
    const attempts = [0, 1].map((verdict) => attempt({ invalid: null, decision: "rejected", verdict }));
    expect(words({ attempts, judged })).toMatch(/2 of 2 texts.*Add validation samples/);
    const replaced = attempt({ invalid: null, decision: "screened", verdict: null, screened: "superseded" });
    expect(words({ attempts: [...attempts, replaced, replaced, replaced], judged })).toMatch(/2 of 2 texts.*Add/);
    const costly = judged.map((one) => ({
      ...one,
      verdict: { ...one.verdict, reason: "costs more than it gains" as const },
    }));
    expect(words({ attempts, judged: costly })).toMatch(/outweighs it\. Lower the weights in “optimize\.objectives”/);
  });
});
