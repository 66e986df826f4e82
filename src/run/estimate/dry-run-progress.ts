import { shortHash } from "../../engine/theta.ts";
import type { Graph } from "../../graph/graph.ts";
import { topologyOf } from "../../graph/topology.ts";

/** What rewrites do in a dry run. All shares are from 0 to 1. */
export interface Rewrites {
  /** Number of rules that a text lacks. A helpful rewrite adds one, and a failing sample needs one of each text at fault. */
  readonly rules: number;
  /** Share of rewrites that add no rule. */
  readonly useless: number;
  /** Share of rewrites with which every sample fails. */
  readonly ruinous: number;
  /** Share of the failing samples that fail with every text. */
  readonly hopeless: number;
}

/** A value of a node that was made up. */
interface Made {
  readonly id: number;
  /** Texts whose fault no longer reaches this value. */
  readonly mended: ReadonlySet<string>;
  readonly isRuined: boolean;
}

/** Tokens of a value that every rewrite changes. Shorter values, such as labels, stay the same for some samples. */
const ALWAYS_CHANGED = 64;

/** Share of rewrites without any run of the graph in view that add no rule. */
const UNINFORMED = 0.8;

/** Mark of a rewrite: index of the node, what the rewrite adds, and its number. */
const REWRITE = /(?: (?:words )*|·)¦(\d+)\.(\d+|none|ruin)\.(\d+)\.?/g;
/** Start of the worked examples, which most prompts have none of. */
const EXAMPLES_START = "Examples:\n\n<example>";
/** The worked examples that `miprov2` adds to a text, after it or before it. */
const EXAMPLES =
  /\n\nExamples:(?:\n\n<example>\n[\s\S]*?\n<\/example>)+|Examples:(?:\n\n<example>\n[\s\S]*?\n<\/example>)+\n\n/g;
/** In each mark of a rewrite. */
const REWRITTEN = "\u00a6";
/** Start of a made-up value, before its id. */
export const MARK = "\u00a4";
const VALUE = new RegExp(`${MARK}(\\d+)`, "g");

/**
 * A made-up task with known faults, which makes a dry run improve as runs do: some rewrites add a rule that failing
 * samples need, some add nothing, and some do harm. Texts and values carry marks, so the effect of a rewrite follows from
 * the prompt alone.
 */
export class DryRunProgress {
  readonly #ids: readonly string[];
  readonly #parameters: readonly string[];
  readonly #made = new Map<string, Made>();
  readonly #byId = new Map<number, Made>();
  readonly #faults = new Map<string, ReadonlyMap<string, string>>();
  /** By rewrite, then by sample. */
  readonly #changes = new Map<string, Map<string | null, number>>();

  /**
   * @param rewrites what they do
   * @param right share of samples that are right at the start
   * @param draw varies the faults and the effects
   */
  constructor(
    graph: Graph,
    readonly rewrites: Rewrites,
    readonly right: number,
    readonly draw: number,
  ) {
    const topology = topologyOf(graph);
    this.#ids = graph.nodes.map(({ id }) => id);
    this.#parameters = graph.nodes
      .filter(({ id, trainable }) => trainable && topology.isNeeded(id))
      .map(({ id }) => id);
  }

  /**
   * The mark of a new version of a text; null if the text lacks nothing, so that it stays as it is.
   * @param current the text that it replaces
   * @param isInformed whether it is made from runs of the graph
   * @param number from the prompt, so that the effect does not depend on which prompt comes first
   */
  rewrite(node: string, current: string, isInformed: boolean, number: number): string | null {
    const added = this.#added(node, current, isInformed, number);
    return added && `${REWRITTEN}${this.#ids.indexOf(node)}.${added}.${number}`;
  }

  /** What a rewrite adds: a rule that the text lacks, nothing of use, or harm; null if no rule is left to add. */
  #added(node: string, current: string, isInformed: boolean, number: number): string | null {
    const { rules, useless, ruinous } = this.rewrites;
    const chance = this.#chance("rewrite", node, number);
    if (chance < ruinous) return "ruin";
    if (chance < ruinous + (isInformed ? useless : UNINFORMED)) return "none";
    const present = new Set([...current.matchAll(REWRITE)].map(([, , added]) => added));
    const lacking = Array.from({ length: rules }, (_, rule) => String(rule)).filter((rule) => !present.has(rule));
    return lacking[Math.floor(this.#chance("added", node, number) * lacking.length)] ?? null;
  }

  /**
   * The id of a value that follows from a prompt. Prompts that differ only in rewrites or worked examples without effect on the
   * sample give the same value.
   * @param shown the prompt
   * @param tokens length of the value
   */
  valueOf(node: string, sample: string | null, shown: string, draw: number, tokens: number): number {
    const mended = new Set<string>();
    let isRuined = false;
    const replaced = (mark: string, index: string, added: string, number: string) => {
      const at = this.#ids[Number(index)] ?? "";
      const isNeeded = sample !== null && this.#faultsOf(sample).get(at) === added;
      if (isNeeded) mended.add(at);
      if (added === "ruin") isRuined = true;
      if (isNeeded || added === "ruin") return mark;
      return this.#changeOf(at, number, sample) < tokens / ALWAYS_CHANGED ? mark : "";
    };
    const changes = (what: string) => this.#changeOf(node, what, sample) < tokens / ALWAYS_CHANGED;
    const plain = shown.includes(EXAMPLES_START)
      ? shown.replace(EXAMPLES, (examples) => (changes(shortHash(examples)) ? examples : ""))
      : shown;
    const effective = isRewrite(plain) ? plain.replace(REWRITE, replaced) : plain;
    return this.#value(shortHash([node, sample, draw, effective]), shown, mended, isRuined);
  }

  /** The id of a value that is computed from others. */
  computed(given: string): number {
    return this.#value(shortHash(given), given, new Set(), false);
  }

  #value(key: string, shown: string, mended: ReadonlySet<string>, isRuined: boolean): number {
    const known = this.#made.get(key);
    if (known) return known.id;
    const sources = [...shown.matchAll(VALUE)].flatMap(([, id]) => this.#byId.get(Number(id)) ?? []);
    const made = {
      id: numberOf(key),
      mended: new Set([...mended, ...sources.flatMap((source) => [...source.mended])]),
      isRuined: isRuined || sources.some((source) => source.isRuined),
    };
    this.#made.set(key, made);
    this.#byId.set(made.id, made);
    return made.id;
  }

  /**
   * Whether an answer is right.
   * @param wasRight whether the sample is right with the original texts
   */
  isRight(sample: string, answer: string, wasRight: boolean): boolean {
    const [[, id] = []] = answer.matchAll(VALUE);
    const made = this.#byId.get(Number(id));
    if (!made) return wasRight;
    if (made.isRuined) return false;
    if (wasRight) return true;
    if (this.#chance("hopeless", sample) < this.rewrites.hopeless) return false;
    return [...this.#faultsOf(sample).keys()].every((node) => made.mended.has(node));
  }

  /** Texts at fault if a sample fails, one or more, with the rule that each lacks. */
  #faultsOf(sample: string): ReadonlyMap<string, string> {
    const known = this.#faults.get(sample);
    if (known) return known;
    const all = this.#parameters;
    const share = 1 - Math.max(0.01, this.right) ** (1 / Math.max(1, all.length));
    const some = all.filter((node) => this.#chance("fault", node, sample) < share);
    const first = Math.floor(this.#chance("first", sample) * all.length);
    const faulty = some.length > 0 ? some : all.slice(first, first + 1);
    const { rules } = this.rewrites;
    const faults = new Map(
      faulty.map((node) => [node, String(Math.floor(this.#chance("rule", node, sample) * rules))]),
    );
    this.#faults.set(sample, faults);
    return faults;
  }

  /** Decides whether a rewrite changes a node's value for a sample: from 0 to below 1. */
  #changeOf(node: string, rewrite: string, sample: string | null): number {
    const key = `${node} ${rewrite}`;
    const ofRewrite = this.#changes.get(key) ?? new Map<string | null, number>();
    this.#changes.set(key, ofRewrite);
    const change = ofRewrite.get(sample) ?? this.#chance("changed", node, rewrite, sample);
    ofRewrite.set(sample, change);
    return change;
  }

  /** From 0 to below 1, the same for the same parts. */
  #chance(...parts: readonly unknown[]): number {
    return contentNumber(this.draw, ...parts) / 2 ** 32;
  }
}

/** Whether a text is a rewrite that was made up. */
export function isRewrite(text: string): boolean {
  return text.includes(REWRITTEN);
}

/** @returns a number below 2³² */
function numberOf(hash: string): number {
  return Number.parseInt(hash.slice(0, 8), 16);
}

/** A number for content: the same for the same content, else another one. */
export function contentNumber(...parts: readonly unknown[]): number {
  return numberOf(shortHash(parts));
}
