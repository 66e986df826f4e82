import { describe, expect, it } from "vitest";
import { Output } from "../../../src/cli/output/output.ts";

/** Whatever a command prints, a terminal obeys none of it but our colors. */
function outputs(isTTY: boolean, env: Readonly<Record<string, string>> = {}, json = false) {
  const written: string[] = [];
  const stream = { isTTY, write: (text: string) => written.push(text) } as unknown as NodeJS.Process["stdout"];
  return {
    output: new Output({ stdout: stream, stderr: stream as unknown as NodeJS.Process["stderr"], env }, json),
    written,
  };
}

const HOSTILE =
  "a\u001b]8;;https://evil.example\u0007b\u001b]52;c;ZXZpbA==\u0007c\u001b[2J\u009b31m\u202ed\u2066\u001b[8me\rf";
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

describe("a terminal", () => {
  it.each(["print", "info", "warn", "error", "write"] as const)("obeys nothing in what %s writes", (name) => {
    const { output, written } = outputs(true, { NO_COLOR: "1" });
    output[name](HOSTILE);
    expect(written.join("").trimEnd()).not.toMatch(OBEYED);
    expect(written.join("")).toMatch(/ab?c?.*d.*e/s);
  });

  it("shows our colors, and hides nothing", () => {
    const { output, written } = outputs(true, { FORCE_COLOR: "1" });
    output.print(`${output.colors.bold("x")} ${output.colors.green(HOSTILE)}`);
    const text = written.join("");
    expect(text).toContain("\u001b[1mx\u001b[22m");
    const rest = ["1", "22", "32", "39"].reduce((left, code) => left.replaceAll(`\u001b[${code}m`, ""), text);
    expect(rest.trimEnd()).not.toMatch(OBEYED);
  });

  it("is safe with --json, whose values stay what they are", () => {
    const { output, written } = outputs(true, {}, true);
    output.object({ name: HOSTILE });
    expect(written.join("").trimEnd()).not.toMatch(OBEYED);
    expect(JSON.parse(written.join(""))).toEqual({ name: HOSTILE });
  });

  it("is none behind a pipe: the requested text arrives as it is", () => {
    const { output, written } = outputs(false);
    output.write(HOSTILE);
    expect(written).toEqual([HOSTILE]);
  });
});
