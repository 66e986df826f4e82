import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createPlanted, DEFAULT_PLAN, type Plan } from "../../bench/experiments/world.ts";
import { VirtualClock } from "../../bench/worlds/clock.ts";
import { type FlatOptions, optionsOf } from "../../bench/worlds/run.ts";
import { createWorld, type World, type WorldOptions } from "../../bench/worlds/world.ts";
import { WORLDS } from "../../bench/worlds/worlds.ts";
import { THEME } from "../../src/editor/runs/pages/page-theme.ts";
import { inspect } from "../../src/engine/inspect.ts";
import type { Task } from "../../src/engine/task.ts";
import { loss } from "../../src/graph/schema/schema-run.ts";
import { ENGLISH } from "../../src/i18n/locale.ts";
import { makeLoss } from "../../src/loss/make.ts";
import type { Model } from "../../src/models/model.ts";
import { priceList } from "../../src/models/prices.ts";
import { nodeMachine } from "../../src/platform/machine.ts";
import { nodeDeps } from "../../src/platform/node.ts";
import { askWithoutRun } from "../../src/run/ask-without-run.ts";
import { comparisonHtml } from "../../src/run/comparison/pages.ts";
import type { Job } from "../../src/run/job.ts";
import { runPathsOf } from "../../src/run/record/run-paths.ts";
import { compareHtml, type Side } from "../../src/run/report/compare.ts";
import { reportHtml } from "../../src/run/report/format/html.ts";
import { readSide } from "../../src/run/report/read.ts";
import { sampleHtml } from "../../src/run/report/sample.ts";
import { type RunDeps, startRun } from "../../src/run/run.ts";
import { report as methodsReport } from "../unit/run/comparison/sample-report.ts";

/** Text that would do harm as markup, and that is wider than any page. */
const HOSTILE = `</div><script>alert(1)</script><img src=x onerror=alert(2)> ${"wide".repeat(80)} \u202eturned`;

const EXACT = loss.parse({ kind: "exact" });

interface Setting {
  readonly world?: World;
  readonly options?: FlatOptions;
  readonly job?: Job;
  /** Calls after which the user stops the run. */
  readonly stopAfter?: number;
  /** Nobody counts tokens. */
  readonly estimated?: boolean;
  /** Its log is changed afterwards. */
  readonly forged?: boolean;
  readonly hostile?: boolean;
  /** Of all roles. */
  readonly model?: string;
}

/** Real runs on made-up worlds, with all that a page may have to show. */
const RUNS = {
  rich: { options: { baseline: true } },
  refused: { world: harsh({ destructiveRewrites: 1, hiddenDamage: true }), options: { iterations: 4 } },
  cancelled: { stopAfter: 150 },
  elsewhere: { forged: true, options: { gate: { policy: "off", alpha: 0.05 }, iterations: 3 } },
  estimated: { estimated: true, options: { iterations: 2 } },
  hostile: { hostile: true, options: { iterations: 3 } },
  large: { world: fifty(), options: { iterations: 6, baseline: true }, model: "a-model-without-a-price" },
  evaluation: { job: { kind: "evaluate", split: "test" } },
} satisfies Record<string, Setting>;

/** Names of all pages that can be had. */
export const REPORTS = [
  "rich",
  "refused",
  "cancelled",
  "elsewhere",
  "estimated",
  "hostile",
  "large",
  "evaluation",
  "comparison",
  "methods",
  "sample",
  "exported",
] as const;

function harsh(change: Partial<WorldOptions> = {}): World {
  return createWorld({ ...WORLDS.harsh, shape: "diamond", seed: 3, ...change });
}

/** 50 nodes in ten layers; each reads two of the layer before. */
function fifty(): World {
  const name = (layer: number, place: number) => `step_${layer}_${place % 5}`;
  const nodes = Array.from({ length: 50 }, (_, index): [string, string[]] => {
    const [layer, place] = [Math.floor(index / 5), index % 5];
    return [name(layer, place), layer === 0 ? ["question"] : [name(layer - 1, place), name(layer - 1, place + 1)]];
  });
  const read: Plan["read"] = ({ inputs, feedback, comparison, ruleIn }) => {
    const rule = ruleIn(feedback) ?? ruleIn(comparison);
    return Object.fromEntries(inputs.map(({ id }) => [id, rule ? `It should ${rule}.` : "Be more precise."]));
  };
  const shape = Object.fromEntries(nodes);
  const faulty = ["step_3_1", "step_7_2", "step_9_4"];
  const plan = { ...DEFAULT_PLAN, seed: 5, shape, faulty, informative: true, distractorEffect: 0, read };
  return createPlanted({ ...plan, rows: { train: 20, validation: 60, test: 60 } }, async () => {});
}

/** What was made once, by name: the same run on the same virtual clock would say the same again. */
const made: { readonly sides: Map<keyof typeof RUNS, Promise<Side>>; sample?: Promise<string> } = { sides: new Map() };

/** The page by its name, as VS Code shows it; `exported`: as a browser does. */
export async function reportPage(name: (typeof REPORTS)[number]): Promise<string> {
  switch (name) {
    case "sample":
      made.sample ??= samplePage();
      return made.sample;
    case "comparison":
      return compareHtml(await sideOf("rich"), await sideOf("estimated"), ENGLISH, THEME);
    case "methods":
      return comparisonHtml(methodsReport, ENGLISH, THEME);
    case "exported":
      return reportHtml((await sideOf("rich")).report);
    default:
      return reportHtml((await sideOf(name)).report, ENGLISH, THEME);
  }
}

function sideOf(name: keyof typeof RUNS): Promise<Side> {
  const side = made.sides.get(name) ?? readRun(RUNS[name]);
  made.sides.set(name, side);
  return side;
}

/** A run from its start to its end on disk, read back as a page reads it. */
async function readRun(setting: Setting): Promise<Side> {
  return inFolder(async (root) => {
    const { deps, task } = outside(setting, root);
    const stop = new AbortController();
    const subject = { task, loss: EXACT, graphFile: "pipelines/support.agentgraph.json", job: setting.job };
    const run = await startRun(subject, runPathsOf(root), root, deps, stop.signal);
    let calls = 0;
    for await (const { type } of run.events) if (type === "call" && ++calls === setting.stopAfter) stop.abort();
    if (setting.forged) {
      const log = await readFile(run.files.events, "utf8");
      await writeFile(run.files.events, log.replace('"type":"finished"', '"type": "finished"'));
    }
    return readSide(deps, runPathsOf(root), run.id);
  });
}

/** A sample that is answered wrong. */
async function samplePage(): Promise<string> {
  return inFolder(async (root) => {
    const { deps, task } = outside({}, root);
    const [sample] = task.data.validation;
    if (!sample) throw new Error("the world has no rows");
    const inspection = await askWithoutRun(task, runPathsOf(root), root, deps, async (engine) => {
      const steps = inspect(task, "validation", sample, engine, new AbortController().signal);
      for (;;) {
        const step = await steps.next();
        if (step.done) return step.value;
      }
    });
    return sampleHtml(task.graph, inspection, "7 calls", ENGLISH, THEME);
  });
}

function outside(setting: Setting, root: string): { readonly deps: RunDeps; readonly task: Task } {
  const { world = harsh(), options, estimated = false, hostile = false, model = "gpt-4.1-mini" } = setting;
  const { graph, train, validation, test } = world;
  const choice = { model, params: { temperature: 0 } };
  const said = hostile ? HOSTILE : "Support answers";
  const task: Task = {
    graph: { ...graph, name: said, description: said },
    data: { train, validation, test },
    loss: makeLoss(EXACT),
    models: { forward: choice, backward: choice, optimizer: choice, judge: choice },
    options: optionsOf({ seed: 3, budget: { calls: 50_000, tokens: null, usd: null }, ...options }),
  };
  const deps = {
    ...nodeDeps({ info() {}, warn() {}, error() {} }),
    machine: nodeMachine(path.join(root, "home")),
    clock: new VirtualClock(),
    provider: changed(world.model, estimated, hostile),
    price: priceList(),
    concurrency: 16,
  };
  return { deps, task };
}

/** The same model, as a provider would sell it. */
function changed(model: Model, estimated: boolean, hostile: boolean): Model {
  return {
    identity: "openai https://models.example.com",
    async complete(request, signal) {
      const reply = await model.complete(request, signal);
      const usage = { ...reply.usage, prompt: 400 + (reply.text.length % 90), completion: 60, estimated };
      const sold = { ...reply, usage, model: request.model };
      if (!hostile || request.tag.purpose !== "optimizer") return sold;
      const said = JSON.parse(reply.text);
      return { ...sold, text: JSON.stringify({ hypothesis: HOSTILE, text: `${said.text} ${HOSTILE}` }) };
    },
  };
}

async function inFolder<T>(use: (root: string) => Promise<T>): Promise<T> {
  const root = await mkdtemp(path.join(tmpdir(), "agr-"));
  try {
    return await use(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
