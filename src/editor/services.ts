import { commands, type ExtensionContext, type LogOutputChannel, languages, workspace } from "vscode";
import { nodeDeps } from "../platform/node.ts";
import { Account } from "./account/account.ts";
import { Keys } from "./account/keys.ts";
import { readSettings } from "./account/settings.ts";
import { isWebview } from "./command-arguments.ts";
import { guarded } from "./command-errors.ts";
import type { CommandName, Commands } from "./commands.ts";
import { Disposable } from "./disposable.ts";
import { NotTrusted } from "./errors.ts";
import { Example } from "./example.ts";
import { Commit } from "./git/commit.ts";
import { type GraphView, registerGraphView } from "./graph/register.ts";
import { GraphFiles } from "./graph-files.ts";
import { pickGraph } from "./graph-pick.ts";
import { GraphDocuments } from "./language/documents.ts";
import { Language } from "./language/language.ts";
import { Apply } from "./review/apply.ts";
import { Instructions, SCHEME } from "./review/instructions.ts";
import { ProposalLenses } from "./review/lenses.ts";
import { Review } from "./review/review.ts";
import { ProposalTree } from "./review/tree.ts";
import { Why } from "./review/why.ts";
import { ActiveRuns } from "./runs/active-runs.ts";
import { clearCache } from "./runs/cache.ts";
import { CompareCommands, comparisonPage } from "./runs/compare-commands.ts";
import { ComparisonCommands, methodsPage } from "./runs/comparison-commands.ts";
import { DeleteCommands } from "./runs/delete-commands.ts";
import { GraphTree } from "./runs/graph-tree.ts";
import { Pages } from "./runs/pages.ts";
import { ReportCommands, reportPage } from "./runs/report-commands.ts";
import { RunController } from "./runs/run-controller.ts";
import { RunStore } from "./runs/run-store.ts";
import { isEvaluation, openAccepted, type RunSummary, resumable } from "./runs/run-summary.ts";
import { SampleCommands, samplePage } from "./runs/sample-commands.ts";
import { SolveCommands } from "./runs/solve-commands.ts";
import { StartCommands } from "./runs/start-commands.ts";
import { Status } from "./runs/status.ts";
import { RunTree } from "./runs/tree.ts";
import type { Views } from "./tree-views.ts";
import { trustedSandbox } from "./trusted-sandbox.ts";

/** Creates and connects all parts of the extension. Loaded on first use. */
export class Services extends Disposable {
  readonly #log: LogOutputChannel;
  readonly #commands: Commands;
  readonly #view: GraphView;
  readonly instructions: Instructions;
  readonly graphTree: GraphTree;
  readonly proposalTree: ProposalTree;
  readonly runTree: RunTree;
  readonly running: RunController;

  constructor(
    { secrets, workspaceState, globalState, extensionUri }: ExtensionContext,
    log: LogOutputChannel,
    views: Views,
  ) {
    super();
    this.#log = log;
    const outside = nodeDeps(log);
    const deps = { ...outside, sandbox: trustedSandbox(outside.sandbox, refuseUntrusted, () => readSettings().code) };
    const graphs = this.own(new GraphFiles(deps.files));
    const account = this.own(new Account(new Keys(secrets), workspaceState, globalState, deps.clock, log));
    const documents = this.own(new GraphDocuments(deps.files, account));
    const library = this.own(new RunStore(deps, graphs));
    this.running = this.own(new RunController(deps, library, account, workspaceState));
    this.own(new Status(library));

    this.instructions = new Instructions(library);
    this.graphTree = this.own(new GraphTree(graphs, documents, library));
    this.proposalTree = this.own(new ProposalTree(library, graphs, deps.files, documents));
    this.runTree = this.own(new RunTree(library));
    this.own(views.proposals.onDidChangeCheckboxState(({ items }) => this.proposalTree.tick(items)));
    const count = () => void this.#count(library, graphs, views);
    this.own(library.onDidChange(count));
    count();

    const review = new Review(library);
    const why = this.own(new Why(review));
    const apply = new Apply(review, this.proposalTree, library, graphs, deps.files);
    const commit = this.own(new Commit(review, library, graphs, deps.files));
    this.#view = this.own(
      registerGraphView({
        graphs: documents,
        runs: this.own(new ActiveRuns(library, graphs)),
        review: (_file, run, node) => review.ofNode(run, node),
        extension: extensionUri,
        log,
      }),
    );
    const example = new Example(extensionUri, globalState, account);
    const pages = this.own(
      new Pages(
        {
          report: (about) => reportPage(library, about),
          comparison: (about) => comparisonPage(library, about),
          sample: samplePage,
          methods: methodsPage,
        },
        workspaceState,
      ),
    );
    this.#commands = {
      ...this.running.commands,
      ...new StartCommands(deps, library, account, graphs, this.running).commands,
      ...new SolveCommands(deps, library, account, graphs, this.running).commands,
      ...new ComparisonCommands(deps, account, graphs, pages).commands,
      ...new SampleCommands(deps, library, account, graphs, pages).commands,
      ...new ReportCommands(library, pages).commands,
      ...new CompareCommands(library, pages).commands,
      ...new DeleteCommands(library, views.runs).commands,
      ...account.commands,
      ...review.commands,
      ...why.commands,
      ...apply.commands,
      ...commit.commands,
      ...example.commands,
      clearCache: () => clearCache(graphs, deps),
      showGraph: async (target) => this.#view.show(await pickGraph(target, graphs)),
      showLog: () => log.show(),
    };

    this.own(new Language(graphs, documents, library, deps));
    this.own(
      languages.registerCodeLensProvider(
        { scheme: SCHEME },
        this.own(new ProposalLenses(library, graphs, deps.files, documents)),
      ),
    );
    void this.running.offerInterrupted();
    void example.showPending();
  }

  /** A command without an argument applies to the active graph view. */
  run(name: CommandName, target?: unknown, selected?: unknown): Promise<void> {
    const on = target === undefined || isWebview(target) ? (this.#view.front() ?? target) : target;
    return guarded(`agentgraph.${name}`, () => this.#commands[name](on, selected), this.#log);
  }

  /**
   * Updates the badge, which counts accepted proposals that are neither applied nor rejected, and the context keys of
   * menus.
   */
  async #count(library: RunStore, graphs: GraphFiles, { proposals }: Views): Promise<void> {
    const runs = await library.list();
    // A later run of a graph replaces the earlier ones.
    const latest = new Map<string, RunSummary>();
    for (const run of runs.toReversed()) {
      if (run.proposals.length > 0 && !run.untrusted) latest.set(run.graphPath, run);
    }
    const open = [...latest.values()].reduce((sum, run) => sum + openAccepted(run), 0);
    proposals.badge = open === 0 ? undefined : { value: open, tooltip: `${open}` };
    const there = {
      graphs: (await graphs.list()).length,
      runs: runs.length,
      proposals: runs.reduce((sum, run) => sum + run.proposals.length, 0),
      running: runs.some(({ id }) => library.live(id) !== null),
      resumable: runs.some(resumable),
      elsewhere: runs.some(({ untrusted, proposals }) => untrusted && proposals.length > 0),
      // Walkthrough steps are completed by results, not by attempts.
      optimized: runs.some((run) => !run.untrusted && !isEvaluation(run) && run.status === "done"),
      committed: runs.some((run) => run.proposals.some(({ act }) => act === "committed")),
      // Last: until then, the views show that they are loading, and the palette offers all commands.
      ready: true,
    };
    for (const [name, value] of Object.entries(there)) {
      await commands.executeCommand("setContext", `agentgraph.${name}`, value);
    }
  }
}

/** @throws NotTrusted */
function refuseUntrusted(): void {
  if (!workspace.isTrusted) throw new NotTrusted();
}
