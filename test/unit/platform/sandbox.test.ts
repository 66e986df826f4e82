import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CodeFault } from "../../../src/deps.ts";
import { nodeSandbox } from "../../../src/platform/sandbox/sandbox.ts";
import { builtSandbox } from "../sandboxes.ts";

const sandbox = builtSandbox();
/** Enough for what ends; what does not end is given less. */
const patient = sandbox.within({ time: 20_000 });
/** Ends soon what can't be interrupted. */
const hasty = nodeSandbox(join(import.meta.dirname, "../../../dist/sandbox.js"), 1, 1_000).within({ time: 300 });

const js = (text: string) => ({ file: "steps/total.js", text });
const ts = (text: string) => ({ file: "steps/total.ts", text });
const run = (text: string, argument: unknown = null) => patient.call(js(text), argument);

it("fails each call where its thread can't start, and hangs none", async () => {
  const broken = nodeSandbox("no/absolute/path.js");
  for (let call = 0; call < 10; call++) await expect(broken.call(js("export default () => 1"), null)).rejects.toThrow();
});

describe("code in the sandbox", () => {
  it("gets its argument as JSON and gives JSON back", async () => {
    expect(await run("export default ({ a }) => ({ sum: a[0] + a[1] })", { a: [1, 2] })).toEqual({ sum: 3 });
    expect(await run("export default (text) => text.toUpperCase()", "ä€𝄞")).toBe("Ä€𝄞");
  });

  it("can be asynchronous, as long as it comes to an end", async () => {
    expect(await run("export default async (x) => { await null; return x; }", 5)).toBe(5);
    await expect(run("export default () => new Promise(() => {})")).rejects.toThrow("a promise that never settles");
  });

  it("can be TypeScript: types go, and lines stay if they are", async () => {
    const text =
      // biome-ignore lint/suspicious/noTemplateCurlyInString: code of the guest.
      "interface A {\n  n: number;\n}\nexport default ({ n }: A): string => {\n  throw new Error(`n is ${n!}`);\n};";
    await expect(patient.call(ts(text), { n: 2 })).rejects.toMatchObject({ line: 5, problem: "n is 2" });
    expect(await patient.check(ts("enum B { X, Y }\nexport default () => B.Y"))).toBeNull();
  });

  it.each<[string, string, number | null, RegExp]>([
    ["a syntax error", "export default () => {\n  let let = 3;\n};", 2, /^SyntaxError/],
    [
      "an import",
      'import { readFileSync } from "node:fs";\nexport default readFileSync;',
      null,
      /"node:fs" can't be imported/,
    ],
    ["no default export", "export const total = () => 1;", null, /no default export/],
  ])("is refused before it runs: %s", async (_, text, line, problem) => {
    const fault = await patient.check(js(text));
    expect(fault).toBeInstanceOf(CodeFault);
    expect(fault?.line).toBe(line);
    expect(fault?.problem).toMatch(problem);
  });

  it("does not run when it is checked", async () => {
    expect(await patient.check(js("for (;;);\nexport default () => 1;"))).toBeNull();
  });

  it.each<[string, string, number | null, string]>([
    ["what it throws", "export default (x) => {\n  return JSON.parse(x).a;\n};", 2, "SyntaxError"],
    ["a text", "export default () => {\n  throw 'none';\n};", null, "none"],
    ["nothing", "export default () => {\n  throw undefined;\n};", null, "a thrown undefined"],
    ["a later import", "export default () => import('fs')", null, '"fs" can\'t be imported'],
    ["no result", "export default () => undefined", null, "nothing that JSON can hold"],
    ["a result in a circle", "export default () => { const a = {}; a.a = a; return a; }", null, "TypeError"],
  ])("fails with its file, and its line if it is known: %s", async (_, text, line, problem) => {
    const error: unknown = await run(text, "{").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CodeFault);
    expect(error).toMatchObject({ file: "steps/total.js", line });
    expect(String(error)).toContain(problem);
  });

  it("gives equal values for equal arguments: there is no clock and no chance, and local time is UTC", async () => {
    for (const now of ["new Date()", "Date()", "Date.now()", "new (new Date(0).constructor)()", "Math.random()"]) {
      await expect(run(`export default () => String(${now})`)).rejects.toThrow("is not available");
    }
    expect(await run("export default () => new Date(2024, 0, 1, 5).toISOString()")).toBe("2024-01-01T05:00:00.000Z");
    expect(await run("export default () => typeof performance")).toBe("undefined");
  });
});

describe("hostile code in the sandbox", () => {
  it("finds nothing of the host", async () => {
    const names = "process require module fetch console setTimeout WebAssembly global Deno Bun std os navigator";
    const seen = await run(
      `export default () => ${JSON.stringify(names.split(" "))}.filter((name) => name in globalThis)`,
    );
    expect(seen).toEqual([]);
    const made = "(function () {}).constructor('return typeof process + typeof require + typeof this.process')()";
    expect(await run(`export default () => ${made}`)).toBe("undefinedundefinedundefined");
  });

  it("cannot climb out of its argument by its prototypes", async () => {
    const climb = "export default (x) => x.a.constructor.constructor('return typeof process')()";
    expect(await run(climb, { a: {} })).toBe("undefined");
  });

  it("changes what it has for itself alone", async () => {
    const text =
      "JSON.stringify = () => 'forged'; JSON.parse = () => 7; Object.prototype.evil = 1; export default (x) => x";
    expect(await run(text, "true")).toBe("true");
    expect(await run("export default () => String(Object.prototype.evil)")).toBe("undefined");
    expect(Object.prototype).not.toHaveProperty("evil");
    const result: unknown = await run("export default () => ({ ['__proto__']: { evil: 1 } })");
    expect(result).not.toHaveProperty("evil");
  });

  it.each<[string, string]>([
    ["a loop", "export default () => { for (;;); }"],
    ["a loop while it loads", "for (;;); export default () => 1;"],
    ["a pattern", "export default () => /^(a+)+$/.test('a'.repeat(40) + '!')"],
    ["promises", "export default async () => { for (;;) await null; }"],
    ["a list that becomes a text", "export default () => new Array(1e9) + ''"],
    ["a number without end", "export default () => { const n = 3n ** 600000n; for (;;) String(n); }"],
    ["a string that is searched", "export default () => 'a'.repeat(1 << 12).split('').sort(() => { for (;;); })"],
    ["an error that is read", "export default () => { throw { get message() { for (;;); } }; }"],
  ])("is stopped when its time is up: %s", async (_, text) => {
    await expect(hasty.call(js(text), null)).rejects.toMatchObject({ name: "CodeLimit", limit: "time" });
  });

  it.each<[string, string]>([
    ["a text", "export default () => 'x'.repeat(2 ** 29).length"],
    ["a padded text", "export default () => ''.padEnd(2 ** 29, 'x').length"],
    ["a buffer", "export default () => new ArrayBuffer(2 ** 30).byteLength"],
    ["an array", "export default () => new Uint8Array(2 ** 28).fill(1).length"],
    [
      "copies",
      "export default () => { let all = ['x'.repeat(1000000)]; for (;;) all = all.concat(all.map((one) => one + all.length)); }",
    ],
    // https://github.com/justjake/quickjs-emscripten/issues/255: no single one is large.
    ["many texts", "export default () => { const all = []; for (;;) all.push('x'.repeat(1 << 20)); }"],
    ["many buffers", "export default () => { const all = []; for (;;) all.push(new Uint8Array(1 << 20)); }"],
    ["small objects", "export default () => { let all = null; for (;;) all = { all, more: [all] }; }"],
    ["properties", "export default () => { const all = {}; for (let i = 0; ; i++) all['key' + i] = i; }"],
  ])("is stopped when it takes too much memory: %s", async (_, text) => {
    const small = patient.within({ memory: 16 * 2 ** 20 });
    await expect(small.call(js(text), null)).rejects.toMatchObject({ name: "CodeLimit", limit: "memory" });
  });

  it("keeps its limit of memory where earlier calls had a higher one", async () => {
    const text =
      "export default () => { const all = []; for (let i = 0; i < 40; i++) all.push('x'.repeat(1 << 20)); return all.length; }";
    const [large, small] = [64, 24].map((megabytes) => patient.within({ memory: megabytes * 2 ** 20 }));
    expect(await large?.call(js(text), null)).toBe(40);
    await expect(small?.call(js(text), null)).rejects.toMatchObject({ name: "CodeLimit", limit: "memory" });
    expect(await large?.call(js(text), null)).toBe(40);
    await expect(small?.call(js("export default (x) => x"), 1)).resolves.toBe(1);
  });

  it.each<[string, string]>([
    ["itself", "export default function f() { return f() + 1; }"],
    ["itself through JSON", "export default function f(x) { return JSON.stringify({ toJSON: () => f(x) }); }"],
    ["itself through a list", "export default function f(x) { return [1].map(() => f(x)); }"],
    ["a parser", "export default () => JSON.parse('['.repeat(1e6))"],
    ["the compiler", `export default () => ${"(".repeat(100_000)}1${")".repeat(100_000)}`],
  ])("is stopped when it goes too deep: %s", async (_, text) => {
    const error: unknown = await run(text).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/too deeply|stack overflow/);
  });

  it.each<[string, string]>([
    ["the constructor of an asynchronous function", "Object.getPrototypeOf(async () => {}).constructor"],
    ["the constructor of a generator", "Object.getPrototypeOf(function* () {}).constructor"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: code of the guest.
    ["an indirect eval", "(text) => () => (0, eval)(`(() => { ${text} })()`)"],
    ["an error's constructor", "(() => { try { null.x; } catch (error) { return error.constructor.constructor; } })()"],
    ["a promise's constructor", "Promise.resolve().constructor.constructor"],
    ["a proxy's handler", "new Proxy(function () {}, {}).constructor"],
    ["the constructor of a module's import", "import('x').catch(() => {}).constructor.constructor"],
  ])("finds nothing of the host by %s", async (_, maker) => {
    const text = `export default async () => {
  const made = (${maker})("return [typeof process, typeof require, typeof globalThis.fetch, typeof WebAssembly].join()")();
  return made && typeof made.next === "function" ? made.next().value : await made;
};`;
    expect(await run(text)).toBe("undefined,undefined,undefined,undefined");
  });

  it("cannot claim that its time is up", async () => {
    const claim = "export default () => { throw new InternalError('interrupted'); }";
    await expect(run(claim)).rejects.toMatchObject({
      name: "CodeFault",
      message: expect.stringContaining("interrupted"),
    });
  });

  it("gives back at most a million characters", async () => {
    await expect(run("export default () => 'x'.repeat(1_000_001)")).rejects.toThrow("more than 1000000 characters");
  });

  it("leaves nothing behind, whatever it did", async () => {
    const bad = [
      "export default () => { throw { get message() { throw 1; } }; }",
      "export default () => { throw new Proxy(Error('x'), { get() { throw 1; } }); }",
      "export default () => import('fs')",
      "export default async () => { throw Error('a'); }",
    ];
    for (let turn = 0; turn < 24; turn++) {
      await expect(run(bad[turn % bad.length] ?? "")).rejects.toThrow();
      const good = js(`export default (x) => x + ${turn}`);
      expect(await patient.check(good)).toBeNull();
      expect(await patient.call(good, 1)).toBe(turn + 1);
    }
  });
});
