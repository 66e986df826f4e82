import { describe, expect, it } from "vitest";
import { type Finished, type Proposal, readEvent } from "../../../src/engine/events.ts";
import { verdict } from "../run/scripted.ts";

const proposal: Proposal = { id: "p", node: "a", base: "A", text: "B", hypothesis: "h", verdict, attempts: ["p"] };
const finished: Finished & { readonly at: number } = {
  type: "finished",
  status: "done",
  error: null,
  detail: null,
  theta: "t",
  texts: { a: "B" },
  proposals: [proposal],
  validation: { n: 4, before: 0.25, after: 1 },
  test: null,
  formatErrors: { before: 0, after: 0 },
  at: 5,
};

describe("a logged event", () => {
  it("reads back as it was written", () => {
    expect(readEvent(JSON.parse(JSON.stringify(finished)))).toEqual(finished);
    const measured = { ...finished, proposals: [{ ...proposal, contributes: false }] };
    expect(readEvent(JSON.parse(JSON.stringify(measured)))).toEqual(measured);
  });

  it("of version 0.1 says `earns` for `contributes`", () => {
    for (const earns of [true, false]) {
      const old = { ...finished, proposals: [{ ...proposal, earns }, proposal] };
      const read = { ...finished, proposals: [{ ...proposal, contributes: earns }, proposal] };
      expect(readEvent(old)).toEqual(read);
    }
    expect(readEvent({ ...finished, proposals: [{ ...proposal, earns: "yes" }] })).toBeUndefined();
  });

  it("of a later version can have fields that this one does not know: they are left out", () => {
    expect(readEvent({ ...finished, later: 1, proposals: [{ ...proposal, later: {} }] })).toEqual(finished);
  });

  it("is none with a reason that no one knows, without a time, or with a list for a count", () => {
    const unknown = { ...proposal, verdict: { ...verdict, reason: "luck" } };
    expect(readEvent({ ...finished, proposals: [unknown] })).toBeUndefined();
    expect(readEvent({ ...finished, at: undefined })).toBeUndefined();
    expect(readEvent({ ...finished, validation: { n: [], before: 0, after: 0 } })).toBeUndefined();
    expect(readEvent(null)).toBeUndefined();
  });
});
