import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../../fixtures/graphs");

export interface Fixture {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly text: string;
}

export interface InvalidFixture extends Fixture {
  /** `code@line:column` of each fault but faults of no further interest, from the file's first line. */
  readonly expected: readonly string[];
  /** What the JSON Schema says of it; `skip`: it is no JSON. */
  readonly schema: "accepts" | "refuses" | "skip";
}

/** Graph files without a fault, with the files that they name. */
export const valid: readonly Fixture[] = fixturesIn("valid");

/** Graph files with the faults that their first lines list. */
export const invalid: readonly InvalidFixture[] = fixturesIn("invalid").map((fixture) => {
  const schema = /^\/\/ schema (\w+)$/m.exec(fixture.text)?.[1];
  return {
    ...fixture,
    expected: (/^\/\/ expect (.*)$/m.exec(fixture.text)?.[1] ?? "syntax@1:1").split(" "),
    schema: schema === "accepts" || schema === "refuses" ? schema : "skip",
  };
});

function fixturesIn(kind: string): Fixture[] {
  return readdirSync(join(folder, kind))
    .filter((name) => name.endsWith(".agentgraph.json"))
    .map((name) => {
      const path = join(folder, kind, name);
      return { name: name.replace(".agentgraph.json", ""), path, text: readFileSync(path, "utf8") };
    });
}
