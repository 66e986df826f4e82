import fc from "fast-check";
import { expect, test } from "vitest";
import { parseInParts } from "../../../src/data/json-parts.ts";
import { inMemory } from "../../../src/data/text.ts";

/** Characters of a part. */
const PART = 2 ** 16;

function parse(json: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(json) };
  } catch {
    return null;
  }
}

/** What is read, and the lengths of the parts that it is read in. */
async function read(json: string) {
  const lengths: number[] = [];
  const seen = (part: string) => {
    lengths.push(part.length);
    return parse(part);
  };
  let turns = 0;
  const found = await parseInParts(inMemory(json), seen, async () => {
    turns += 1;
  });
  return { found, longest: Math.max(0, ...lengths), turns };
}

const long = fc.constantFrom("x".repeat(PART), '\\"'.repeat(PART / 2), "]}".repeat(PART), "short", "");
const scalar = fc.oneof(long, fc.string(), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "7", "2")), tie("value"), { maxKeys: 5 }),
  ),
}));
const container = fc.oneof(fc.array(value, { maxLength: 6 }), fc.dictionary(fc.string(), value, { maxKeys: 6 }));

test("a list or an object is read in parts as it is read at once, with its keys in their order", async () => {
  await fc.assert(
    fc.asyncProperty(container, fc.constantFrom(0, 2), async (wanted, indent) => {
      const json = JSON.stringify(wanted, null, indent);
      const { found } = await read(json);
      expect(JSON.stringify(found?.value)).toBe(JSON.stringify(JSON.parse(json)));
    }),
    { numRuns: 60 },
  );
});

test("what the platform's parser refuses is refused in parts too", async () => {
  const inserted = fc.constantFrom(",", "]", "}", "{", "[", '"', ":", "1", " ", "\n");
  await fc.assert(
    fc.asyncProperty(container, inserted, fc.nat(), fc.boolean(), async (wanted, mark, place, isReplaced) => {
      const json = JSON.stringify(wanted);
      const at = place % (json.length + 1);
      const broken = json.slice(0, at) + mark + json.slice(isReplaced ? at + 1 : at);
      const { found } = await read(broken);
      const whole = parse(broken);
      if (found) expect(JSON.stringify(found.value)).toBe(JSON.stringify(whole?.value));
    }),
    { numRuns: 150 },
  );
});

const rows = Array.from({ length: 20_000 }, (_, row) => ({ question: `Question ${row} `.repeat(5), answer: row }));

test.each([
  ["a list", rows],
  ["a list in an object", { info: { n: 2 }, data: { train: rows, tags: ["x"] } }],
  ["columns", { answer: rows.map(({ answer }) => answer) }],
  ["columns with an index", { answer: Object.fromEntries(rows.map(({ answer }) => [answer, answer])) }],
])("%s is read in short parts, and other work gets turns between them", async (_, wanted) => {
  const json = JSON.stringify(wanted);
  const { found, longest, turns } = await read(json);
  expect(found?.value).toEqual(wanted);
  expect(longest).toBeLessThanOrEqual(PART + 2);
  expect(turns).toBeGreaterThanOrEqual(json.length / PART);
});

test.each([
  ["a key twice", `{"a":"${"x".repeat(PART)}","b":1,"a":2}`],
  ["a comma too many", `[${"1,".repeat(PART)}]`],
  ["no element before a comma", `[,"${"x".repeat(PART)}"]`],
  ["another bracket at the end", `[{"a":"${"x".repeat(PART)}"}}`],
  ["no end", `[{"a":"${"x".repeat(PART)}"}`],
  ["something after the end", '[{"a":1}] 2'],
  ["a text", '"a"'],
  ["nothing", ""],
])("%s is left to be read as a whole", async (_, json) => {
  expect((await read(json)).found).toBeNull();
});
