/** A part of a text that is sent as a separate message. */
export interface RoleSection {
  readonly role: "system" | "user" | "assistant";
  /** Without the line that names the role, and without empty lines around it. */
  readonly content: string;
}

/** A line that starts a message, as in `.prompty` files: `system:`, `# user:`, `Assistant:`. */
const MARK = /^[ \t]*(?:#[ \t]*)?(system|developer|user|assistant)[ \t]*:[ \t]*$/gim;

/** Templates often start with a comment; it is never sent. */
const JINJA_COMMENT = /\{#[\s\S]*?#\}/g;

/**
 * The messages of a text whose first line names a role; null for every other text, which is one message. The text is
 * split before values are filled in, so that a line of an input never starts a message.
 */
export function roleSections(text: string): readonly RoleSection[] | null {
  const marks = [...text.matchAll(MARK)];
  const [first] = marks;
  if (!first || text.slice(0, first.index).replace(JINJA_COMMENT, "").trim() !== "") return null;
  return marks.map((mark, index) => ({
    role: roleOf(mark[1]),
    content: text
      .slice(mark.index + mark[0].length, marks[index + 1]?.index)
      .replace(/^(?:[ \t]*\n)+/, "")
      .trimEnd(),
  }));
}

/** The roles of a text's messages, in order, which a rewrite must keep. Empty for a text of one message. */
export function rolesOf(text: string): readonly string[] {
  return (roleSections(text) ?? []).map(({ role }) => role);
}

/** The first line that names a role in a text that has several, though its first line names none; null: no such line. */
export function ignoredRole(text: string): { readonly offset: number; readonly line: string } | null {
  if (roleSections(text)) return null;
  const marks = [...text.matchAll(MARK)];
  const [first] = marks;
  const roles = new Set(marks.map((mark) => roleOf(mark[1])));
  return first && roles.size > 1 ? { offset: first.index, line: first[0].trim() } : null;
}

function roleOf(word = ""): RoleSection["role"] {
  const role = word.toLowerCase();
  return role === "user" || role === "assistant" ? role : "system";
}
