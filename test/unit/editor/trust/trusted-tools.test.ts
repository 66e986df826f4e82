import { expect, it, vi } from "vitest";
import { trustedTools } from "../../../../src/editor/trust/trusted-tools.ts";

it("calls no tool in a workspace that is not trusted", async () => {
  const inner = { identify: vi.fn(async (name: string) => name), call: vi.fn(async () => "result") };
  let isTrusted = false;
  const tools = trustedTools(inner, () => {
    if (!isTrusted) throw new Error("not trusted");
  });
  await expect(tools.identify("search")).rejects.toThrow("not trusted");
  await expect(tools.call("search", {})).rejects.toThrow("not trusted");
  expect(inner.call).not.toHaveBeenCalled();
  isTrusted = true;
  expect([await tools.identify("search"), await tools.call("search", {})]).toEqual(["search", "result"]);
});
