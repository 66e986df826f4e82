import fc from "fast-check";
import { expect, test } from "vitest";
import { labelledParts } from "../../../../src/graph/replies/labelled-parts.ts";
import { readReply } from "../../../../src/graph/replies/read-reply.ts";

const object = (value: unknown) => (typeof value === "object" && value !== null ? value : null);
const looseJson = (text: string) => readReply(text, { keys: [], read: object, loosely: true })?.value;

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom("{", "}", "[", '"', ",", ":", "\\", "\n", "```json\n", "\n```", "a", "text", "**", "\u2028", " "),
    )
    .map((parts) => parts.join("")),
);
const name = fc.stringMatching(/^[A-Za-z][\w-]{0,8}$/).filter((one) => !(one in {}));
/** Without control characters: no model means them. */
const reply = fc.dictionary(name, fc.string({ unit: "grapheme" }), { minKeys: 1, maxKeys: 5 });
/** What models say around JSON: no bracket and no fence of its own. */
const around = fc.stringMatching(/^[\w .,:!?'\n-]{0,40}$/);

test("no reply makes the parsers throw", () => {
  fc.assert(
    fc.property(anyText, fc.array(name, { maxLength: 4 }), (text, keys) => {
      JSON.stringify(looseJson(text) ?? null);
      for (const key of Object.keys(labelledParts(text, keys)?.value ?? {})) expect(keys).toContain(key);
    }),
    { numRuns: 500 },
  );
});

test("JSON is read as it was meant, with words or a fence around it, on one line or many", () => {
  fc.assert(
    fc.property(reply, around, around, fc.boolean(), fc.constantFrom(0, 2), (value, before, after, fenced, indent) => {
      const json = JSON.stringify(value, null, indent);
      const text = fenced ? `${before}\n\`\`\`json\n${json}\n\`\`\`\n${after}` : `${before}${json}${after}`;
      expect(looseJson(text)).toEqual(value);
    }),
    { numRuns: 300 },
  );
});

test("a reply that is nothing but plain JSON is read as with a blank before it, doubts included", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.constantFrom("\u007f", "\ufffd", "“a”", "a = 1", "new_text: b", '{"text":"b"}', "\\n", "C:\\new"),
  );
  const key = fc.oneof(name, fc.constantFrom("text", "Text", "new_text", "newText", "__proto__", "1"));
  const part = fc.oneof(text, fc.double(), fc.boolean(), fc.constant(null), fc.array(text, { maxLength: 2 }));
  const read = (value: unknown) => (object(value) && Object.values(value as object).length > 1 ? value : null);
  fc.assert(
    fc.property(fc.array(fc.tuple(key, part), { maxLength: 4 }), fc.boolean(), (entries, written) => {
      const json = `{${entries.map(([one, value]) => `${JSON.stringify(one)}:${JSON.stringify(value)}`).join(",")}}`;
      for (const keys of [[], ["text"], ["new_text", "text"]]) {
        const asked = { keys, read, loosely: true, written };
        expect(readReply(json, asked)).toEqual(readReply(` ${json}`, asked));
      }
    }),
    { numRuns: 500 },
  );
});

test("words alone have no JSON", () => {
  fc.assert(
    fc.property(around, fc.constantFrom("", "7", '"a text"', "null"), (words, value) => {
      expect(looseJson(words + value)).toBeUndefined();
    }),
  );
});

test("if there is a fence, brackets in the words before it are words", () => {
  fc.assert(
    fc.property(reply, around, fc.constantFrom("{", "[1]", "{{question}}", "}{"), (value, words, bracket) => {
      const text = `${words} ${bracket} ${words}\n\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\`\n${words}`;
      expect(looseJson(text)).toEqual(value);
    }),
  );
});

test("line breaks that a model did not escape are part of the text", () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[\w .,]{0,20}$/), { minLength: 1, maxLength: 5 }), (lines) => {
      expect(looseJson(`{"text": "${lines.join("\n")}"}`)).toEqual({ text: lines.join("\n") });
    }),
  );
});

test("a reply that was cut gives whole texts or none", () => {
  fc.assert(
    fc.property(reply, fc.nat(), fc.constantFrom(0, 2), (value, where, indent) => {
      const json = JSON.stringify(value, null, indent);
      const read = looseJson(json.slice(0, where % (json.length + 1)));
      for (const [key, text] of Object.entries(read ?? {})) expect(text).toBe(value[key]);
    }),
    { numRuns: 500 },
  );
});

test("lines that start with a key are read back, however the key is marked", () => {
  const line = fc.stringMatching(/^[a-z][a-z ,.]{0,30}[a-z]$/);
  const mark = fc.constantFrom("", "**", "- ", "## ", "> ");
  const entry = fc.record({ mark, lines: fc.array(line, { minLength: 1, maxLength: 3 }) });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.stringMatching(/^[A-Z][a-z]{2,6}$/), { minLength: 1, maxLength: 4 }),
      fc.array(entry, { minLength: 4, maxLength: 4 }),
      (keys, entries) => {
        const text = keys.map((key, index) => `${entries[index]?.mark}${key}: ${entries[index]?.lines.join("\n")}`);
        const wanted = keys.map((key, index) => [key, entries[index]?.lines.join("\n")]);
        const distinct = new Set(keys.map((key) => key.toLowerCase())).size === keys.length;
        fc.pre(distinct);
        expect(labelledParts(text.join("\n"), keys)?.value).toEqual(Object.fromEntries(wanted));
      },
    ),
  );
});
