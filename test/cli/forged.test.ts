import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { open } from "./cli.ts";

/** A run that its user has published, and somebody else gives back with other replies in it. */

/** @returns how many lines have changed */
async function edit(path: string, change: (line: string) => string | null): Promise<number> {
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  const edited = lines.map(change);
  await writeFile(path, `${edited.filter((line) => line !== null).join("\n")}\n`);
  return lines.filter((line, index) => line !== edited[index]).length;
}

it("changed replies don't change a verdict: the run ends as if nothing was changed", async () => {
  const clean = await open();
  const honest = JSON.parse((await clean.online("optimize", clean.graph, "--json")).stdout);

  const bench = await open();
  expect((await bench.online("optimize", bench.graph, "--budget-calls", "100")).code).toBe(3);
  const runs = join(bench.folder, ".agentgraph/runs");
  const [id = ""] = await readdir(runs);
  const isEnd = (line: string) => /"seal"|"finished"/.test(line);
  expect(await edit(join(runs, id, "events.jsonl"), (line) => (isEnd(line) ? null : line))).toBe(2);
  // Whatever was right is wrong now, so that every new text would seem a gain.
  const forge = (line: string) => {
    const reply = JSON.parse(line);
    return "text" in reply ? JSON.stringify({ ...reply, text: "nothing" }) : line;
  };
  expect(await edit(join(runs, id, "replies.jsonl"), forge)).toBeGreaterThan(20);
  const cache = join(bench.folder, ".agentgraph/cache");
  for (const segment of await readdir(cache)) await edit(join(cache, segment), forge);
  await rm(join(runs, id, "summary.json"));

  const ended = await bench.online("resume", id, "--json", "--budget-calls", "2000");
  expect(ended.code).toBe(0);
  const { proposals, validation, test } = JSON.parse(ended.stdout);
  expect({ proposals, validation, test }).toEqual({
    proposals: honest.proposals,
    validation: honest.validation,
    test: honest.test,
  });
});
