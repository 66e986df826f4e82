import type { Sample } from "../data/sample.ts";
import { parseJson } from "../graph/json.ts";
import { normalize } from "./normalize.ts";

/** One of the answers to choose from: its letter (null where the options bear none) and its text, normalized. */
export interface Option {
  readonly letter: string | null;
  readonly text: string;
}

/**
 * The options that a sample's inputs list: `(A) text`, `A. text` or `a) text` on lines of their own, `(A) … (B) …` on
 * one line, bullets under "Options:", or a JSON list. Letters have to stand in order, from A.
 */
export function optionsOf({ inputs }: Sample): Option[] {
  for (const value of Object.values(inputs)) {
    const found = inList(value) ?? inLines(value) ?? inOneLine(value) ?? inBullets(value);
    if (found) return found;
  }
  return [];
}

/** A first, then B; behind Z there are no letters. */
export function lettered(texts: readonly string[]): Option[] {
  const marks = texts.map((text) => /^\s*\(?([A-Za-z])[).:]\s*(?=\S)/.exec(text));
  const bear = texts.length > 1 && marks.every((mark, index) => mark?.[1]?.toUpperCase() === letterAt(index));
  return texts.map((text, index) => ({
    letter: letterAt(index),
    text: normalize(bear ? text.slice(marks[index]?.[0].length) : text),
  }));
}

function inList(value: string): Option[] | null {
  const list = value.trimStart().startsWith("[") ? parseJson(value)?.value : undefined;
  return Array.isArray(list) && list.every((entry) => typeof entry === "string") ? lettered(list) : null;
}

function inLines(value: string): Option[] | null {
  const upper = value.matchAll(/^[ \t]*(?:[-*•][ \t]+)?\**\(?([A-Z])[).:]\**[ \t]+(.+)$/gm);
  return inOrder([...upper]) ?? inOrder([...value.matchAll(/^[ \t]*\(?([a-z])\)[ \t]+(.+)$/gm)]);
}

function inOneLine(value: string): Option[] | null {
  return inOrder([...value.matchAll(/\(([A-Z])\)[ \t]*((?:(?!\([A-Z]\)).)+)/g)]);
}

function inBullets(value: string): Option[] | null {
  const bullets = /^options:[ \t]*\n((?:[ \t]*[-*•][ \t]+.+(?:\n|$))+)/im.exec(value)?.[1];
  const lines = bullets?.trim().split("\n");
  return lines?.map((line) => ({ letter: null, text: normalize(line.replace(/^[ \t]*[-*•][ \t]+/, "")) })) ?? null;
}

/** @param marks letter and text of each */
function inOrder(marks: readonly RegExpExecArray[]): Option[] | null {
  const isOrdered = marks.length > 1 && marks.every((mark, index) => mark[1]?.toUpperCase() === letterAt(index));
  return isOrdered ? marks.map((mark, index) => ({ letter: letterAt(index), text: normalize(mark[2] ?? "") })) : null;
}

function letterAt(index: number): string | null {
  return index < 26 ? String.fromCharCode(65 + index) : null;
}
