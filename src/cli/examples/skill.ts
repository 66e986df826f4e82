import { randomLcg } from "d3";
import type { Example, Row } from "./example.ts";
import { split } from "./splits.ts";

/**
 * A skill of an assistant, `SKILL.md`, that writes release notes, tuned by rows and a judge. Only the section that says
 * how is tuned: the front matter, by which assistants find the skill, and the rest of the file stay as they are.
 */

const SKILL = `---
name: release-notes
description: Writes release notes from a list of changes. Use when the user asks for release notes or a changelog entry.
---

# Release notes

Read the list of changes. Each line is one commit.

## How to write

Write release notes for these changes.

## When you are done

Show the notes only. Do not change any file.
`;

const AREAS = ["the export", "the search", "the login page", "the calendar", "the mobile app", "the report editor"];
const FIXES = [
  "crash when {area} has no entries",
  "{area} ignores the time zone",
  "{area} loses unsaved text",
  "wrong total in {area}",
];
const FEATURES = ["keyboard shortcuts in {area}", "dark mode for {area}", "CSV download in {area}", "undo in {area}"];
const INTERNAL = ["bump eslint to 9", "move CI to node 22", "rename OrderDTO", "add tests for the parser"];

function changes(count: number): Row[] {
  const random = randomLcg(0.5);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const seen = new Map<string, Row>();
  while (seen.size < count) {
    const ticket = () => `ABC-${100 + Math.floor(random() * 900)}`;
    const [fix, feature] = [pick(FIXES), pick(FEATURES)].map((text) => text.replace("{area}", pick(AREAS)));
    const internal = pick(INTERNAL);
    const isBreaking = random() < 0.3;
    const lines = [
      `fix: ${fix} (${ticket()})`,
      `${isBreaking ? "feat!" : "feat"}: ${feature} (${ticket()})`,
      `chore: ${internal} (${ticket()})`,
    ];
    const must = [`says that this was fixed: ${fix}`, `says that this is new: ${feature}`];
    if (isBreaking) must.push("warns that the new part is a breaking change, before anything else");
    const text = lines.join("\n");
    const id = `release-${seen.size + 1}`;
    seen.set(text, { id, question: text, good: `${must.join("; ")}; leaves out: ${internal}` });
  }
  return [...seen.values()];
}

export const skill: Example = {
  name: "skill",
  describes: "Tunes one section of a SKILL.md by rows and a judge.",
  source: null,
  comparable: "Nothing published: the changes are made by this command, the same ones each time.",
  graph: {
    name: "Release notes skill",
    description: "A skill of a coding assistant: it turns a list of commits into release notes for users.",
    inputs: { changes: "one commit a line" },
    nodes: {
      notes: {
        role: "writes the release notes as the skill says",
        inputs: ["changes"],
        instruction: { file: "SKILL.md", section: "## How to write" },
        maxWords: 200,
      },
    },
    output: "notes",
    loss: {
      kind: "judge",
      rubric: [
        "The accepted answer lists what the notes must say and leave out. Score 1 if all of it is kept, and:",
        "they are a list of short sentences for users, without ticket numbers and without words such as fix: or feat:.",
        "Take off 0.25 for each thing that is missing, left in or broken.",
      ],
    },
    optimize: { method: "semantic", threshold: 0.1, seed: 1 },
  },
  files: { "SKILL.md": SKILL },
  data: { fields: { changes: "question" }, target: "good", id: "id" },
  rows: async () => split(changes(90), { train: 24, validation: 30 }),
};
