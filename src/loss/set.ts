import { findJson, parseJson } from "../graph/replies/json.ts";
import type { Loss } from "./loss.ts";
import { compact, normalize, scoreOf, withoutFence } from "./normalize.ts";

interface SetLossSpec {
  readonly score: "f1" | "equal";
  readonly separator?: string | undefined;
  readonly ignoreCase: boolean;
}

/**
 * 1 − F1 of the elements of answer and target (or only 0 and 1), without repeats, in any order: for several labels
 * per sample. Two empty sets are equal. Lenient: a list anywhere in the answer, or its last line.
 */
export function setLoss({ score, separator, ignoreCase }: SetLossSpec): Loss {
  const setOf = (parts: readonly string[]) =>
    new Set(parts.map((part) => compact(normalize(part, ignoreCase))).filter(Boolean));
  const elements = (text: string) => setOf(partsOf(text, separator));
  const undivided = (text: string) => setOf(partsOf(text, separator, false));
  /** The elements beside those of another text: "Rock and Roll" is one if it is one there. */
  const elementsBeside = (text: string, other: ReadonlySet<string>) => {
    const [whole, divided] = [undivided(text), elements(text)];
    return [...whole].some((one) => !divided.has(one) && other.has(one)) ? whole : divided;
  };
  const lossOf = (said: ReadonlySet<string>, wanted: ReadonlySet<string>) => {
    const common = [...said].filter((one) => wanted.has(one)).length;
    const f1 = said.size + wanted.size === 0 ? 1 : (2 * common) / (said.size + wanted.size);
    return score === "equal" ? (f1 === 1 ? 0 : 1) : 1 - f1;
  };
  return {
    kind: "set",
    describe: ({ t }) =>
      [
        score === "f1"
          ? t("Overlap of the elements of the answer and the target, in any order (F1).")
          : t("The answer has the same elements as the target, in any order."),
        ignoreCase
          ? t("Case, spacing and repeated elements are ignored.")
          : t("Spacing and repeated elements are ignored."),
      ].join(" "),
    score(sample, answer) {
      const best = (text: string) => {
        const losses = sample.targets.flatMap((target) => {
          const whole = undivided(target);
          const said = elementsBeside(text, whole);
          // "Paris, France" can be one element, too.
          return [lossOf(said, elementsBeside(target, undivided(text))), lossOf(setOf([text]), whole)];
        });
        return Math.min(1, ...losses);
      };
      const loss = best(answer);
      const lenient = loss === 0 ? 0 : Math.min(...lenientParts(answer).map(best), 1);
      return scoreOf(
        sample,
        answer,
        loss,
        lenient,
        loss === 0 ? "" : hintFor(elements(answer), elements(sample.targets[0] ?? "")),
      );
    },
  };
}

/** The elements that an answer lists, also after a sentence that introduces them. */
export function listOf(answer: string, separator: string | undefined): string[] {
  const lines = answer.trim().split("\n");
  const isPlain = lines.length === 1 && !/:\s/.test(answer);
  const part = isPlain || listIn(withoutFence(answer.trim())) ? answer : (lenientParts(answer)[0] ?? answer);
  const last = part === lines.at(-1) && /:\s*\S/.test(part) ? part.slice(part.lastIndexOf(":") + 1) : part;
  const elements = partsOf(last, separator).map((one) => normalize(one, false));
  return [...new Set(elements.filter((one) => one !== ""))];
}

/** What separates the elements of a column's targets. */
export function separatorOf(targets: readonly string[]): string {
  const used = [/;\s*/, /\s*\|\s*/, /\n/, /,\s*/].flatMap((one) =>
    targets.flatMap((text) => one.exec(text)?.[0] ?? []),
  );
  return used[0] ?? ", ";
}

/** Words for an empty set. */
const EMPTY = /^(?:|none|no labels?|nothing|n\/a|\[\s*\]|\{\s*\}|∅|-)$/i;

/** The elements of a text: from a JSON list, from lines, or between separators; "and" separates the last two. */
function partsOf(text: string, separator: string | undefined, splitAnd = true): string[] {
  const plain = withoutFence(text.trim());
  const list = listIn(plain);
  if (list) return list;
  const bare = plain.replace(/[.。]$/, "");
  if (EMPTY.test(bare)) return [];
  if (separator !== undefined) return bare.split(separator).map((part) => part.trim());
  const lines = bare.split("\n").filter((line) => line.trim() !== "");
  if (lines.length > 1) return lines.map(withoutBullet);
  const inside = /^[[{(](.*)[\]})]$/s.exec(withoutBullet(bare))?.[1] ?? withoutBullet(bare);
  const divided = inside.split(/\s*[;|；、]\s*/u);
  if (divided.length > 1) return divided;
  const parts = inside.split(/\s*[,，]\s*/u);
  if (!splitAnd) return parts;
  const last = parts.at(-1) ?? "";
  return parts.length > 1 ? [...parts.slice(0, -1), ...lastTwo(last)] : last.split(LAST_TWO);
}

/** What is between two elements. `y` alone could be a letter. */
const LAST_TWO = / (?:and|or|&|und|oder|et|ou) /i;

/** `and c`, or `b and c` where no comma is before the word. */
function lastTwo(text: string): string[] {
  const [, before, after = text] = /^(?:([\s\S]*\S) )?(?:and|or|&|und|oder|et|ou|y) ([\s\S]*)$/i.exec(text) ?? [];
  return before === undefined ? [after] : [before, after];
}

const BULLET = /^\s*(?:[-–—*•+]|\(?(?:\d{1,3})[.)]|[a-z]\))\s+/i;

function withoutBullet(line: string): string {
  return line.replace(BULLET, "").replace(/[,;]$/, "");
}

/** The texts of a JSON list, or of the one list in an object; null if there is none. */
function listIn(text: string): string[] | null {
  const value = /^[[{]/.test(text) ? parseJson(text)?.value : undefined;
  return textsOf(value);
}

function textsOf(value: unknown): string[] | null {
  if (Array.isArray(value)) return value.map((one) => (typeof one === "object" ? JSON.stringify(one) : String(one)));
  if (typeof value !== "object" || value === null) return null;
  const lists = Object.values(value).filter(Array.isArray);
  return lists.length === 1 ? textsOf(lists[0]) : null;
}

/** Possible lists in running text: JSON, the text after the last colon, bullets at the end, the last line. */
function lenientParts(answer: string): string[] {
  const json = textsOf(findJson(answer)?.value);
  const lines = answer.trimEnd().split("\n");
  const bullets = lines.slice(lines.findLastIndex((line) => !BULLET.test(line)) + 1);
  const last = lines.at(-1) ?? "";
  const colon = last.slice(last.lastIndexOf(":") + 1);
  return [...(json ? [JSON.stringify(json)] : []), ...(bullets.length > 0 ? [bullets.join("\n")] : []), last, colon];
}

const SHOWN = 8;

function hintFor(said: ReadonlySet<string>, wanted: ReadonlySet<string>): string {
  const missing = [...wanted].filter((one) => !said.has(one));
  const extra = [...said].filter((one) => !wanted.has(one));
  const shown = (all: readonly string[]) =>
    all
      .slice(0, SHOWN)
      .map((one) => `"${one.slice(0, 80)}"`)
      .join(", ");
  const lacks = missing.length > 0 ? `It lacks ${shown(missing)}.` : "";
  return [lacks, extra.length > 0 ? `It has ${shown(extra)} too many.` : ""].filter(Boolean).join(" ");
}
