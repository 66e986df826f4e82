import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DiagnosticSeverity, getLanguageService, type JSONSchema, TextDocument } from "vscode-json-languageservice";
import { readGraphText } from "../../../../src/graph/read.ts";
import { editorSchema } from "../../../../src/graph/schema/editor-schema.ts";
import { jsonSchema } from "../../../../src/graph/schema/schema.ts";
import { graphFormat, methodOptions } from "../../../../src/methods/registry.ts";
import { invalid, valid } from "../fixtures.ts";

/** What VS Code's own JSON support makes of the schema. */
const schema = editorSchema(jsonSchema(methodOptions));
const service = getLanguageService({ clientCapabilities: {} });
service.configure({ schemas: [{ uri: "x:/schema.json", fileMatch: ["*"], schema: schema as JSONSchema }] });

function opened(text: string) {
  const document = TextDocument.create("x:/a.agentgraph.json", "jsonc", 1, text);
  return { document, json: service.parseJSONDocument(document) };
}

/** Labels of the completions at `|`. */
async function completions(text: string): Promise<string[]> {
  const { document, json } = opened(text.replace("|", ""));
  const list = await service.doComplete(document, document.positionAt(text.indexOf("|")), json);
  return (list?.items ?? []).map(({ label }) => label);
}

/** The hover at `|`. */
async function hover(text: string): Promise<string> {
  const { document, json } = opened(text.replace("|", ""));
  const shown = await service.doHover(document, document.positionAt(text.indexOf("|")), json);
  return JSON.stringify(shown?.contents ?? "");
}

describe("the editor's schema", () => {
  it("is the shipped one (node scripts/schema.mjs)", () => {
    const path = join(import.meta.dirname, "../../../../media/agentgraph.editor.schema.json");
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(JSON.parse(JSON.stringify(schema)));
  });

  const isJson = invalid.filter(({ schema }) => schema !== "skip");
  it.each([...valid, ...isJson].map((fixture) => [fixture.name, fixture.text]))(
    "reports no fault of %s: the reader does",
    async (_, text) => {
      const { document, json } = opened(text);
      const found = await service.doValidation(document, json, { comments: "ignore", trailingCommas: "ignore" });
      // Duplicate keys are told by the parser; a `$schema` that the file names itself is not the editor's.
      const isSchemas = ({ message }: { message: unknown }) => !/duplicate|load schema/i.test(String(message));
      expect(found.filter(isSchemas)).toEqual([]);
    },
  );

  it("is not needed for broken JSON: VS Code's parser finds some fault wherever the reader's does", async () => {
    const damage = fc.tuple(fc.constantFrom(...valid), fc.nat(), fc.nat(3), fc.constantFrom("", ...'{}[]",:\\x\n0'));
    await fc.assert(
      fc.asyncProperty(damage, async ([{ text }, at, length, insert]) => {
        const start = at % text.length;
        const broken = text.slice(0, start) + insert + text.slice(start + length);
        const ours = readGraphText("/a.agentgraph.json", broken, graphFormat).faults.some(
          ({ code }) => code === "syntax",
        );
        const { document, json } = opened(broken);
        const theirs = await service.doValidation(document, json, { comments: "ignore", trailingCommas: "ignore" });
        if (ours) expect(theirs.filter(({ severity }) => severity === DiagnosticSeverity.Error)).not.toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("completes keys, of a node by its kind", async () => {
    expect(await completions("{ | }")).toEqual(expect.arrayContaining(["version", "nodes", "optimize"]));
    const node = await completions('{ "nodes": { "a": { | } } }');
    expect(node).toEqual(expect.arrayContaining(["kind", "role", "inputs", "instruction", "keep"]));
    expect(node).not.toContain("examples");
    const text = await completions('{ "nodes": { "a": { "kind": "text", | } } }');
    expect(text).toEqual(expect.arrayContaining(["role", "text", "examples"]));
    expect(text).not.toContain("instruction");
  });

  it("completes keys if another value is still wrong", async () => {
    const keys = await completions('{ "nodes": { "a": { "inputs": 5, "maxWords": "x", | } } }');
    expect(keys).toEqual(expect.arrayContaining(["instruction", "output"]));
  });

  it("completes values", async () => {
    expect(await completions('{ "loss": { "kind": "|" } }')).toEqual(
      expect.arrayContaining(['"exact"', '"number"', '"judge"']),
    );
    expect(await completions('{ "nodes": { "a": { "message": | } } }')).toEqual(
      expect.arrayContaining(['"system"', '"user"']),
    );
    expect(await completions('{ "nodes": { "a": { "trainable": | } } }')).toEqual(
      expect.arrayContaining(["true", "false"]),
    );
  });

  it("tells what a key and a kind mean", async () => {
    expect(await hover('{ "nodes": { "a": { "ke|ep": ["x"] } } }')).toContain("contain literally");
    expect(await hover('{ "loss": { "kind": "num|ber" } }')).toContain("The number in the answer");
    expect(await hover('{ "loss": { "kind": "number", "toler|ance": "wrong" } }')).toContain("Largest difference");
  });
});
