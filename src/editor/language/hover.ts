import {
  Hover,
  type HoverProvider,
  l10n,
  MarkdownString,
  type Position,
  type TextDocument,
  type Uri,
  workspace,
} from "vscode";
import type { Files } from "../../deps.ts";
import { canChange, type NodeKind, traitsOf } from "../../graph/node-kinds.ts";
import { placedText } from "../../graph/places/place.ts";
import { isPlaced } from "../../graph/places/placed-text.ts";
import type { Outline, OutlineNode } from "../../graph/syntax/outline.ts";
import { type Named, named, readersOf } from "../../graph/syntax/symbols.ts";
import { verdictSummary } from "../../i18n/verdict.ts";
import { contributionOf } from "../../run/explain/contribution.ts";
import { historyLine } from "../../run/report/history.ts";
import { LOCALE } from "../editor-locale.ts";
import { sampleLabel } from "../review/evidence.ts";
import type { NodeHistories } from "../review/node-history.ts";
import { startedLabel } from "../runs/messages.ts";
import type { OpenedRun } from "../runs/opened-run.ts";
import type { RunStore } from "../runs/run-store.ts";
import { codeBlock, literal, oneLine } from "../ui/markdown.ts";
import { textOf } from "./documents.ts";
import type { PromptFiles } from "./prompts.ts";
import type { Home, SymbolLocations } from "./symbol-locations.ts";

/** Maximum number of names in one line, and of graphs in one hover. */
const NAMES = 8;
const GRAPHS = 3;
/** Maximum number of runs in a node's history. */
const RUNS = 4;

/** Shows what a name means, its inputs and outputs, and the result of the last run. */
export class Hovers implements HoverProvider {
  constructor(
    private readonly spots: SymbolLocations,
    private readonly prompts: PromptFiles,
    private readonly runStore: RunStore,
    private readonly histories: NodeHistories,
    private readonly files: Files,
  ) {}

  async provideHover(document: TextDocument, position: Position): Promise<Hover | null> {
    const spot = await this.spots.at(document, position);
    const homes = new Map(spot?.homes.map((home) => [home.graph.toString(), home]));
    const parts = await Promise.all(
      [...homes.values()].slice(0, GRAPHS).map((home) => this.#part(home, spot?.name ?? "", homes.size > 1)),
    );
    const shown = parts.filter((part) => part !== null);
    return spot && shown.length > 0
      ? new Hover(
          shown.map((part) => new MarkdownString(part)),
          spot.range,
        )
      : null;
  }

  async #part(home: Home, name: string, withGraph: boolean): Promise<string | null> {
    const known = named(home.parsed.outline, name);
    if (!known) return null;
    const lines = [withGraph ? l10n.t("In {0}:", literal(workspace.asRelativePath(home.graph))) : ""];
    lines.push(...("node" in known ? this.#node(home, known.node) : input(home, name)));
    if (home.node !== null && home.node !== name && !reads(home, name)) {
      lines.push(l10n.t("It is not an input of {0}.", bold(home.node)));
    }
    // Before the value, which may be long: a hover shows its first lines only.
    if ("node" in known) lines.push(...(await this.#history(home.graph, known.node.id)));
    lines.push(...(await this.#value(home, known)));
    return lines.filter((line) => line !== "").join("\n\n");
  }

  #node({ parsed }: Home, { id, role, kind, inputs, text, trainable, graph }: OutlineNode): string[] {
    const words = {
      llm: l10n.t("node"),
      text: l10n.t("text node"),
      function: l10n.t("function"),
      map: l10n.t("map node"),
      join: l10n.t("map node"),
      tool: l10n.t("tool"),
      retriever: l10n.t("retriever"),
    } satisfies Record<NodeKind, string>;
    const what = new Map(Object.entries(words)).get(kind) ?? l10n.t("node of kind {0}", kind);
    const part = (key: string) => parsed.document.at(["nodes", id, key]);
    const named = [part("tool"), ...(part("corpus")?.children ?? [part("corpus")])].flatMap((one) =>
      one?.type === "string" ? [String(one.value)] : [],
    );
    const file = text?.reference ?? graph ?? (named.length > 0 ? named.join(", ") : null);
    const change = trainable || !canChange({ kind }) ? "" : ` · ${l10n.t("its text is fixed")}`;
    const where = file === null ? "" : ` · ${literal(oneLine(file, 60))}`;
    return [
      `${bold(id)} · ${literal(what)}${change}${where}`,
      literal(oneLine(role, 300)),
      flowLine(parsed.outline, id, inputs),
    ];
  }

  /** A text node's text, else the value of the last run with its verdict. */
  async #value({ graph, parsed }: Home, known: Named): Promise<string[]> {
    if ("node" in known && traitsOf(known.node).text === "value") {
      const text = known.node.text?.value ?? (await this.#promptText(graph, known.node));
      return text === null ? [] : [codeBlock(text)];
    }
    const run = await this.#lastRun(graph);
    if (!run) return [];
    const name = "node" in known ? known.node.id : known.input.name;
    const proposal = run.state.proposals.find(({ node }) => node === name);
    const part = proposal ? contributionOf(run.state, proposal, run.threshold) : null;
    const verdict = proposal ? ` · ${verdictSummary(proposal.verdict, LOCALE, part)}` : "";
    const score = parsed.outline.output?.name === name ? scoreLabel(run) : "";
    const value = await lastValue(run, name);
    if (value === null && !proposal) return [];
    const heading = l10n.t("Last run, {0}", startedLabel(run.entry.startedAt));
    const origin = run.entry.untrusted ? ` · ${l10n.t("from another machine")}` : "";
    const lines = ["---", `${literal(heading + verdict + score)}${origin}`];
    return value === null ? lines : [...lines, l10n.t("For “{0}”:", literal(value.sample)), codeBlock(value.text)];
  }

  /** The last runs' proposals for the node, the newest first. */
  async #history(graph: Uri, node: string): Promise<string[]> {
    const { entries, left } = await this.histories.of(graph, node, RUNS).catch(() => ({ entries: [], left: 0 }));
    // The last run has a line of its own; its commit is found here.
    if (entries.length + left < 2 && !entries.some(({ commits }) => commits.length > 0)) return [];
    const lines = entries.map(
      (entry) => `- ${literal(`${startedLabel(entry.startedAt)} · ${historyLine(entry, LOCALE)}`)}`,
    );
    const more = left > 0 ? [`- ${l10n.t("Earlier runs: {0}", left)}`] : [];
    return ["---", l10n.t("Over all runs:"), [...lines, ...more].join("\n")];
  }

  async #promptText(graph: Uri, { text }: OutlineNode): Promise<string | null> {
    const uri = text?.reference == null ? null : await this.prompts.address(graph, text.reference);
    const found = uri && placedText(await textOf(uri, this.files), text?.part);
    return found && isPlaced(found) ? found.text : null;
  }

  /** An unreadable run does not prevent the hover. */
  async #lastRun(graph: Uri): Promise<OpenedRun | null> {
    try {
      const entry = await this.runStore.latest(graph);
      return entry && (await this.runStore.open(entry.id));
    } catch {
      return null;
    }
  }
}

function input({ parsed }: Home, name: string): string[] {
  const described = parsed.document.at(["inputs", name]);
  const description: unknown = described?.value ?? parsed.document.at(["inputs", name, "description"])?.value;
  return [
    `${bold(name)} · ${l10n.t("graph input")}`,
    typeof description === "string" ? literal(oneLine(description, 300)) : "",
    flowLine(parsed.outline, name, []),
  ];
}

/** A line with the inputs and outputs of a node. */
function flowLine(outline: Outline, name: string, inputs: OutlineNode["inputs"]): string {
  const readers = readersOf(outline, name);
  const parts = [];
  if (inputs.length > 0) parts.push(l10n.t("reads {0}", names(inputs.map((it) => it.name))));
  if (readers.length > 0) parts.push(l10n.t("read by {0}", names(readers)));
  if (outline.output?.name === name) parts.push(l10n.t("its value is the answer"));
  else if (readers.length === 0) parts.push(l10n.t("nothing reads it"));
  return parts.join(" · ");
}

function names(all: readonly string[]): string {
  const shown = all.slice(0, NAMES).map(literal).join(", ");
  return all.length > NAMES ? l10n.t("{0} and {1} more", shown, all.length - NAMES) : shown;
}

function bold(name: string): string {
  return `**${literal(oneLine(name, 60))}**`;
}

function reads({ parsed, node }: Home, name: string): boolean {
  return parsed.outline.nodes.some(({ id, inputs }) => id === node && inputs.some((it) => it.name === name));
}

function scoreLabel({ entry }: OpenedRun): string {
  if (entry.before === null || entry.after === null) return "";
  return ` · ${l10n.t("score {0} → {1}", LOCALE.decimal(entry.before), LOCALE.decimal(entry.after))}`;
}

/** Maximum number of samples to search for a value of a node, because a failed call leaves a sample without one. */
const LOOKED_AT = 20;

/** The value of a node for the last sample with the final texts of the run. */
async function lastValue(run: OpenedRun, name: string): Promise<{ sample: string; text: string } | null> {
  const { theta, startTheta, scores } = run.state;
  const isInput = run.graph.inputs.some((it) => it.name === name);
  for (const at of [theta, startTheta]) {
    const samples = Object.keys(scores[at] ?? {})
      .slice(-LOOKED_AT)
      .reverse();
    for (const id of samples) {
      const text = isInput ? run.sample(id)?.inputs[name] : await run.value(at, id, name);
      if (text != null) return { sample: sampleLabel(run, id), text };
    }
  }
  return null;
}
