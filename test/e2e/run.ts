// node scripts/ts.mjs test/e2e/run.ts [WORDS…]: plays the stories whose names hold all the words. Last line: `N passed, N failed`.
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";
import { accountStories } from "./stories/account.ts";
import { compareStories } from "./stories/compare.ts";
import { firstStories } from "./stories/first.ts";
import { graphStories } from "./stories/graph.ts";
import { kindStories } from "./stories/kinds.ts";
import { languageStories } from "./stories/language.ts";
import { mainStories } from "./stories/main.ts";
import { pageStories } from "./stories/pages.ts";
import { robustStories } from "./stories/robust.ts";
import { runStories } from "./stories/runs.ts";
import { securityStories } from "./stories/security.ts";
import { surfaceStories } from "./stories/surfaces.ts";
import { troubleStories } from "./stories/trouble.ts";
import { vscodeModelStories } from "./stories/vscode-models.ts";
import { kindOf } from "./window.ts";
import { Stage, type Story } from "./world.ts";

const MINUTES = 8;
/** Stages beside each other, with their own VS Code and browser: one more than processors, since stories wait. */
const AT_ONCE = Number(process.env.AGENTGRAPH_STAGES) || Math.min(3, cpus().length + 1);
/** Stories that are worth a further window. */
const MANY = 4;
const vsix = path.resolve("out/agentgraph.vsix");
if (!existsSync(vsix)) {
  console.error("There is no out/agentgraph.vsix. Make it with `npm run package`.");
  process.exit(2);
}

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const stories: Story[] = [
  ...mainStories,
  ...firstStories,
  ...troubleStories,
  ...robustStories,
  ...accountStories,
  ...vscodeModelStories,
  ...securityStories,
  ...languageStories,
  ...kindStories,
  ...runStories,
  ...pageStories,
  ...compareStories,
  ...surfaceStories,
  ...graphStories,
];
const wanted = stories.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
const left = new Set(wanted);
const playing = new Map<Stage, Story>();
const stages = Array.from({ length: AT_ONCE }, () => new Stage(vsix));
let failed = 0;
await Promise.all(
  stages.map(async (stage) => {
    for (let story = nextFor(stage); story; story = nextFor(stage)) {
      left.delete(story);
      playing.set(stage, story);
      if (!(await passes(story, stage))) failed += 1;
    }
    playing.delete(stage);
    await stage.close();
  }),
);
console.log(`${wanted.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 || wanted.length === 0 ? 1 : 0);

/**
 * A story for the window that a stage has open; else of the kind with the most left, but for one that another stage has a
 * window for, unless many are left: opening a window takes longer than most stories.
 */
function nextFor(stage: Stage): Story | undefined {
  const fitting = [...left].filter((story) => stage.fits(story)).sort(byPlace);
  const kinds = new Map<string, Story[]>();
  for (const story of left) kinds.set(nameOf(story), [...(kinds.get(nameOf(story)) ?? []), story]);
  const open = new Set([...playing].flatMap(([other, story]) => (other === stage ? [] : nameOf(story))));
  const [longest] = [...kinds]
    .map(([name, stories]) => ({ stories: stories.sort(byPlace), isOpen: open.has(name) }))
    .filter(({ stories, isOpen }) => !isOpen || stories.length >= MANY)
    .sort((a, b) => Number(a.isOpen) - Number(b.isOpen) || b.stories.length - a.stories.length);
  return fitting[0] ?? longest?.stories[0];
}

function nameOf(story: Story): string {
  return story.shares ? kindOf(story) : story.name;
}

/** What needs a new window comes first, and what leaves one that can't be reset comes last. */
function byPlace(a: Story, b: Story): number {
  const place = ({ isFirst, leavesNoTrace, isLast, needsNoKeys }: Story) =>
    isLast ? 4 : isFirst ? (leavesNoTrace ? 0 : 1) : needsNoKeys ? 2 : 3;
  return place(a) - place(b);
}

/**
 * A story that fails is played once more, in a new window: it may have failed for the window it was played in, or because VS
 * Code lost its extension host, as it does where that takes longer than about 40 seconds to start.
 */
async function passes(story: Story, stage: Stage, isAgain = false): Promise<boolean> {
  const started = Date.now();
  let asked: readonly string[];
  try {
    asked = (await within(stage.play(story))).outside;
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    console.log(`  ${isAgain ? "✗" : "…"} ${story.name}\n${message}`);
    return !isAgain && passes(story, stage, true);
  }
  if (asked.length > 0) console.log(`  ✗ ${story.name}\nVS Code asked the outside: ${asked.join(", ")}`);
  else console.log(`  ✓ ${story.name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  return asked.length === 0;
}

function within<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`The story did not end within ${MINUTES} minutes.`)),
      MINUTES * 60_000,
    );
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
