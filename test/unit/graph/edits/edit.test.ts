import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { currentText, replaceText, TextNotFound } from "../../../../src/graph/edits/edit.ts";
import { applyEdits } from "../../../../src/graph/fault.ts";
import { plainText, promptText } from "../../../../src/graph/text/text.ts";

type Form = "string" | "lines" | "rows" | "file";

function replaced(content: string, form: Form, text: string, node = "solve"): string {
  return applyEdits(content, replaceText(content, { node, form }, text));
}

/** Everything outside of the edits: pieces of the old text that the new one holds in the same order. */
function untouched(content: string, form: Form, text: string): string[] {
  let at = 0;
  const pieces: string[] = [];
  for (const { offset, length } of replaceText(content, { node: "solve", form }, text)) {
    pieces.push(content.slice(at, offset));
    at = offset + length;
  }
  return [...pieces, content.slice(at)];
}

const lines = (text: string) => text.split(/(?<=\n)/);

/** Lines that the second text has and the first has not, and the reverse. */
function changedLines(before: string, after: string): { removed: string[]; added: string[] } {
  const [old, now] = [lines(before), lines(after)];
  return { removed: old.filter((line) => !now.includes(line)), added: now.filter((line) => !old.includes(line)) };
}

describe("a text in a string", () => {
  const file =
    '{\n  // how to solve\n  "nodes": { "solve": { "instruction": "Solve \\u0061nd\\nanswer.", "role": "x" } }, \n}\n';

  it("changes only what differs, and keeps other escapes", () => {
    expect(replaceText(file, { node: "solve", form: "string" }, "Solve and\nanswer well.")).toEqual([
      { offset: file.indexOf('.",'), length: 0, text: " well" },
    ]);
  });

  it("escapes what JSON asks for", () => {
    expect(replaced(file, "string", 'Say "no"\\\n\tor\u0001')).toBe(
      file.replace("Solve \\u0061nd\\nanswer.", 'Say \\"no\\"\\\\\\n\\tor\\u0001'),
    );
  });

  it("does not cut a character in two", () => {
    const smile = '{ "nodes": { "solve": { "instruction": "a😀b" } } }';
    expect(replaced(smile, "string", "a😁b")).toBe(smile.replace("😀", "😁"));
    const encoded = Buffer.from(replaced(smile, "string", "a😁b"), "utf8").toString("utf8");
    expect(currentText(encoded, { node: "solve", form: "string" })).toBe("a😁b");
  });

  it("gives no edit if nothing changes", () => {
    expect(replaceText(file, { node: "solve", form: "string" }, "Solve and\r\nanswer.")).toEqual([]);
  });

  it("says when the node is gone", () => {
    expect(() => replaceText(file, { node: "plan", form: "string" }, "x")).toThrow(TextNotFound);
    expect(currentText(file, { node: "plan", form: "string" })).toBeNull();
  });
});

describe("a text in a list of lines", () => {
  const file = `\uFEFF{
  "nodes": {
    "solve": {
      "instruction": [
        "Read the question.", // first, of course
        /* then */ "List the quantities.",

        "Answer with, a number." // the end
      ]
    }
  }
}`.replaceAll("\n", "\r\n");
  const text = "Read the question.\nList the quantities.\nAnswer with, a number.";

  it("reads one line an element", () => {
    expect(currentText(file, { node: "solve", form: "lines" })).toBe(text);
  });

  it("changes the one line that changes", () => {
    const after = replaced(file, "lines", text.replace("quantities", "numbers"));
    expect(after).toBe(file.replace("quantities", "numbers"));
  });

  it("inserts a line and touches no other", () => {
    const after = replaced(file, "lines", text.replace("\nAnswer", "\nThink.\nAnswer"));
    expect(changedLines(file, after)).toEqual({ removed: [], added: ['        "Think.",\r\n'] });
  });

  it("appends a line without adding a trailing comma", () => {
    const after = replaced(file, "lines", `${text}\nEnd.`);
    expect(after).toContain('"Answer with, a number.",\r\n        "End." // the end\r\n');
    expect(currentText(after, { node: "solve", form: "lines" })).toBe(`${text}\nEnd.`);
  });

  it("removes the last line with the comma before it, and keeps its comment", () => {
    const after = replaced(file, "lines", "Read the question.\nList the quantities.");
    expect(after).toContain('/* then */ "List the quantities."\r\n');
    expect(after).toContain("// the end");
    expect(currentText(after, { node: "solve", form: "lines" })).toBe("Read the question.\nList the quantities.");
  });

  it("removes a line that is alone with its line", () => {
    const plain = '{ "nodes": { "solve": { "instruction": [\n  "a",\n  "b",\n  "c"\n] } } }';
    expect(replaced(plain, "lines", "a\nc")).toBe(plain.replace('  "b",\n', ""));
    expect(replaced(plain, "lines", "a")).toBe(plain.replace(',\n  "b",\n  "c"\n', "\n"));
  });

  it("keeps a list on one line", () => {
    const plain = '{"nodes":{"solve":{"instruction":["a", "b", "c"]}}}';
    expect(replaced(plain, "lines", "a\nb\nx\nc")).toBe(plain.replace('"b", ', '"b", "x", '));
    expect(replaced(plain, "lines", "a\nc")).toBe(plain.replace('"b", ', ""));
    expect(replaced(plain, "lines", "a\nb")).toBe(plain.replace(', "c"', ""));
    expect(replaced(plain, "lines", "b\nc")).toBe(plain.replace('"a", ', ""));
  });

  it("fills an empty list", () => {
    const empty = '{\n  "nodes": {\n    "solve": { "instruction": [] }\n  }\n}\n';
    expect(replaced(empty, "lines", "a\nb")).toBe(empty.replace("[]", '[\n      "a",\n      "b"\n    ]'));
  });
});

describe("a text of rows", () => {
  const file =
    '{"nodes":{"solve":{"kind":"text","examples":{"rows":[\n  {"q": "1+1", "a": 2},\n  {"q": "2+2", "a": 4}\n]}}}}';

  it("is one line of JSON a row, and keeps the rows that stay", () => {
    expect(currentText(file, { node: "solve", form: "rows" })).toBe('{"q":"1+1","a":2}\n{"q":"2+2","a":4}');
    const after = replaced(file, "rows", '{"q":"1+1","a":2}\n{"q":"3+3","a":6}');
    expect(after).toBe(file.replace('{"q": "2+2", "a": 4}', '{"q":"3+3","a":6}'));
  });

  it("becomes a text if the new lines are not rows", () => {
    const after = replaced(file, "rows", "One and one is two.");
    expect(after).toContain('"kind":"text","text": [');
    expect(currentText(after, { node: "solve", form: "lines" })).toBe("One and one is two.");
  });
});

describe("a text in a prompt file", () => {
  it("leaves the final line end to the file", () => {
    expect(promptText("Solve it.\n")).toBe("Solve it.");
    expect(replaced("Solve it.\n", "file", "Solve it well.")).toBe("Solve it well.\n");
    expect(replaced("Solve it.", "file", "Solve it well.")).toBe("Solve it well.");
  });

  it("keeps an empty last line of the text apart from it", () => {
    for (const content of ["a\n", "a", "", "\n", "a\r\n", "a\n\n"]) {
      expect(promptText(replaced(content, "file", "b\n"))).toBe("b\n");
      expect(promptText(replaced(content, "file", "b\n\n"))).toBe("b\n\n");
    }
  });

  it("keeps line ends, mark and front matter", () => {
    const content = "\uFEFF---\r\nname: solve\r\n---\r\nOne.\r\nTwo.\r\nThree.\r\n";
    expect(promptText(content)).toBe("One.\nTwo.\nThree.");
    expect(replaced(content, "file", "One.\nTwo and a half.\nThree.\nFour.")).toBe(
      content.replace("Two.", "Two and a half.").replace("Three.", "Three.\r\nFour."),
    );
  });

  it("does not take a rule for front matter", () => {
    expect(promptText("---\nSolve it.\n---\nNow.\n")).toBe("---\nSolve it.\n---\nNow.");
  });

  it.each([
    ["keeps lines that end by CR alone", "a\rb\r", "a\n\nb", "a\r\rb\r"],
    ["makes no CRLF of two line ends that come to stand beside each other", "\r\r\na", "\n", "\r\n\r\n"],
  ])("%s", (_, content, text, expected) => {
    const result = replaced(content, "file", text);
    expect(result).toBe(expected);
    expect(promptText(result)).toBe(text);
  });

  describe("with several kinds of line ends keeps those of the lines that stay", () => {
    const NAMES = Array.from({ length: 8 }, (_, at) => `line ${at}`);
    const ends = fc.array(fc.constantFrom("\n", "\r\n"), { minLength: 9, maxLength: 9 });
    const some = fc.shuffledSubarray(NAMES, { minLength: 1 }).map((names) => [...names].sort());
    const places = [
      ["a file", undefined, "", "", ""],
      ["a section", { kind: "section", section: "## Task" }, "# A\r\n\n## Task\n\r\n", "", "\r\n## Next\n"],
      ["a block of YAML", { kind: "key", key: "task", format: "yaml" }, "a: 1\r\ntask: |\n", "  ", "b: 2\r\n"],
      ["lines of TOML", { kind: "key", key: "task", format: "toml" }, 'a = 1\r\ntask = """\n', "", '"""\nb = 2\r\n'],
    ] as const;
    test.each(places)("%s", (_, part, head, pad, tail) => {
      fc.assert(
        fc.property(some, some, ends, (base, wanted, kinds) => {
          const written = (all: readonly string[]) => all.map((one, at) => `${pad}${one}${kinds[at]}`);
          const content = head + written(base).join("") + tail;
          const place = { node: "solve", form: "file" as const, ...(part && { part }) };
          const current = currentText(content, place) ?? "";
          expect(current.trim()).toBe(base.join("\n"));
          const text = wanted.join("\n") + current.slice(current.trimEnd().length);
          const result = applyEdits(content, replaceText(content, place, text));
          expect(currentText(result, place)).toBe(text);
          const staying = written(base).filter((_, at) => wanted.includes(base[at] ?? ""));
          for (const line of staying) expect(result).toContain(line);
          expect(result.startsWith(head)).toBe(true);
          expect(result.endsWith(tail)).toBe(true);
        }),
        { numRuns: 300 },
      );
    });

    it("by CR alone, too", () => {
      expect(replaced("a\rb\nc\n", "file", "a\nb\nc\nd")).toBe("a\rb\nc\nd\n");
      expect(replaced("a\rb\nc\n", "file", "a\nc")).toBe("a\rc\n");
    });
  });

  it("gives one edit for each place that changes", () => {
    const content = Array.from({ length: 200 }, (_, line) => `line ${line}\n`).join("");
    const text = promptText(content).replace("line 7\n", "line seven\n").replace("line 150\n", "");
    expect(replaceText(content, { node: "solve", form: "file" }, text)).toHaveLength(2);
  });
});

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom(
        "a",
        "b",
        "",
        "---",
        "x: y",
        "\r",
        "\uFEFF",
        '"',
        "\\",
        "// c",
        "😀",
        "\uD800",
        "{{x}}",
        '{"a":1}',
        "null",
        "[1]",
      ),
    )
    .map((all) => all.join("\n")),
);
const lineEnd = fc.constantFrom("\n", "\r\n");

test("reading back gives exactly the new text, from a string", () => {
  fc.assert(
    fc.property(anyText, anyText, (before, after) => {
      const content = `{"nodes":{"solve":{"instruction":${JSON.stringify(before)},"keep":[]}}} // end`;
      const result = replaced(content, "string", after);
      expect(currentText(result, { node: "solve", form: "string" })).toBe(plainText(after));
      expect(result.endsWith(',"keep":[]}}} // end')).toBe(true);
    }),
  );
});

const listStyle = fc.record({
  end: lineEnd,
  oneLine: fc.boolean(),
  trailing: fc.boolean(),
  comment: fc.constantFrom("", " // why, though", " /* , */"),
});

test("reading back gives exactly the new text, from a list of lines, and lines that stay keep their bytes", () => {
  fc.assert(
    fc.property(anyText, anyText, listStyle, (before, after, { end, oneLine, trailing, comment }) => {
      const gap = oneLine ? " " : `${end}      `;
      const note = oneLine && comment.includes("//") ? "" : comment;
      const elements = before.split("\n").map((line) => JSON.stringify(line));
      const list = elements.map(
        (element, index) => `${element}${index < elements.length - 1 || trailing ? "," : ""}${note}`,
      );
      const tail = `${oneLine ? "" : end}], "x": [1, 2] }}}${end}`;
      const content = `{ "nodes": { "solve": { "instruction": [${gap}${list.join(gap)}${tail}`;
      const result = replaced(content, "lines", after);
      expect(currentText(result, { node: "solve", form: "lines" })).toBe(plainText(after));
      expect(result.startsWith('{ "nodes": { "solve": { "instruction": [')).toBe(true);
      expect(result.endsWith(tail.trimStart())).toBe(true);
      if (note) expect(result.split(note).length).toBeGreaterThanOrEqual(content.split(note).length);
      expect(/,\s*\]/.test(withoutComments(result))).toBe(trailing);
    }),
  );
});

test("reading back gives exactly the new text, from a prompt file", () => {
  const front = fc.constantFrom("", "---\nname: x\n---\n", "---\n---", "---\n---\n", "---\nname: x");
  const mark = fc.constantFrom("", "\uFEFF");
  const fileEnd = fc.constantFrom("\n", "\r\n", "\r");
  fc.assert(
    fc.property(anyText, anyText, front, mark, fileEnd, (before, after, matter, mark, end) => {
      const content = Buffer.from(mark + (matter + before).replaceAll("\n", end)).toString("utf8");
      const result = replaced(content, "file", after);
      expect(promptText(result)).toBe(plainText(after));
      expect(promptText(Buffer.from(result).toString("utf8"))).toBe(plainText(after));
      const kept = untouched(content, "file", after);
      expect(result.startsWith(kept[0] ?? "")).toBe(true);
      expect(result.endsWith(kept.at(-1) ?? "")).toBe(true);
    }),
  );
});

test("rows read back as written", () => {
  const lines = fc.array(fc.constantFrom("null", "[1]", '{"a":1}', "7", '"x"'), { minLength: 1, maxLength: 3 });
  const after = fc.oneof(
    anyText,
    lines.map((all) => all.join("\n")),
  );
  fc.assert(
    fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1 }), after, (rows, after) => {
      const content = `{"nodes":{"solve":{"kind":"text","examples":{"rows":${JSON.stringify(rows, null, 2)}}}}}`;
      const result = replaced(content, "rows", after);
      const form = currentText(result, { node: "solve", form: "rows" });
      expect(form).toBe(plainText(after));
      const left: unknown[] = JSON.parse(result).nodes.solve.examples?.rows ?? [];
      for (const row of left) expect(Object.prototype.toString.call(row)).toBe("[object Object]");
    }),
  );
});

function withoutComments(text: string): string {
  return text.replace(/"(?:\\.|[^"\\])*"|\/\/[^\n]*|\/\*.*?\*\//g, (match) => (match.startsWith('"') ? '""' : ""));
}
