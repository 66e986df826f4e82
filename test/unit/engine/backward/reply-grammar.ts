import fc from "fast-check";

/** A reply of an optimizer model, and the text that the model meant. */
export interface Written {
  readonly meant: string;
  readonly reply: string;
  /** It is valid JSON, or as good as that: it has to be read at once. */
  readonly wellFormed: boolean;
  /** How it was written, for the message of a failure. */
  readonly how: string;
}

const SENTENCES = [
  "Answer the question.",
  "Work step by step, then give the result.",
  "Write in plain English; don't guess.",
  'End with the line "Answer: N" and nothing else.',
  'Say "yes", "no" or "unknown".',
  "Use the form \\frac{a}{b} \\times c, and \\theta for angles.",
  "Write $x \\neq y$ or $\\nabla f \\cdot \\rho$ where it helps.",
  "A price is a match of \\$\\d+\\.\\d{2}\\b in the text.",
  "Split at [^\\n]+ and trim with ^\\s+|\\s+$.",
  "Files are under C:\\new\\tables\\Users and \\\\server\\tools.",
  "Separate columns with '\\t' and rows with \"\\n\".",
  'Reply with {"answer": "x", "unit": "km"} and stop.',
  'Reply with JSON: {"text": "the answer", "hypothesis": "why"}',
  '```json\n{"answer": 1}\n```\nNothing else.',
  "Example:\n```\nQ: 2+2\nA: 4\n```",
  "- one item a line\n- two at most",
  "1. Read {{question}}.\n2. Answer it.",
  "Don't use {curly} or [square] brackets, nor <b>tags</b>.",
  "Grüße, naïve café — “typographic” quotes and ‘these’.",
  "Emoji 🎉👩‍👩‍👧 are fine; so is 中文。",
  "Columns:\tname\tvalue",
  "Text: the line begins with a key.",
  'Escape a quote as \\" and a backslash as \\\\.',
  "It's 5 o'clock, isn't it?",
  "# Rules\n\nBe brief.\n\n\n## More\nBe exact.",
  "Use True, None or null: never {}.",
  "100% sure? // not a comment /* nor this */",
  "Write the symbol \\u00e9 as é.",
  "key: value, and `code` with ```inline``` marks",
  "<text>inside</text> stays.",
  "Keep trailing commas, like [1, 2,].",
  "Write &lt; for < and &amp; for &.",
  "A row is (id, name); a set is {a, b}.",
  'Say: "It\'s \\"fine\\"".',
  "Path: /usr/local/bin:$HOME/.bin and ~/notes.txt",
  "\\begin{align}\n  a &= b \\\\\n  c &= d\n\\end{align}",
  "Match \\bword\\b, \\w+@\\w+\\.com or \\(\\d{3}\\).",
  "| a | b |\n|---|---|\n| 1 | 2 |",
  "hypothesis: none; text: none",
  '{"a": ["b", {"c": "d"}]}',
] as const;

export const unwrapText: fc.Arbitrary<string> = fc
  .array(fc.tuple(fc.constantFrom(...SENTENCES), fc.constantFrom("\n", " ", "\n\n")), { minLength: 1, maxLength: 4 })
  .map((parts) =>
    parts
      .map(([sentence, end]) => sentence + end)
      .join("")
      .trim(),
  );

interface Encoding {
  readonly name: string;
  /** The string with its quotes. */
  readonly write: (text: string) => string;
  readonly wellFormed?: true;
}

const json = (text: string) => JSON.stringify(text);
const between = (open: string, close: string, text: string) => `${open}${text}${close}`;

const ENCODINGS: readonly Encoding[] = [
  { name: "JSON", write: json, wellFormed: true },
  { name: "JSON in ASCII", wellFormed: true, write: (text) => json(text).replace(/[^\x20-\x7e]/g, hex) },
  { name: "JSON with \\/", wellFormed: true, write: (text) => json(text).replaceAll("/", "\\/") },
  { name: "line breaks as they are", write: (text) => json(text).replaceAll("\\n", "\n").replaceAll("\\\n", "\\\\n") },
  {
    name: "single backslashes",
    write: (text) => `"${text.replaceAll('"', '\\"').replaceAll("\n", "\\n").replaceAll("\t", "\\t")}"`,
  },
  { name: "nothing escaped", write: (text) => `"${text}"` },
  { name: "quotes not escaped", write: (text) => `"${json(text).slice(1, -1).replaceAll('\\"', '"')}"` },
  { name: "apostrophes escaped", write: (text) => json(text).replaceAll("'", "\\'") },
  { name: "Python", write: python },
  { name: "single quotes, not escaped", write: (text) => between("'", "'", text.replaceAll("\n", "\\n")) },
  { name: "typographic quotes", write: (text) => between("“", "”", json(text).slice(1, -1)) },
  {
    name: "typographic quotes throughout",
    write: (text) => json(text).replaceAll('"', "”").replace("”", "“").replaceAll("'", "’"),
  },
  { name: "backticks", write: (text) => between("`", "`", text) },
  { name: "three quotes", write: (text) => between('"""', '"""', text) },
  {
    name: "joined strings",
    write: (text) =>
      text
        .split("\n")
        .map((line) => json(`${line}\n`))
        .join(" +\n"),
  },
  {
    name: "strings below each other",
    write: (text) =>
      text
        .split("\n")
        .map((line) => json(`${line}\n`))
        .join("\n"),
  },
  { name: "lines that go on", write: (text) => json(text).replaceAll("\\n", "\\n\\\n") },
  {
    name: "HTML",
    write: (text) => json(text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")),
  },
  { name: "lines in a list", write: (text) => JSON.stringify(text.split("\n")) },
  { name: "escaped twice", write: (text) => json(json(text).slice(1, -1)) },
  { name: "Windows line ends", wellFormed: true, write: (text) => json(text.replaceAll("\n", "\r\n")) },
];

function hex(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
  ).join("");
}

/** As Python's `repr`. */
function python(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inner = text
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\t", "\\t")
    .replaceAll(quote, `\\${quote}`);
  return `${quote}${inner}${quote}`;
}

interface Layout {
  readonly name: string;
  readonly write: (text: string, why: string) => string;
  readonly wellFormed?: true;
}

const LAYOUTS: readonly Layout[] = [
  { name: "on one line", wellFormed: true, write: (text, why) => `{"hypothesis": ${why}, "text": ${text}}` },
  { name: "text first", wellFormed: true, write: (text, why) => `{"text": ${text}, "hypothesis": ${why}}` },
  { name: "indented", wellFormed: true, write: (text, why) => `{\n  "hypothesis": ${why},\n  "text": ${text}\n}` },
  { name: "text alone", wellFormed: true, write: (text) => `{"text":${text}}` },
  { name: "a trailing comma", wellFormed: true, write: (text, why) => `{"hypothesis": ${why}, "text": ${text},}` },
  { name: "comments", write: (text, why) => `{\n// why\n"hypothesis": ${why}, /* new */ "text": ${text}\n}` },
  {
    name: "other keys",
    wellFormed: true,
    write: (text, why) => `{"id": 1, "hypothesis": ${why}, "text": ${text}, "sure": true}`,
  },
  { name: "other case", wellFormed: true, write: (text, why) => `{"Hypothesis": ${why}, "TEXT": ${text}}` },
  { name: "bare keys", write: (text, why) => `{hypothesis: ${why}, text: ${text}}` },
  { name: "single-quoted keys", write: (text, why) => `{'hypothesis': ${why}, 'text': ${text}}` },
  { name: "typographic keys", write: (text, why) => `{“hypothesis”: ${why}, “text”: ${text}}` },
  {
    name: "in an object",
    wellFormed: true,
    write: (text, why) => `{"proposal": {"hypothesis": ${why}, "text": ${text}}}`,
  },
  { name: "in a list", wellFormed: true, write: (text, why) => `[{"hypothesis": ${why}, "text": ${text}}]` },
  { name: "in a string", wellFormed: true, write: (text, why) => json(`{"hypothesis": ${why}, "text": ${text}}`) },
  { name: "in its own text", write: (text, why) => `{"text": ${json(`{"hypothesis": ${why}, "text": ${text}}`)}}` },
  { name: "a newer name", wellFormed: true, write: (text, why) => `{"hypothesis": ${why}, "new_text": ${text}}` },
  {
    name: "an old and a new text",
    write: (text, why) => `{"text": "Do it.", "hypothesis": ${why}, "new_text": ${text}}`,
  },
  { name: "too many brackets", write: (text, why) => `{"hypothesis": ${why}, "text": ${text}}}` },
  { name: "no comma", write: (text, why) => `{"hypothesis": ${why} "text": ${text}}` },
  { name: "no comma behind the text", write: (text, why) => `{"text": ${text} "hypothesis": ${why}}` },
  {
    name: "no quote behind the hypothesis",
    write: (text, why) => `{"hypothesis": ${why.slice(0, -1)}, "text": ${text}}`,
  },
  { name: "no quote behind the text", write: (text, why) => `{"text": ${text.slice(0, -1)}, "hypothesis": ${why}}` },
  { name: "two lines", write: (text, why) => `{"hypothesis": ${why}}\n{"text": ${text}}` },
  { name: "pairs", write: (text, why) => `[["hypothesis", ${why}], ["text", ${text}]]` },
  {
    name: "named values",
    write: (text, why) => `[{"key": "hypothesis", "value": ${why}}, {"key": "text", "value": ${text}}]`,
  },
  { name: "a call of a function", write: (text, why) => `propose(hypothesis=${why}, text=${text})` },
  { name: "without its end", write: (text, why) => `{"hypothesis": ${why}, "text": ${text}` },
  {
    name: "with an old text",
    wellFormed: true,
    write: (text, why) => `{"old_text": "Do it.", "hypothesis": ${why}, "text": ${text}}`,
  },
];

interface Around {
  readonly name: string;
  readonly write: (object: string) => string;
  readonly wellFormed?: true;
}

const AROUND: readonly Around[] = [
  { name: "alone", wellFormed: true, write: (object) => object },
  { name: "white space", wellFormed: true, write: (object) => `\uFEFF\n\n ${object}\n` },
  { name: "in a fence", wellFormed: true, write: (object) => `\`\`\`json\n${object}\n\`\`\`` },
  {
    name: "in a bare fence with words",
    wellFormed: true,
    write: (object) => `Here it is:\n\n\`\`\`\n${object}\n\`\`\`\n\nI hope it helps!`,
  },
  { name: "words with brackets", wellFormed: true, write: (object) => `As in [1], {x} and {{question}}:\n${object}` },
  { name: "words behind", wellFormed: true, write: (object) => `${object}\n\nLet me know what you think.` },
  { name: "words with quotes behind", write: (object) => `${object}\n\nI replaced "a" by 'b' {so}.` },
  {
    name: "behind another fence",
    write: (object) => `The cases say:\n\`\`\`json\n{"cases": [1, 2]}\n\`\`\`\nSo:\n\`\`\`json\n${object}\n\`\`\``,
  },
  { name: "behind a draft", write: (object) => `Draft:\n{"hypothesis": "h", "text": "A draft."}\nFinal:\n${object}` },
  { name: "before a remark in JSON", write: (object) => `${object}\n{"confidence": 0.9}` },
  { name: "behind its example", write: (object) => `{"hypothesis": "...", "text": "..."}\n${object}` },
  { name: "behind a mark", write: (object) => `json\n${object}` },
  { name: "in a sentence", write: (object) => `Here it is: ${object} That is all.` },
  { name: "in three fences", write: (object) => `\`\`\`\`markdown\n\`\`\`json\n${object}\n\`\`\`\n\`\`\`\`` },
  { name: "quoted", write: (object) => object.replace(/^/gm, "> ") },
  { name: "indented", write: (object) => object.replace(/^/gm, "    ") },
  { name: "in tags", wellFormed: true, write: (object) => `<answer>\n${object}\n</answer>` },
  { name: "Windows line ends", wellFormed: true, write: (object) => object.replace(/\r?\n/g, "\r\n") },
];

interface Wrapper {
  readonly name: string;
  /** The text as it stands in the string. */
  readonly write: (text: string) => string;
  readonly wellFormed?: true;
}

const WRAPPERS: readonly Wrapper[] = [
  { name: "bare", wellFormed: true, write: (text) => text },
  { name: "spaced", wellFormed: true, write: (text) => `\n ${text} \n` },
  { name: "in a fence", write: (text) => `\`\`\`\n${text}\n\`\`\`` },
  { name: "in a named fence", write: (text) => `\`\`\`markdown\n${text}\n\`\`\`` },
  { name: "in our tags", write: (text) => `<current_text>\n${text}\n</current_text>` },
  { name: "in its key's tags", write: (text) => `<text>${text}</text>` },
  { name: "with literal line ends", write: (text) => text.replaceAll("\n", "\\n") },
  { name: "in quotes", write: (text) => `"${text}"` },
];

/** Most parts as they should be, the one or the other not. */
function mostly<T>(all: readonly T[]): fc.Arbitrary<T> {
  const [first, ...rest] = all;
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant(first as T) },
    { weight: 3, arbitrary: fc.constantFrom(...(rest as T[])) },
  );
}

/** Whether a string is valid JSON of another text: nobody can tell that it was not meant. */
function isMisleading(written: string, text: string): boolean {
  try {
    const said: unknown = JSON.parse(written);
    return typeof said === "string" && said !== text && !/[\b\f\r]/.test(said);
  } catch {
    return false;
  }
}

/** As a whole it may also be a string that was escaped once more. */
function looksEscaped(text: string): boolean {
  return /^(?:[^"\\\n]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*$/.test(text.trim()) && /\\["\\]/.test(text);
}

const inJson: fc.Arbitrary<Written> = fc
  .record({
    meant: unwrapText,
    why: fc.constantFrom("It helps.", 'The cases "ask" for it.', "It's {needed}, [1]."),
    encoding: mostly(ENCODINGS),
    layout: mostly(LAYOUTS),
    around: mostly(AROUND),
    wrapper: mostly(WRAPPERS),
  })
  .filter(
    ({ meant, encoding, wrapper }) =>
      !["single backslashes", "nothing escaped"].includes(encoding.name) ||
      !isMisleading(encoding.write(wrapper.write(meant)), wrapper.write(meant)),
  )
  .map(({ meant, why, encoding, layout, around, wrapper }) => ({
    meant,
    reply: around.write(
      layout.write(
        encoding.write(wrapper.write(meant)),
        encoding.name.includes("list") ? json(why) : encoding.write(why),
      ),
    ),
    wellFormed: [encoding, layout, around, wrapper].every((part) => part.wellFormed === true) && !looksEscaped(meant),
    how: `${encoding.name}, ${layout.name}, ${around.name}, ${wrapper.name}`,
  }));

const indented = (text: string) =>
  text
    .split("\n")
    .map((line) => (line === "" ? "" : `  ${line}`))
    .join("\n");

/** Replies without JSON. */
const LABELLED: Readonly<Record<string, (text: string) => string>> = {
  tags: (text) => `<hypothesis>It helps.</hypothesis>\n<text>\n${text}\n</text>`,
  "YAML block": (text) => `hypothesis: It helps.\ntext: |\n${indented(text)}`,
  "YAML block in a fence": (text) => `\`\`\`yaml\nhypothesis: It helps.\ntext: |\n${indented(text)}\n\`\`\``,
  "YAML block with words behind": (text) => `hypothesis: It helps.\ntext: |\n${indented(text)}\n\nThat is all.`,
  "YAML folded": (text) => `hypothesis: It helps.\ntext: >\n${indented(text)}`,
  "YAML in quotes": (text) => `hypothesis: It helps.\ntext: ${json(text)}`,
  lines: (text) => `Hypothesis: It helps.\nText: ${text}`,
  "bold lines": (text) => `**Hypothesis:** It helps.\n\n**Text:**\n${text}`,
  "bold lines with words behind": (text) => `**Text:** ${text}\n\nLet me know whether it helps.`,
  "text first": (text) => `Text: ${text}\nHypothesis: It helps.`,
  "headings and a fence": (text) => `## Hypothesis\nIt helps.\n\n## Text\n\`\`\`\n${text}\n\`\`\`\n\nDone.`,
  "the text alone": (text) => text,
};

const labelled: fc.Arbitrary<Written> = fc
  .record({ meant: unwrapText, form: fc.constantFrom(...Object.entries(LABELLED)) })
  .map(({ meant, form: [how, write] }) => ({ meant, reply: write(meant), wellFormed: false, how }));

/** Cut anywhere, as a limit of tokens does, by a server that does not say so. */
const cut: fc.Arbitrary<Written> = fc
  .record({ whole: fc.oneof(inJson, labelled), at: fc.double({ min: 0, max: 1, noNaN: true }) })
  .filter(({ whole }) => !/draft|example/.test(whole.how))
  .map(({ whole, at }) => ({
    ...whole,
    reply: whole.reply.slice(0, Math.floor(at * whole.reply.length)),
    wellFormed: false,
    how: `${whole.how}, cut`,
  }));

export const writtenReply: fc.Arbitrary<Written> = fc.oneof(
  { weight: 10, arbitrary: inJson },
  { weight: 2, arbitrary: labelled },
  { weight: 1, arbitrary: cut },
);
