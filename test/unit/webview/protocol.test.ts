import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type HostMessage,
  isHostMessage,
  isPageMessage,
  LIMITS,
  type PageMessage,
  shortId,
} from "../../../webview/protocol.ts";

const page: readonly PageMessage[] = [
  { type: "ready" },
  { type: "reveal", node: "a", open: true },
  { type: "fault", index: 0 },
  { type: "review", node: "a" },
  { type: "ask", request: 1, question: { kind: "node", node: "a" } },
  { type: "ask", request: 2, question: { kind: "sample", sample: "s", at: "start" } },
  { type: "ask", request: 3, question: { kind: "call", node: "a", sample: "s", at: "latest" } },
  { type: "ask", request: 4, question: { kind: "gradients", node: "a", from: null } },
  { type: "copy", node: "a", sample: "s", at: "latest", part: "prompt" },
  { type: "export", svg: "<svg/>" },
];

const host: readonly HostMessage[] = [
  { type: "graph", graph: null, faults: [{ severity: "error", message: "Broken.", line: 3 }], stale: true },
  { type: "run", run: null },
  { type: "cursor", node: null },
  { type: "answer", request: 1, answer: null },
  { type: "answer", request: 1, answer: { kind: "gradients", node: "a", from: "b", gradients: [], total: 0 } },
];

describe("what is let through", () => {
  it.each(page.map((message) => [JSON.stringify(message), message]))("from the page: %s", (_, message) => {
    expect(isPageMessage(message)).toBe(true);
  });

  it.each(host.map((message) => [JSON.stringify(message), message]))("from the host: %s", (_, message) => {
    expect(isHostMessage(message)).toBe(true);
  });
});

describe("what is dropped", () => {
  it.each(page.map((message) => [JSON.stringify(message), message]))(
    "a field too many, too few or of another kind: %s",
    (_, message) => {
      expect(isPageMessage({ ...message, path: "/etc/passwd" })).toBe(false);
      for (const key of Object.keys(message)) {
        const { [key]: _gone, ...rest } = { ...message } as Record<string, unknown>;
        expect(isPageMessage(rest)).toBe(false);
        expect(isPageMessage({ ...message, [key]: { toString: () => "ready" } })).toBe(false);
      }
    },
  );

  it("texts, lists and numbers beyond their limits", () => {
    expect(isPageMessage({ type: "review", node: "x".repeat(LIMITS.id + 1) })).toBe(false);
    expect(isPageMessage({ type: "fault", index: -1 })).toBe(false);
    expect(isPageMessage({ type: "fault", index: 0.5 })).toBe(false);
    expect(isPageMessage({ type: "ask", request: Number.NaN, question: { kind: "node", node: "a" } })).toBe(false);
    const fault = { severity: "error", message: "x", line: 1 };
    const graph = (faults: unknown) => ({ type: "graph", graph: null, faults, stale: false });
    expect(isHostMessage(graph(Array(LIMITS.faults).fill(fault)))).toBe(true);
    expect(isHostMessage(graph(Array(LIMITS.faults + 1).fill(fault)))).toBe(false);
  });

  it("anything else, without throwing", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(isPageMessage(value)).toBe(false);
        expect(isHostMessage(value)).toBe(false);
      }),
      { numRuns: 500, seed: 1 },
    );
    expect(isPageMessage({ type: "__proto__" })).toBe(false);
    expect(isPageMessage(JSON.parse('{"type":"ready","__proto__":{}}'))).toBe(false);
    expect(isPageMessage({ type: "toString" })).toBe(false);
  });
});

describe("short ids", () => {
  it("leave ids alone that fit a line, and keep longer ones apart", () => {
    expect(shortId("solve")).toBe("solve");
    expect(shortId("x".repeat(LIMITS.id))).toHaveLength(LIMITS.id);
    const [a, b] = [shortId(`${"x".repeat(500)}a`), shortId(`${"x".repeat(500)}b`)];
    expect(a).not.toBe(b);
    expect(a.length).toBeLessThanOrEqual(LIMITS.id);
    expect(shortId(a)).toBe(a);
  });
});
