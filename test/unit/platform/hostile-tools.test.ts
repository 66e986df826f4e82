import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ToolMissing, ToolUnreachable } from "../../../src/deps.ts";
import { block } from "../../../src/engine/forward/prompt.ts";
import { hasImage } from "../../../src/graph/images.ts";
import { structureIn } from "../../../src/graph/replies/json.ts";
import { plain } from "../../../src/i18n/plain-text.ts";
import { type McpTools, mcpTools } from "../../../src/platform/tools/mcp.ts";

const SERVER = join(import.meta.dirname, "../../server/hostile-tool.mjs");

let open: McpTools | null = null;
afterEach(() => open?.close());

function call(mood: string, timeout = 30_000): Promise<string> {
  const server = { command: process.execPath, args: [SERVER, mood], env: {} };
  open = mcpTools({ shop: server }, { timeout });
  return open.call("add_up", { items: [] });
}

describe("a hostile reply of a tool", () => {
  it("can't close its block in a prompt", async () => {
    const shown = block("input", await call("closing"), { id: "total" });
    expect(shown.match(/<\/input>/g)).toHaveLength(1);
    expect(shown).not.toContain("</instruction>");
  });

  it("brings no control character to a terminal", async () => {
    const shown = plain(await call("control"));
    for (const code of [27, 7, 0, 0x202e]) expect(shown).not.toContain(String.fromCharCode(code));
  });

  it("that is too long is cut, and says so", async () => {
    for (const mood of ["huge", "many"]) {
      const text = await call(mood);
      expect(text.length).toBeLessThan(101_000);
      expect(text).toMatch(/\[Only the first 100,000 of [\d,]+ characters\.]$/);
      await open?.close();
    }
  });

  it("that is nested beyond all measure is a text", async () => {
    expect(structureIn(await call("deep"))).toBeUndefined();
  });

  it("with parts of other kinds names them, and reads nothing that it links to", async () => {
    expect(await call("parts")).toBe("[image]\n[resource_link]\n7");
  });

  it("that is structured only is its JSON, and an empty one is said to be", async () => {
    expect(await call("structured")).toBe('{"sum":7}');
    await open?.close();
    expect(await call("none")).toBe("");
  });

  it("becomes no image of the run", async () => {
    expect(hasImage(await call("image"))).toBe(false);
  });

  it("among lines that are none is found", async () => {
    expect(await call("noise")).toBe("7");
  });

  it("has no pattern of its own that runs here", async () => {
    expect(await call("schema")).toContain("aaaa");
  });

  it("of another form than the protocol's is said to be, in one line", async () => {
    await expect(call("shape")).rejects.toThrow(
      "the tool add_up gave no result: Invalid result for tools/call: it has another form than the protocol asks for",
    );
  });

  it("gets no sample, no answer and no folder of the user's that it asks for", async () => {
    expect(await call("asking")).toBe("7");
  });

  it("that never comes leaves the sample unscored after the time limit", async () => {
    await expect(call("silent", 700)).rejects.toBeInstanceOf(ToolUnreachable);
  });
});

describe("a hostile server", () => {
  it("that ends after a call is started again for the next", async () => {
    expect(await call("ending")).toBe("7");
    await expect.poll(() => open?.call("add_up", {}).catch(() => "ended"), { timeout: 60_000 }).toBe("7");
    await new Promise((resolve) => setTimeout(resolve, 200));
    await expect.poll(() => open?.call("add_up", {}).catch(() => "ended"), { timeout: 60_000 }).toBe("7");
  });

  it("that never lists its tools does not answer, after the time limit", async () => {
    await expect(call("unlisted", 700)).rejects.toThrow("the server shop does not answer");
  });

  it("without tools has none, and brings nothing to standard output", async () => {
    const written = vi.spyOn(console, "debug").mockReturnValue();
    await expect(call("capable")).rejects.toBeInstanceOf(ToolMissing);
    expect(written).not.toHaveBeenCalled();
  });
});
