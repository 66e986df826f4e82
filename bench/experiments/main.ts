import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chain } from "./chain.ts";
import { choices } from "./choices.ts";
import { comparing } from "./comparing.ts";
import { completion } from "./completion.ts";
import { convergence } from "./convergence.ts";
import { credit } from "./credit.ts";
import { edges } from "./edges.ts";
import type { Experiment, Options } from "./experiment.ts";
import { gate } from "./gate.ts";
import { neighbors } from "./neighbors.ts";
import { page, plotFile } from "./page.ts";
import { scaling } from "./scaling.ts";
import { tokens } from "./tokens.ts";

/**
 * `npm run experiment -- credit | scaling | convergence | gate | tokens | chain | neighbors | edges | completion | choices | comparing [--seeds 10] [--<option> 5,10]`: a table, one JSON line, a page and
 * its plots in `out/experiments`.
 */
const EXPERIMENTS: Readonly<Record<string, Experiment>> = {
  credit,
  scaling,
  convergence,
  gate,
  tokens,
  chain,
  neighbors,
  edges,
  completion,
  choices,
  comparing,
};
const FOLDER = join("out", "experiments");

async function main(): Promise<void> {
  const [name = "", ...args] = process.argv.slice(2);
  const experiment = EXPERIMENTS[name];
  if (!experiment)
    throw new Error(`There is no experiment named ${name}. There are: ${Object.keys(EXPERIMENTS).join(", ")}.`);
  const options = optionsOf(experiment, args);
  const begun = Date.now();
  const outcome = await experiment.run(options);
  const seconds = (Date.now() - begun) / 1000;
  const command = `npm run experiment -- ${[name, ...args].join(" ")}`;
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${name}.html`);
  writeFileSync(file, page(experiment, outcome, command));
  for (const [index, plot] of outcome.plots.entries()) {
    writeFileSync(join(FOLDER, `${name}-${index + 1}.svg`), plotFile(plot));
  }
  console.log(`${experiment.title}\n\n${aligned([outcome.head, ...outcome.rows])}\n`);
  console.log(JSON.stringify({ experiment: name, ...options, seconds, ...outcome.figures }, rounded));
  console.log(`\n${file}`);
}

function optionsOf({ options }: Experiment, args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: Object.fromEntries(Object.keys(options).map((name) => [name, { type: "string" as const }])),
  });
  const given = Object.entries(values).map(([name, text]) => {
    const numbers = String(text).split(",").map(Number);
    const isList = (options[name]?.length ?? 0) > 1;
    if (numbers.some((one) => !Number.isInteger(one) || one < 1) || (numbers.length > 1 && !isList)) {
      throw new Error(
        `--${name} takes ${isList ? "whole numbers from 1, with commas between" : "a whole number from 1"}.`,
      );
    }
    return [name, numbers.sort((a, b) => a - b)] as const;
  });
  return { ...options, ...Object.fromEntries(given) };
}

/** Rounds a figure for display. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toFixed(4)) : value;
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
