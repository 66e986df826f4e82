import { type ExtensionContext, type LogOutputChannel, languages, workspace } from "vscode";
import { nodeDeps } from "../platform/node.ts";
import { programSandbox } from "../platform/programs/program-sandbox.ts";
import { Account } from "./account/account.ts";
import { ApiKeys } from "./account/api-keys.ts";
import { askProgram, refuseProgram } from "./account/ask-program.ts";
import { ProgramConsent } from "./account/program-consent.ts";
import { readSettings } from "./account/settings.ts";
import { isWebview } from "./commands/command-arguments.ts";
import { guarded } from "./commands/command-errors.ts";
import type { CommandName, Commands } from "./commands/commands.ts";
import { ContextKeys } from "./commands/context-keys.ts";
import { Disposable } from "./disposable.ts";
import { NotTrusted } from "./errors.ts";
import { Commit } from "./git/commit.ts";
import { type GraphView, registerGraphView } from "./graph/register.ts";
import { GraphFiles } from "./graph-files.ts";
import { pickGraph } from "./graph-pick.ts";
import { GraphDocuments } from "./language/documents.ts";
import { Language } from "./language/language.ts";
import { Apply } from "./review/apply.ts";
import { Instructions, SCHEME } from "./review/instructions.ts";
import { ProposalLenses } from "./review/lenses.ts";
import { HistoryCommands, historyPage, NodeHistories } from "./review/node-history.ts";
import { PickResult } from "./review/pick-result.ts";
import { Review } from "./review/review.ts";
import { TextStatuses } from "./review/text-status.ts";
import { ProposalTree } from "./review/tree.ts";
import { Why, whyPage } from "./review/why.ts";
import { ActiveRuns } from "./runs/active-runs.ts";
import { clearCache } from "./runs/cache.ts";
import { CompareRunsCommands, comparisonPage } from "./runs/commands/compare-runs-commands.ts";
import { DeleteCommands } from "./runs/commands/delete-commands.ts";
import { RateCommands } from "./runs/commands/rate-commands.ts";
import { ReportCommands, reportPage } from "./runs/commands/report-commands.ts";
import { SampleCommands, samplePage } from "./runs/commands/sample-commands.ts";
import { SolveCommands } from "./runs/commands/solve-commands.ts";
import { StartCommands } from "./runs/commands/start-commands.ts";
import { SteerCommands } from "./runs/commands/steer-commands.ts";
import { GraphTree } from "./runs/graph-tree.ts";
import { Pages } from "./runs/pages/pages.ts";
import { spendingPage } from "./runs/pages/spending-page.ts";
import { RunController } from "./runs/run-controller.ts";
import { RunStore } from "./runs/run-store.ts";
import { Scores } from "./runs/scores.ts";
import { RunStatusBar } from "./runs/status-bar.ts";
import { RunTree } from "./runs/tree.ts";
import { Example } from "./start/example.ts";
import { NewGraphs } from "./start/new-graph.ts";
import { editorTools } from "./tools.ts";
import { OnceTrusted } from "./trust/once-trusted.ts";
import { trustedSandbox } from "./trust/trusted-sandbox.ts";
import { trustedTools } from "./trust/trusted-tools.ts";
import type { Views } from "./ui/tree-views.ts";

/** Creates and connects all parts of the extension. Loaded on first use. */
export class Services extends Disposable {
  readonly #log: LogOutputChannel;
  readonly #commands: Commands;
  readonly #view: GraphView;
  readonly #onceTrusted = this.own(new OnceTrusted());
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
    const commands = () => readSettings().commands;
    const consent = new ProgramConsent({ everywhere: globalState, commands, ask: askProgram, refuse: refuseProgram });
    const programs = programSandbox(outside.sandbox, {
      commands,
      isConfirmed: (digest) => consent.isConfirmed(digest),
      time: readSettings().code.time,
    });
    const sandbox = trustedSandbox(programs, refuseUntrusted, () => readSettings().code);
    const deps = { ...outside, sandbox, tools: trustedTools(editorTools(), refuseUntrusted) };
    const graphs = this.own(new GraphFiles(deps.files));
    const account = this.own(new Account(new ApiKeys(secrets), workspaceState, globalState, deps.clock, log, consent));
    const documents = this.own(new GraphDocuments(deps.files, account));
    const runStore = this.own(new RunStore(deps, graphs));
    this.running = this.own(new RunController(deps, runStore, account, workspaceState));
    this.own(new RunStatusBar(runStore));

    this.instructions = new Instructions(runStore);
    const scores = new Scores(runStore);
    this.graphTree = this.own(new GraphTree(graphs, documents, runStore, scores));
    const textStatuses = new TextStatuses(graphs, documents);
    this.proposalTree = this.own(new ProposalTree(runStore, textStatuses, documents));
    this.runTree = this.own(new RunTree(runStore));
    this.own(views.proposals.onDidChangeCheckboxState(({ items }) => this.proposalTree.tick(items)));
    const keys = this.own(new ContextKeys(runStore, graphs, textStatuses, views.proposals, log));
    const changes = [runStore.onDidChange, documents.onDidChange, graphs.onDidChange];
    for (const event of changes) this.own(event(() => keys.request()));
    keys.request();

    const review = new Review(runStore);
    const apply = new Apply(review, this.proposalTree, runStore, graphs, deps.files, textStatuses);
    const commit = this.own(new Commit(review, runStore, graphs, deps.files));
    this.#view = this.own(
      registerGraphView({
        graphs: documents,
        runs: this.own(new ActiveRuns(runStore, graphs)),
        review: (_file, run, node) => review.ofNode(run, node),
        extension: extensionUri,
        log,
      }),
    );
    const example = new Example(extensionUri, globalState, account);
    const histories = new NodeHistories(runStore);
    const pages = this.own(
      new Pages(
        {
          report: (about) => reportPage(runStore, about),
          comparison: (about) => comparisonPage(runStore, about),
          sample: samplePage,
          methods: async () => (await import("./runs/commands/compare-methods.ts")).methodsPage(),
          migration: async () => (await import("./runs/commands/migrate.ts")).migrationPage(),
          spent: () => spendingPage(graphs, deps),
          why: (about) => whyPage(runStore, about),
          history: (about) => historyPage(histories, documents, about),
        },
        workspaceState,
      ),
    );
    const why = new Why(review, runStore, pages);
    this.own(languages.registerHoverProvider({ scheme: SCHEME }, why));
    const comparing = async () => {
      const { CompareMethods } = await import("./runs/commands/compare-methods.ts");
      return new CompareMethods(deps, account, graphs, pages);
    };
    this.#commands = {
      ...this.running.commands,
      ...this.own(new SteerCommands(runStore, (id) => this.running.cancel(id))).commands,
      ...new StartCommands(deps, runStore, account, graphs, this.running).commands,
      ...new SolveCommands(deps, runStore, account, graphs, this.running).commands,
      ...new RateCommands(deps, runStore, graphs).commands,
      ...new SampleCommands(deps, runStore, account, graphs, pages).commands,
      ...new ReportCommands(runStore, pages).commands,
      showSpending: () => pages.show("spent", []),
      ...new CompareRunsCommands(runStore, pages).commands,
      ...new DeleteCommands(runStore, views.runs).commands,
      ...account.commands,
      ...review.commands,
      ...new HistoryCommands(graphs, documents, histories, pages).commands,
      ...why.commands,
      ...apply.commands,
      ...new PickResult(runStore, graphs, deps.files).commands,
      ...commit.commands,
      ...example.commands,
      ...new NewGraphs(deps.files).commands,
      migrate: async (target) => {
        const { Migrate } = await import("./runs/commands/migrate.ts");
        await new Migrate(deps, account, this.running, pages).move(await pickGraph(target, graphs));
      },
      compareMethods: async (target) => (await comparing()).methods(target),
      ablate: async (target) => (await comparing()).ablate(target),
      clearCache: () => clearCache(graphs, deps),
      showGraph: async (target) => this.#view.show(await pickGraph(target, graphs)),
      showLog: () => log.show(),
    };

    this.own(new Language(graphs, documents, runStore, histories, scores, deps));
    this.own(
      languages.registerCodeLensProvider(
        { scheme: SCHEME },
        this.own(new ProposalLenses(runStore, textStatuses, documents)),
      ),
    );
    void this.running.offerInterrupted();
    void example.showPending();
  }

  /** A command without an argument applies to the active graph view. */
  run(name: CommandName, target?: unknown, selected?: unknown): Promise<void> {
    const on = target === undefined || isWebview(target) ? (this.#view.front() ?? target) : target;
    const work = async () => {
      try {
        await this.#commands[name](on, selected);
      } catch (error) {
        if (error instanceof NotTrusted) this.#onceTrusted.remember(() => this.run(name, on, selected));
        throw error;
      }
    };
    return guarded(`agentgraph.${name}`, work, this.#log);
  }
}

/** @throws NotTrusted */
function refuseUntrusted(): void {
  if (!workspace.isTrusted) throw new NotTrusted();
}
