import { nodeTargetsOf, type Sample } from "../../data/sample.ts";
import type { Graph } from "../../graph/graph.ts";
import { parseJson } from "../../graph/replies/json.ts";
import { formOf } from "./answer-form.ts";

/**
 * What the targets of a training set have in common (docs/method.md, "Answers").
 *
 * - `closed`: few distinct values that recur, such as labels. They are part of the task: an instruction may name them.
 * - `list`: a list whose elements have a space of their own.
 * - `fields`: a JSON object, field by field.
 * - `open`: each value belongs to its sample. Only the form is part of the task.
 */
export type AnswerSpace =
  | { readonly kind: "closed"; readonly members: readonly Member[]; readonly of: number }
  | { readonly kind: "list"; readonly written: "JSON" | Separator; readonly elements: AnswerSpace }
  | { readonly kind: "fields"; readonly fields: readonly Field[]; readonly of: number }
  | { readonly kind: "open"; readonly form: string; readonly own: readonly string[] };

export interface Member {
  readonly value: string;
  /** Number of samples whose targets contain it. */
  readonly count: number;
}

export interface Field {
  /** Keys separated by dots. */
  readonly path: string;
  /** Number of samples whose target has it. */
  readonly count: number;
  readonly space: AnswerSpace;
}

type Separator = "," | ";" | "|";
const SEPARATORS: readonly Separator[] = [";", "|", ","];

/** Minimum number of samples to call a value recurring. */
const FEWEST = 4;
/** Minimum share of samples whose target also occurs in another sample, for the set to be closed. */
const RECURRING = 0.8;
/** Minimum samples per distinct number: grades recur because they are grades, counts and measures only by chance. */
const SAMPLES_PER_NUMBER = 4;
/** Maximum number of distinct numbers in a closed set. */
const MOST_NUMBERS = 12;
const MOST_MEMBERS = 300;
/** Maximum depth to which a JSON target is examined. */
const DEEPEST = 4;

/** The answers of a set of samples; null if none of them has a target. */
export function answerSpaceOf(samples: readonly Pick<Sample, "targets">[]): AnswerSpace | null {
  const known = spaces.get(samples);
  if (known !== undefined) return known;
  const space = foundSpace(samples);
  spaces.set(samples, space);
  return space;
}

/** By samples, which never change: feedback and leaks look at the same ones. */
const spaces = new WeakMap<readonly Pick<Sample, "targets">[], AnswerSpace | null>();

function foundSpace(samples: readonly Pick<Sample, "targets">[]): AnswerSpace | null {
  const groups = samples
    .map(({ targets }) => targets.map((target) => target.trim()))
    .filter(({ length }) => length > 0);
  return groups.length === 0 ? null : spaceOf(groups, 0);
}

/** @param groups for each sample, the values that are in one place of its targets */
function spaceOf(groups: readonly (readonly string[])[], depth: number): AnswerSpace {
  const members = countsOf(groups);
  const structured =
    (depth < DEEPEST ? jsonSpaceOf(groups, depth) : null) ??
    closedSetOf(groups, members) ??
    (depth < DEEPEST ? separatedSpaceOf(groups) : null);
  if (structured) return structured;
  const own = members.filter(({ count }) => count === 1);
  return { kind: "open", form: formOf(groups.flat()), own: own.map(({ value }) => value) };
}

/** @param members of all groups */
function closedSetOf(groups: readonly (readonly string[])[], members: readonly Member[]): AnswerSpace | null {
  if (groups.length < FEWEST || members.length > MOST_MEMBERS) return null;
  const recurring = new Set(members.filter(({ count }) => count > 1).map(({ value }) => value));
  const covered = groups.filter((values) => values.every((value) => recurring.has(value))).length;
  if (covered < RECURRING * groups.length) return null;
  if (members.every(({ value }) => isNumber(value))) {
    const isScale = members.length <= MOST_NUMBERS && groups.length >= SAMPLES_PER_NUMBER * members.length;
    if (!isScale) return null;
  }
  // A long text that occurs once beside short labels is one sample's own.
  const longest = Math.max(...[...recurring].map(({ length }) => length));
  const similar = members.filter(({ value, count }) => count > 1 || value.length <= Math.max(24, 2 * longest));
  return { kind: "closed", members: similar, of: groups.length };
}

/** Most frequent first; equally frequent ones in their order. */
function countsOf(groups: readonly (readonly string[])[]): Member[] {
  const counts = new Map<string, number>();
  for (const values of groups) for (const value of new Set(values)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count);
}

/** For targets that are all JSON objects, or all JSON lists. */
function jsonSpaceOf(groups: readonly (readonly string[])[], depth: number): AnswerSpace | null {
  // Most targets are no JSON, which the first one shows.
  const [first = ""] = groups.flat();
  const sample = parseJson(first)?.value;
  if (!Array.isArray(sample) && !isRecord(sample)) return null;
  const parsed = groups.map((values) => values.map((value) => parseJson(value)?.value));
  if (parsed.flat().every(Array.isArray)) {
    const elements = filled(parsed.map((lists) => lists.flat().map(written)));
    if (elements.length === 0) return null;
    return { kind: "list", written: "JSON", elements: spaceOf(elements, depth + 1) };
  }
  if (!parsed.flat().every(isRecord)) return null;
  const paths = new Set(parsed.flat().flatMap((value) => (isRecord(value) ? Object.keys(value) : [])));
  const fields = [...paths].map((path): Field => {
    const values = parsed.map((all) =>
      all.flatMap((value) => (isRecord(value) && Object.hasOwn(value, path) ? [written(value[path])] : [])),
    );
    const present = filled(values);
    return { path, count: present.length, space: spaceOf(present, depth + 1) };
  });
  return { kind: "fields", fields: fields.flatMap(flattened), of: groups.length };
}

function flattened({ path, count, space }: Field): Field[] {
  if (space.kind !== "fields") return [{ path, count, space }];
  return space.fields.map((inner) => ({ ...inner, path: `${path}.${inner.path}` }));
}

/** `a; b`, `a | b` or `a, b`: elements of a closed set. */
function separatedSpaceOf(groups: readonly (readonly string[])[]): AnswerSpace | null {
  for (const separator of SEPARATORS) {
    if (!groups.some((values) => values.some((value) => value.includes(separator)))) continue;
    const elements = groups.map((values) => values.flatMap((value) => value.split(separator).map((one) => one.trim())));
    const several = elements.filter(({ length }) => length > 1).length;
    if (several < 2 || elements.flat().some((one) => one === "")) continue;
    const space = closedSetOf(elements, countsOf(elements));
    if (space) return { kind: "list", written: separator, elements: space };
  }
  return null;
}

function filled(groups: readonly (readonly string[])[]): (readonly string[])[] {
  return groups.filter(({ length }) => length > 0);
}

function written(value: unknown): string {
  return typeof value === "string" ? value.trim() : JSON.stringify(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumber(value: string): boolean {
  return /^[-+]?[\d.,]*\d%?$/.test(value);
}

/** Answers that only one sample has: no instruction may contain them. */
export function ownAnswers(space: AnswerSpace | null): readonly string[] {
  switch (space?.kind) {
    case "open":
      return space.own;
    case "list":
      return ownAnswers(space.elements);
    case "fields":
      return space.fields.flatMap((field) => ownAnswers(field.space));
    default:
      return [];
  }
}

/** Maximum characters shown of a member. */
const MEMBER = 300;
/** Maximum characters shown of all members of a set, most frequent first. */
const MEMBERS = 4000;

/** Describes the space to a model; empty if nothing is known. */
export function describeAnswers(space: AnswerSpace | null): string {
  switch (space?.kind) {
    case undefined:
      return "";
    case "closed":
      return `${closedIntro(space.members.length, space.of)}\n${membersOf(space, "")}`;
    case "list": {
      const how = space.written === "JSON" ? "a JSON list" : `a list with "${space.written}" between its elements`;
      return `The right answer is ${how}. Its elements:\n${elementsOf(space.elements)}`;
    }
    case "fields":
      return `The right answer is a JSON object with these fields:\n${space.fields
        .map((field) => fieldOf(field, space.of))
        .join("\n")}`;
    case "open":
      return `The right answers differ from case to case. Their form: ${space.form}`;
  }
}

/** What is known about correct results of a node: its own targets if it has them, else the answers. Empty: nothing. */
export type AnswersOf = (node: string) => string;

/** Describes to a model what the training set shows about correct results. */
export function answersIn(graph: Pick<Graph, "targets">, samples: readonly Sample[]): AnswersOf {
  const answers = describeAnswers(answerSpaceOf(samples));
  const own = new Map(
    (graph.targets ?? []).map((node) => {
      const space = answerSpaceOf(samples.map((sample) => ({ targets: nodeTargetsOf(sample, node) })));
      return [node, space ? `Of the results of this step: ${describeAnswers(space)}` : ""];
    }),
  );
  return (node) => own.get(node) ?? answers;
}

function closedIntro(members: number, of: number): string {
  const which = members === 1 ? "this value" : `one of these ${members} values`;
  return `In the ${of} training cases the right answer is ${which} (number of cases in brackets):`;
}

function membersOf({ members }: AnswerSpace & { kind: "closed" }, indent: string): string {
  const lines: string[] = [];
  let characters = 0;
  for (const { value, count } of members) {
    const line = `${indent}- ${shown(value)} (${count})`;
    characters += line.length;
    if (characters > MEMBERS) return [...lines, `${indent}- … and ${members.length - lines.length} more`].join("\n");
    lines.push(line);
  }
  return lines.join("\n");
}

function shown(value: string): string {
  const cut = value.length > MEMBER ? `${value.slice(0, MEMBER)} …` : value;
  return cut === "" || /[\r\n]/.test(cut) ? JSON.stringify(cut) : cut;
}

function elementsOf(space: AnswerSpace): string {
  return space.kind === "closed"
    ? `One of these ${space.members.length} values each (number of cases in brackets):\n${membersOf(space, "")}`
    : describeAnswers(space);
}

function fieldOf({ path, count, space }: Field, of: number): string {
  const name = count < of ? `- "${path}" (in ${count} of ${of} cases)` : `- "${path}"`;
  switch (space.kind) {
    case "closed":
      return `${name}: one of these ${space.members.length} values (number of cases in brackets)\n${membersOf(space, "  ")}`;
    case "open":
      return `${name}: ${space.form}`;
    default:
      return `${name}: ${describeAnswers(space).replaceAll("\n", "\n  ")}`;
  }
}
