import {
  commands,
  type ExtensionContext,
  type Tab,
  TabInputCustom,
  TabInputText,
  TabInputWebview,
  window,
  workspace,
} from "vscode";
import { COMMANDS } from "./editor/commands/commands.ts";
import { GRAPH_EXCLUDED, GRAPH_PATTERN, isGraphFile } from "./editor/graph-files.ts";
import { loadOnce } from "./editor/load-once.ts";
import { SCHEME } from "./editor/review/instructions.ts";
import type { Services } from "./editor/services.ts";
import { inTurns } from "./editor/slices.ts";
import { PENDING_EXAMPLE } from "./editor/start/pending-example.ts";
import { LazyTree } from "./editor/ui/lazy-tree.ts";

/** Constructs, registers and returns. Everything else is loaded on first use. */
export function activate(context: ExtensionContext): void {
  const { subscriptions } = context;
  const own = <T extends { dispose(): unknown }>(disposable: T): T => {
    subscriptions.push(disposable);
    return disposable;
  };
  const log = own(window.createOutputChannel("AgentGraph", { log: true }));
  const services = loadOnce(async (): Promise<Services> => {
    const { parts } = await import("./editor/parts.ts");
    await inTurns(parts);
    const { Services } = await import("./editor/services.ts");
    return own(new Services(context, log, { proposals, runs }));
  });

  const proposals = own(
    window.createTreeView("agentgraph.proposals", {
      treeDataProvider: own(new LazyTree(async () => (await services()).proposalTree)),
      manageCheckboxStateManually: true,
      showCollapseAll: true,
    }),
  );
  const graphTree = own(new LazyTree(async () => (await services()).graphTree));
  const runTree = own(new LazyTree(async () => (await services()).runTree));
  own(window.registerTreeDataProvider("agentgraph.graphs", graphTree));
  const runs = own(window.createTreeView("agentgraph.runs", { treeDataProvider: runTree, canSelectMany: true }));
  own(
    workspace.registerTextDocumentContentProvider(SCHEME, {
      provideTextDocumentContent: async (uri) => (await services()).instructions.provideTextDocumentContent(uri),
    }),
  );
  for (const name of COMMANDS) {
    own(
      commands.registerCommand(`agentgraph.${name}`, async (...args: unknown[]) =>
        (await services()).run(name, ...args),
      ),
    );
  }

  // Squiggles, lenses and drawings come with the first graph that a tab shows, or what may be a prompt of one; an
  // interrupted run offers itself.
  const look = async (tabs: readonly Tab[]) => {
    if (tabs.some(showsOurs) || (tabs.some(mayShowPrompt) && (await hasGraph()))) await services();
  };
  own(window.tabGroups.onDidChangeTabs(({ opened }) => void look(opened)));
  void look(window.tabGroups.all.flatMap(({ tabs }) => tabs));
  const wasRunning = context.workspaceState.get<string[]>("runs.underWay", []).length > 0;
  if (wasRunning || context.globalState.get(PENDING_EXAMPLE)) void services();
}

function mayShowPrompt({ input }: Tab): boolean {
  return input instanceof TabInputText && input.uri.scheme === "file" && PROMPT.test(input.uri.path);
}

/** File extensions of prompts. */
const PROMPT = /\.(md|mdx|markdown|txt|text|prompt|prompty|tmpl|template|j2|jinja2?|mustache|hbs|liquid)$/i;

/** Panels that are restored when the window reloads. */
const OURS = /agentgraph\.(graphPanel|report|comparison|methods|sample|why|history)$/;

async function hasGraph(): Promise<boolean> {
  return (await workspace.findFiles(GRAPH_PATTERN, GRAPH_EXCLUDED, 1)).length > 0;
}

function showsOurs({ input }: Tab): boolean {
  if (input instanceof TabInputText || input instanceof TabInputCustom) return isGraphFile(input.uri);
  return input instanceof TabInputWebview && OURS.test(input.viewType);
}
