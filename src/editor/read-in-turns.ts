import { readGraphTextInTurns } from "../graph/read.ts";
import type { GraphTextReading } from "../graph/reading.ts";
import { graphFormat } from "../methods/registry.ts";
import { LOCALE } from "./editor-locale.ts";
import { Slices } from "./slices.ts";

/** Reads the text of a graph file without its files, in short tasks. Never throws. */
export function readInTurns(path: string, text: string): Promise<GraphTextReading> {
  const slices = new Slices();
  return readGraphTextInTurns(path, text, graphFormat, { locale: LOCALE, yieldNow: () => slices.turn() });
}
