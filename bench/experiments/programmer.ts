import type { Model } from "../../src/models/model.ts";
import { createWorldModel, lastIn, seededChance } from "../worlds/parts.ts";

/**
 * A simulated programmer for the twelve tasks of `examples/code`: each program has aspects that it gets right or
 * wrong. The tests that show an aspect name it; hidden tests are in no feedback.
 */
interface Program {
  /** Aspect → whether a visible test shows it. */
  readonly aspects: Readonly<Record<string, "visible" | "hidden">>;
  write(has: (aspect: string) => boolean): string;
}

/** One of two pieces of code. */
const PROGRAMS: Readonly<Record<string, Program>> = {
  slug: {
    aspects: { "drops punctuation": "visible", ends: "hidden" },
    write: (has) =>
      `export const slug = (title) => title.toLowerCase()${has("drops punctuation") ? '.replace(/[^a-z0-9\\s-]/g, "")' : ""}${has("ends") ? '.replace(/[\\s-]+/g, "-").replace(/^-|-$/g, "")' : '.replace(/\\s+/g, "-")'};`,
  },
  median: {
    aspects: { "even count": "visible", unchanged: "hidden", nothing: "hidden" },
    write: (has) =>
      `export function median(numbers) { if (numbers.length === 0) return ${has("nothing") ? "null" : "0"}; const list = ${has("unchanged") ? "[...numbers]" : "numbers"}.sort((a, b) => a - b); const at = Math.floor(list.length / 2); return ${has("even count") ? "list.length % 2 ? list[at] : (list[at - 1] + list[at]) / 2" : "list[at]"}; }`,
  },
  roman: {
    aspects: { subtracts: "visible", refuses: "hidden" },
    write: (has) =>
      `const PAIRS = [[1000,"M"],${has("subtracts") ? '[900,"CM"],' : ""}[500,"D"],${has("subtracts") ? '[400,"CD"],' : ""}[100,"C"],${has("subtracts") ? '[90,"XC"],' : ""}[50,"L"],${has("subtracts") ? '[40,"XL"],' : ""}[10,"X"],${has("subtracts") ? '[9,"IX"],' : ""}[5,"V"],${has("subtracts") ? '[4,"IV"],' : ""}[1,"I"]]; export function roman(n) { ${has("refuses") ? 'if (!Number.isInteger(n) || n < 1 || n > 3999) throw new RangeError("n"); ' : ""}let text = ""; for (const [value, sign] of PAIRS) while (n >= value) { text += sign; n -= value; } return text; }`,
  },
  parseDuration: {
    aspects: { "no part": "visible", "two parts": "visible" },
    write: (has) =>
      `export function parseDuration(text) { const parts = [...text.matchAll(/(\\d+)\\s*([hms])/g)]${has("two parts") ? "" : ".slice(0, 1)"}; ${has("no part") ? "if (parts.length === 0) return null; " : ""}return parts.reduce((sum, [, n, unit]) => sum + Number(n) * { h: 3600, m: 60, s: 1 }[unit], 0); }`,
  },
  groupBy: {
    aspects: { "a key that objects have": "visible" },
    write: (has) =>
      `export function groupBy(list, key) { const groups = ${has("a key that objects have") ? "Object.create(null)" : "{}"}; for (const one of list) (groups[one[key]] ??= []).push(one); return groups; }`,
  },
  wrap: {
    aspects: { "a long word": "visible", "breaks at spaces": "visible" },
    write: (has) =>
      `export function wrap(text, width) { const lines = [""]; for (const word of text.split(" ")) { const line = lines.at(-1); if (line === "") lines[lines.length - 1] = word; else if ((line + " " + word).length ${has("breaks at spaces") ? "<=" : "<"} width) lines[lines.length - 1] += " " + word; else lines.push(${has("a long word") ? "word" : "word.slice(0, width)"}); } return lines.join("\\n"); }`,
  },
  mergeIntervals: {
    aspects: { "any order": "visible", touch: "hidden", within: "hidden" },
    write: (has) =>
      `export function mergeIntervals(intervals) { const out = []; for (const [start, end] of ${has("any order") ? "[...intervals].sort((a, b) => a[0] - b[0])" : "intervals"}) { const last = out.at(-1); if (last && start ${has("touch") ? "<=" : "<"} last[1]) last[1] = ${has("within") ? "Math.max(last[1], end)" : "end"}; else out.push([start, end]); } return out; }`,
  },
  csvRow: {
    aspects: { "a comma in quotes": "visible", quote: "hidden" },
    write: (has) =>
      has("a comma in quotes")
        ? `export function csvRow(line) { const fields = [""]; let quoted = false; for (let i = 0; i < line.length; i++) { const c = line[i]; if (c === '"') { ${has("quote") ? `if (quoted && line[i + 1] === '"') { fields[fields.length - 1] += '"'; i++; } else ` : ""}quoted = !quoted; } else if (c === "," && !quoted) fields.push(""); else fields[fields.length - 1] += c; } return fields; }`
        : `export const csvRow = (line) => line.split(",")${has("quote") ? `.map((f) => f.replace(/^"|"$/g, "").replaceAll('""', '"'))` : ""};`,
  },
  change: {
    aspects: { "the largest first is wrong": "visible", none: "hidden" },
    write: (has) =>
      has("the largest first is wrong")
        ? `export function change(amount, coins) { const best = [0]; for (let sum = 1; sum <= amount; sum++) best[sum] = Math.min(Infinity, ...coins.filter((c) => c <= sum).map((c) => best[sum - c] + 1)); return ${has("none") ? "best[amount] === Infinity ? -1 : best[amount]" : "best[amount]"}; }`
        : `export function change(amount, coins) { let count = 0; for (const coin of [...coins].sort((a, b) => b - a)) while (amount >= coin) { amount -= coin; count++; } return ${has("none") ? "amount > 0 ? -1 : count" : "count"}; }`,
  },
  deepEqual: {
    aspects: { "a key more": "visible", "order of keys": "visible", "list or object": "hidden" },
    write: (has) =>
      has("order of keys")
        ? `export function deepEqual(a, b) { if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b; ${has("list or object") ? "if (Array.isArray(a) !== Array.isArray(b)) return false; " : ""}const keys = Object.keys(a); ${has("a key more") ? "if (keys.length !== Object.keys(b).length) return false; " : ""}return keys.every((key) => key in b && deepEqual(a[key], b[key])); }`
        : "export const deepEqual = (a, b) => JSON.stringify(a) === JSON.stringify(b);",
  },
  nextDay: {
    aspects: { "a leap year": "visible", year: "hidden" },
    write: (has) =>
      `export function nextDay(date) { let [y, m, d] = date.split("-").map(Number); const leap = ${has("a leap year") ? "y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0)" : "false"}; const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]; d++; if (d > days[m - 1]) { d = 1; m++; } ${has("year") ? "if (m > 12) { m = 1; y++; } " : ""}return [String(y).padStart(4, "0"), String(m).padStart(2, "0"), String(d).padStart(2, "0")].join("-"); }`,
  },
  balanced: {
    aspects: { crossed: "visible", open: "hidden", quotes: "hidden" },
    write: (has) =>
      `export function balanced(text) { const open = []; const pairs = { ")": "(", "]": "[", "}": "{" }; ${has("quotes") ? 'text = text.replace(/"(?:\\\\.|[^"\\\\])*"/g, ""); ' : ""}for (const c of text) { if ("([{".includes(c)) open.push(c); else if (pairs[c] && ${has("crossed") ? "open.pop() !== pairs[c]" : "open.pop() === undefined"}) return false; } return ${has("open") ? "open.length === 0" : "true"}; }`,
  },
};

export const PROGRAM_NAMES: readonly string[] = Object.keys(PROGRAMS);

/** Share of aspects that it gets right. */
const RIGHT = {
  /** On the first attempt, without feedback. */
  visible: 0.45,
  hidden: 0.75,
  /** For an aspect that feedback or a reflection names. */
  named: 0.85,
  /** For an aspect that the rewritten answer already has. */
  kept: 0.97,
} as const;

/**
 * A model that writes the programs, or rewrites one: it changes an aspect by chance and keeps what need not change.
 * @param seed another seed makes other mistakes
 */
export function createProgrammer(seed: number): Model {
  const chance = seededChance(seed);
  return createWorldModel(
    `programmer ${seed}`,
    async () => {},
    ({ messages }) => reply(messages.map(({ content }) => content).join("\n"), chance),
  );
}

function reply(prompt: string, chance: (...parts: unknown[]) => number): string {
  const name = PROGRAM_NAMES.find(
    (one) => prompt.includes(`exports the function ${one}.`) || prompt.includes(`name: ${one}\n`),
  );
  const program = PROGRAMS[name ?? ""];
  if (!name || !program) return "";
  if (prompt.includes("<reflection>")) return `<reflection>\n${lastIn(prompt, "feedback")}\n</reflection>`;
  const isRewrite = prompt.includes("<improved_answer>");
  const before = isRewrite ? aspectsOf(program, lastIn(prompt, "answer")) : null;
  const feedback = isRewrite ? lastIn(prompt, "feedback") : lastIn(prompt, "reflections");
  const has = (aspect: string) => {
    const draw = chance("aspect", name, aspect, prompt);
    if (feedback.includes(`${aspect}:`)) return draw < RIGHT.named;
    if (before) return before.has(aspect) ? draw < RIGHT.kept : draw > RIGHT.kept;
    return draw < RIGHT[program.aspects[aspect] ?? "visible"];
  };
  const decided = new Map(Object.keys(program.aspects).map((aspect) => [aspect, has(aspect)]));
  const code = `\`\`\`js\n${program.write((aspect) => decided.get(aspect) ?? true)}\n\`\`\``;
  return isRewrite ? `<improved_answer>\n${code}\n</improved_answer>` : code;
}

/** The aspects that a program has. */
function aspectsOf({ aspects, write }: Program, code: string): ReadonlySet<string> {
  const names = Object.keys(aspects);
  for (let bits = 2 ** names.length - 1; bits >= 0; bits--) {
    const held = new Set(names.filter((_, at) => bits & (2 ** at)));
    if (code.includes(write((aspect) => held.has(aspect)))) return held;
  }
  return new Set();
}

/** A program without some of its aspects. */
export function programWithout(name: string, missing: readonly string[]): string {
  return PROGRAMS[name]?.write((aspect) => !missing.includes(aspect)) ?? "";
}

export function aspectNames(name: string): string[] {
  return Object.keys(PROGRAMS[name]?.aspects ?? {});
}
