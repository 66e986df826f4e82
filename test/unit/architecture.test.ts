import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

/** The rules of docs/architecture.md, "Folders", and of CONTRIBUTING.md. */
const root = join(import.meta.dirname, "../..");

/** A folder imports only from itself and from rows above it; folders of one row do not know each other. */
const ROWS: readonly (readonly string[])[] = [
  // What the environment provides, and the language of messages: every folder can be given them.
  ["src/deps.ts", "src/i18n/locale.ts"],
  ["src/graph"],
  ["src/data"],
  ["src/models"],
  ["src/loss"],
  ["src/engine"],
  ["src/methods"],
  ["src/i18n"],
  ["src/import"],
  ["src/run"],
  ["src/platform"],
  ["src/editor", "src/cli"],
  ["src/extension.ts", "src/cli.ts"],
];

/** Where one rule is broken on purpose, and why. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  // What a pattern finds is a function of the text alone; the thread only keeps one without end from holding up the rest.
  "src/graph/pattern.ts": ["node:worker_threads"],
  // The graph view's host side speaks the page's protocol.
  "src/editor": ["webview/protocol.ts"],
};

interface Source {
  readonly path: string;
  /** Without comments. */
  readonly code: string;
  readonly imports: readonly Import[];
}

interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
}

const sources = ["src", "webview"].flatMap(filesIn).map((path): Source => {
  const code = withoutComments(readFileSync(join(root, path), "utf8"));
  return { path, code, imports: importsOf(path, code) };
});

function filesIn(folder: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return names.filter((name) => /(?<!\.d)\.ts$/.test(name)).map((name) => `${folder}/${name.replaceAll("\\", "/")}`);
}

/** Comments go, strings and templates stay: a `//` inside a string is no comment. */
function withoutComments(text: string): string {
  const token = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|(?<![:\\])\/\/[^\n]*/g;
  return text.replace(token, (_, string: string | undefined) => string ?? "");
}

function importsOf(path: string, code: string): Import[] {
  const statement = /^\s*(?:import|export)\s+(type\s+)?(?:[\w*{][^;"']*?from\s*)?["']([^"']+)["']/gm;
  const dynamic = /\bimport\(\s*["']([^"']+)["']\s*\)/g;
  const resolve = (specifier: string) =>
    specifier.startsWith(".") ? relative(root, join(root, dirname(path), specifier)).replaceAll("\\", "/") : specifier;
  return [
    ...[...code.matchAll(statement)].map(([, type, from = ""]) => ({
      from: resolve(from),
      typeOnly: type !== undefined,
    })),
    ...[...code.matchAll(dynamic)].map(([, from = ""]) => ({ from: resolve(from), typeOnly: false })),
  ];
}

const isIn = (place: string) => (path: string) => path === place || path.startsWith(`${place}/`);
const rowOf = (path: string) => ROWS.findIndex((row) => row.some((place) => isIn(place)(path)));
const placeOf = (path: string) => ROWS.flat().find((place) => isIn(place)(path));
const isExcepted = (path: string, from: string) =>
  Object.entries(EXCEPTIONS).some(([who, what]) => isIn(who)(path) && what.some((place) => isIn(place)(from)));

function offenders(where: (source: Source) => boolean, what: RegExp): string[] {
  return sources.filter(where).flatMap(({ path, code }) => {
    const found = what.exec(code)?.[0];
    return found === undefined ? [] : [`${path}: ${found.trim()}`];
  });
}

/** Who may touch the outside. */
const isOutside = ({ path }: Source) =>
  ["src/platform", "src/editor", "src/cli", "src/extension.ts", "src/cli.ts", "webview"].some((place) =>
    isIn(place)(path),
  );

describe("architecture", () => {
  it("is read by this test", () => {
    expect(sources.length).toBeGreaterThan(20);
    const reader = sources.find(({ path }) => path === "src/engine/events.ts");
    expect(reader?.imports).toContainEqual({ from: "src/graph/read-only.ts", typeOnly: true });
  });

  it("has every file in a folder of the table", () => {
    expect(sources.filter(({ path }) => path.startsWith("src/") && rowOf(path) < 0).map(({ path }) => path)).toEqual(
      [],
    );
  });

  it("imports from rows above only", () => {
    const wrong = sources
      .filter(({ path }) => path.startsWith("src/"))
      .flatMap(({ path, imports }) =>
        imports
          .filter(({ from }) => from.startsWith("src/") || from.startsWith("webview/"))
          .filter(({ from }) => placeOf(from) !== placeOf(path) && !(rowOf(from) >= 0 && rowOf(from) < rowOf(path)))
          .filter(({ from }) => !isExcepted(path, from))
          .map(({ from }) => `${path} imports ${from}`),
      );
    expect(wrong).toEqual([]);
  });

  it("keeps the page apart: it shares only layout, node kinds, message formats and types with the host", () => {
    const wrong = sources
      .filter(({ path }) => path.startsWith("webview/"))
      .flatMap(({ path, imports }) =>
        imports
          .filter(({ from, typeOnly }) => from.startsWith("src/") && !typeOnly)
          .filter(
            ({ from }) =>
              !["src/graph/layout", "src/graph/node-kinds.ts", "src/i18n"].some((shared) => from.startsWith(shared)),
          )
          .map(({ from }) => `${path} imports ${from}`),
      );
    expect(wrong).toEqual([]);
  });

  it("mentions vscode in the editor alone", () => {
    const wrong = sources.filter(
      ({ path, imports }) =>
        imports.some(({ from }) => from === "vscode") && !isIn("src/editor")(path) && path !== "src/extension.ts",
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it("leaves file system, processes and network to the platform, and the provider's network to one file", () => {
    const modules =
      /^(node:)?(fs|fs\/promises|http|https|http2|net|tls|dns|dgram|child_process|worker_threads|os|process)$/;
    const wrong = sources
      .filter((source) => !isOutside(source))
      .flatMap(({ path, imports }) =>
        imports
          .filter(({ from }) => modules.test(from) && !isExcepted(path, from))
          .map(({ from }) => `${path} imports ${from}`),
      );
    expect(wrong).toEqual([]);
    const isProvider = ({ path }: Source) =>
      path === "src/models/protocols/openai.ts" || isIn("src/models/protocols/openai")(path);
    const network = /\b(fetch\(|XMLHttpRequest|WebSocket)/;
    expect(offenders((source) => !isOutside(source) && !isProvider(source), network)).toEqual([]);
    const sdk = sources.filter(
      (source) => source.imports.some(({ from }) => /^openai(\/|$)/.test(from)) && !isProvider(source),
    );
    expect(sdk.map(({ path }) => path)).toEqual([]);
  });

  it("takes clock and chance from what it is given", () => {
    const inside = (source: Source) => !isOutside(source);
    expect(offenders(inside, /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b|\bprocess\.hrtime\b/)).toEqual([]);
    expect(offenders(inside, /\bset(Timeout|Interval|Immediate)\(/)).toEqual([]);
    expect(
      offenders(inside, /\bMath\.random\b|\brandomBytes\b|\brandomUUID\b|\brandomInt\b|\bgetRandomValues\b/),
    ).toEqual([]);
    expect(offenders(inside, /\bprocess\.(env|argv|cwd|exit|stdout|stderr|kill)\b|\bconsole\./)).toEqual([]);
  });

  it("asks what a kind of node is in its tables, never which kind it is", () => {
    expect(offenders(() => true, /\bkind [!=]== "(llm|text)"/)).toEqual([]);
  });

  it("has named exports only and no barrels", () => {
    expect(offenders(() => true, /^\s*export\s+default\b/m)).toEqual([]);
    expect(offenders(() => true, /^\s*export\s+(type\s+)?(\*|\{[^}]*\}\s*from\b)/m)).toEqual([]);
    expect(sources.filter(({ path }) => /(^|\/)index\.ts$/.test(path)).map(({ path }) => path)).toEqual([]);
  });

  it("imports no file in a circle, not even a type", () => {
    const byPath = new Map(sources.map((source) => [source.path, source]));
    const state = new Map<string, "open" | "done">();
    const circles: string[] = [];
    const visit = (path: string, way: readonly string[]) => {
      if (state.get(path) === "open") circles.push([...way.slice(way.indexOf(path)), path].join(" → "));
      if (state.has(path)) return;
      state.set(path, "open");
      for (const { from } of byPath.get(path)?.imports ?? []) {
        if (byPath.has(from)) visit(from, [...way, path]);
      }
      state.set(path, "done");
    };
    for (const { path } of sources) visit(path, []);
    expect(circles).toEqual([]);
  });

  it("keeps its files short", () => {
    const long = sources.filter(({ path }) => readFileSync(join(root, path), "utf8").split("\n").length > 400);
    expect(long.map(({ path }) => path)).toEqual([]);
  });
});
