import { Command, CommanderError, Option } from "commander";
import { SPLITS } from "../data/sample.ts";
import { CHAIN_OF_THOUGHT } from "../engine/baseline.ts";
import { SOLVE_DEFAULTS } from "../engine/solve/solve.ts";
import { SOLVER_NAMES } from "../engine/solve/solvers.ts";
import { EXPORT_FORMATS, EXPORTERS } from "../graph/exporters/exporters.ts";
import { PROGRAMS } from "../import/programs.ts";
import { usualMethods } from "../run/comparison/usual-methods.ts";
import {
  assignment,
  date,
  positiveInteger,
  seconds,
  wholeNumber,
  withBudget,
  withEnd,
  withJson,
  withModel,
  withModelNames,
  withPlace,
  withServer,
  withTask,
} from "./arguments/options.ts";
import type { Cli } from "./cli.ts";
import { batchesCommand } from "./commands/batches.ts";
import { cachePullCommand, cachePushCommand } from "./commands/cache.ts";
import { check } from "./commands/check.ts";
import { evaluateCommand } from "./commands/evaluate.ts";
import { exampleCommand } from "./commands/example.ts";
import { exportCommand } from "./commands/export.ts";
import { historyCommand } from "./commands/history.ts";
import { importCommand } from "./commands/import.ts";
import { importRowsCommand } from "./commands/import-rows.ts";
import { initCommand } from "./commands/init.ts";
import { modelsCommand } from "./commands/models.ts";
import { pickCommand } from "./commands/pick.ts";
import { queueCommand } from "./commands/queue.ts";
import { recheckCommand } from "./commands/recheck.ts";
import { FORMATS, reportCommand } from "./commands/report.ts";
import { resumeCommand } from "./commands/resume.ts";
import { answerCommand } from "./commands/run.ts";
import { runsCommand } from "./commands/runs.ts";
import { solveCommand } from "./commands/solve.ts";
import { spentCommand } from "./commands/spent.ts";
import { workerCommand } from "./commands/worker.ts";
import { Cancelled, failureOf, sentence } from "./errors.ts";
import { EXIT } from "./exit.ts";
import { failureObject } from "./output/failure-object.ts";
import { longCancelled, watchLocks } from "./runs/cancel.ts";
import { runGraph } from "./runs/run-graph.ts";

const PLACES = "folder, git:<branch>, redis://… or rediss://…";

const AFTER_HELP = `
Each address is used with its own key: --base-url or AGENTGRAPH_BASE_URL with AGENTGRAPH_API_KEY,
OPENAI_BASE_URL with OPENAI_API_KEY. Without an address, either key is sent to OpenAI.
HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY and NODE_EXTRA_CA_CERTS are respected.
Exit codes: 0 done, 1 nothing accepted (--require-improvement), 2 invalid arguments or a file with
errors, 3 budget reached, 4 provider or disk failure, or --apply couldn't write every text, 130 cancelled.`;

/** Parses the arguments and runs the command. @returns the exit code; never throws */
export async function main(given: Cli, version: string, argv: readonly string[]): Promise<number> {
  const { machine, isLocked } = watchLocks(given.deps.machine);
  const cli = { ...given, deps: { ...given.deps, machine } };
  const { output } = cli;
  let exit: number = EXIT.done;
  const program = createProgram(cli, version, (code) => {
    exit = code;
  });
  try {
    await Promise.race([program.parseAsync(argv, { from: "user" }), longCancelled(cli, isLocked)]);
    return exit;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return EXIT.done;
    const error = cli.signal.aborted ? new Cancelled() : thrown;
    const [command] = argv.filter((argument) => !argument.startsWith("-"));
    const { exit: code, ...failure } = failureOf(error, command !== "models");
    if (output.json) output.object(failureObject(command, argv, failure, code));
    if (!(thrown instanceof CommanderError)) output.error(failure.message);
    return code;
  }
}

function createProgram(cli: Cli, version: string, done: (exit: number) => void): Command {
  const { output } = cli;
  const program = new Command("agentgraph")
    .description("Optimizes all prompts of an LLM graph together with semantic backpropagation and a validation gate.")
    .version(version)
    .showHelpAfterError("(use --help for usage)")
    .addHelpText("after", AFTER_HELP)
    .configureOutput({
      writeErr: (text) => output.info(text.trimEnd()),
      outputError: (text) => output.error(sentence(text.trim())),
    })
    .exitOverride();

  const command = (name: string, description: string) => withJson(program.command(name).description(description));

  const starting = (name: string, description: string) =>
    withPlace(withTask(withBudget(withModel(command(name, description)))));

  withEnd(starting("optimize", "optimize the prompts of a graph"))
    .argument("<file>", "graph file, *.agentgraph.json")
    .addOption(
      new Option("--seed <n>", "random seed; the same seed and replies give the same run").argParser(wholeNumber),
    )
    .option("--method <name>", "optimization method (default: the method in the file, else semantic)")
    .action(async (file, options) => done(await runGraph(cli, file, options)));

  starting("evaluate", "score a graph without changing it")
    .argument("<file>", "graph file, *.agentgraph.json")
    .addOption(new Option("--split <set>", "samples to score").choices(SPLITS).default("validation"))
    .addOption(
      new Option("--seed <n>", "random seed; the same seed and replies give the same answers").argParser(wholeNumber),
    )
    .addOption(new Option("--method <name>", "score a baseline instead of the graph").choices([CHAIN_OF_THOUGHT]))
    .action(async (file, options) => done(await evaluateCommand(cli, file, options)));

  starting("run", "answer one query with a graph")
    .argument("<file>", "graph file, *.agentgraph.json")
    .addOption(
      new Option("--input <name=value>", "value of an input, or name=@file; once for each input")
        .argParser((text: string, earlier: readonly (readonly [string, string])[]) => [...earlier, assignment(text)])
        .default([], "none"),
    )
    .option("--trace", "also print the value of each node")
    .action(async (file, options) => done(await answerCommand(cli, file, options)));

  withTask(withModelNames(command("export", "write a graph in another format")))
    .argument("<file>", "graph file, *.agentgraph.json")
    .addOption(
      new Option(
        "--format <name>",
        Object.entries(EXPORTERS)
          .map(([name, { describes }]) => `${name}: ${describes}`)
          .join(" "),
      )
        .choices(EXPORT_FORMATS)
        .default("mermaid"),
    )
    .option("--output <path>", "file, or folder for a format with several files (default: stdout for one file)")
    .action(async (file, options) => done(await exportCommand(cli, file, options)));

  starting("migrate", "move a graph to another model and tune its texts if the score drops")
    .argument("<file>", "graph file, *.agentgraph.json")
    .requiredOption("--to <model>", "the new model for the role forward")
    .option("--apply", "write accepted texts to their files")
    .addOption(
      new Option("--seed <n>", "random seed; the same seed and replies give the same run").argParser(wholeNumber),
    )
    .action(async (file, options) => {
      const { migrateCommand } = await import("./commands/migrate.ts");
      done(await migrateCommand(cli, file, options));
    });

  starting("solve", "improve single answers with feedback from a model, without a training set")
    .argument("<file>", "graph file, *.agentgraph.json")
    .addOption(new Option("--split <set>", "set with the rows").choices(SPLITS).default(SOLVE_DEFAULTS.split))
    .option("--rows <ids>", "row ids separated by commas, or a number of rows (default: all rows of the set)")
    .addOption(
      new Option("--method <name>", "how to write the next attempt")
        .choices(SOLVER_NAMES)
        .default(SOLVE_DEFAULTS.solver),
    )
    .addOption(
      new Option("--steps <n>", "maximum number of attempts after the first")
        .argParser(wholeNumber)
        .default(SOLVE_DEFAULTS.steps),
    )
    .option(
      "--instruction <text>",
      "criteria for a good answer, or @file (default: the graph's loss if it needs no target)",
    )
    .option("--output <file>", "write the answers to this file, one JSON object per line")
    .addOption(
      new Option("--seed <n>", "random seed; the same seed and replies give the same answers").argParser(wholeNumber),
    )
    .action(async (file, options) => done(await solveCommand(cli, file, options)));

  const comparing = (name: string, description: string) =>
    starting(name, description)
      .argument("<file>", "graph file, *.agentgraph.json, with test samples")
      .addOption(
        new Option("--repeats <n>", "runs of each variant, each with its own seed")
          .argParser(positiveInteger)
          .default(3),
      )
      .addOption(
        new Option("--seed <n>", "random seed of the first repeat (default: the seed in the file)").argParser(
          wholeNumber,
        ),
      )
      .addOption(
        new Option("--format <name>", "report format (default: by the extension of --output, else Markdown)").choices(
          FORMATS,
        ),
      )
      .option("--output <file>", "write the comparison to this file");

  comparing("compare", "compare methods on a graph, with the same samples, seeds, and budget for each")
    .option(
      "--methods <names>",
      `methods, separated by commas, or all (default: the file's method and ${usualMethods("").join(",")})`,
    )
    .option(
      "--against-model <name>",
      "show after how many answers tuning pays for itself compared with this model, untuned",
    )
    .option("--reflexion", "also score Reflexion, which retries each answer at test time")
    .action(async (file, options) => {
      const { compareCommand } = await import("./commands/compare.ts");
      done(await compareCommand(cli, file, options));
    });

  comparing("ablate", "compare variants of a method, each with one option changed")
    .option("--method <name>", "optimization method (default: the method in the file, else semantic)")
    .option(
      "--vary <options>",
      "options, separated by commas; values separated by |, for example gate,batch=2|16 (default: neighbors,gradients,gate,batch,threshold)",
    )
    .action(async (file, options) => {
      const { ablateCommand } = await import("./commands/compare.ts");
      done(await ablateCommand(cli, file, options));
    });

  command("example", "list example graphs, or write one with its data to a new folder")
    .argument("[name]", "name of the graph")
    .option("--data <folder>", "folder with your own copies of public data sets")
    .option("--output <folder>", "folder to write to (default: the name)")
    .action(async (name, options) => done(await exampleCommand(cli, name, options)));

  withEnd(starting("recheck", "re-evaluate another run's proposals locally"))
    .argument("<run>", "run id, run folder, or graph file (its last run from another machine)")
    .option("--graph <file>", "graph file, if it is not the one named by the run")
    .addOption(
      new Option("--seed <n>", "random seed; the same seed and replies give the same verdicts").argParser(wholeNumber),
    )
    .action(async (run, options) => done(await recheckCommand(cli, run, options)));

  withPlace(command("rate", "rate an answer and write the rating into its row, or list a run's answers"))
    .argument("<run>", "run id, run folder, or graph file (its last run)")
    .option("--sample <id>", "id of the sample (default: list all answers)")
    .option("--right", "the answer is right: it becomes the expected one")
    .option("--correct <text>", "what the answer should have been")
    .option("--feedback <text>", "a comment, which is added to the feedback in training")
    .option("--graph <file>", "graph file, if it is not the one named by the run")
    .action(async (run, options) => {
      const { rateCommand } = await import("./commands/rate.ts");
      done(await rateCommand(cli, run, options));
    });

  withTask(withModelNames(command("check", "check graph files and print all problems with their positions")))
    .argument("<files...>", "graph files, or folders with *.agentgraph.json")
    .action(async (files, options) => done(await check(cli, files, options)));

  command("import-rows", "convert traces to rows: OTLP JSON, OpenInference, Langfuse, LangSmith")
    .argument("<files...>", "exported traces, .json or .jsonl")
    .option("--output <file>", "file to write", "rows.jsonl")
    .option("--accept-outputs", "use outputs without negative feedback as expected answers")
    .action(async (files, options) => done(await importRowsCommand(cli, files, options)));

  command("init", "create a graph file from prompt files and a data file")
    .argument("[paths...]", "prompt files, data files and folders (default: this folder)")
    .option("--data <file>", "data file (default: the one whose columns the prompts name)")
    .option("--target <column>", "column with the answer")
    .addOption(
      new Option("--loss <kind>", "how answers are scored (default: by the form of the answers)").choices([
        "exact",
        "number",
        "choice",
        "set",
        "json",
        "f1",
        "judge",
      ]),
    )
    .option("--output <node>", "node whose value is the answer")
    .option("--split <percents>", "percent of the rows for training, validation and test, such as 40/30/30")
    .option("--dry-run", "show the graph, and write nothing")
    .action(async (paths, options) => done(await initCommand(cli, paths, options)));

  command("import", `create graph files from another program: ${Object.values(PROGRAMS).join(", ")}`)
    .argument("<path>", "file or folder of the program")
    .addOption(new Option("--kind <name>", "read files of this program only").choices(Object.keys(PROGRAMS)))
    .addOption(
      new Option("--prompt <n>", "number of the prompt to import if the file has alternatives (promptfoo)")
        .argParser(positiveInteger)
        .default(1),
    )
    .option("--dry-run", "show what would be written, and write nothing")
    .action(async (path, options) => done(await importCommand(cli, path, options)));

  withEnd(withPlace(withBudget(withModel(command("resume", "resume an unfinished run")))))
    .argument("<run>", "run id, run folder, or graph file (its last run)")
    .option("--yes", "resume even if calls may be paid for again")
    .action(async (run, options) => done(await resumeCommand(cli, run, options)));

  withPlace(command("report", "write a report of a run"))
    .argument("<run>", "run id, run folder, or graph file (its last run)")
    .addOption(
      new Option("--format <name>", "format (default: by the extension of --output, else markdown)").choices(FORMATS),
    )
    .option("--output <file>", "write the report to this file instead of stdout")
    .action(async (run, options) => done(await reportCommand(cli, run, options)));

  withPlace(command("pick", "write one result of a run with “pareto” objectives to the files"))
    .argument("<run>", "run id, run folder, or graph file (its last run)")
    .argument("<number>", "number of the result, as the run prints it", wholeNumber)
    .option("--graph <file>", "graph file, if it is not the one named by the run")
    .action(async (run, number, options) => done(await pickCommand(cli, run, number, options)));

  withPlace(command("runs", "list runs, newest first"))
    .argument("[path]", "graph file, or folder of a repository", ".")
    .option("--all", "compare the texts of all runs with the files (default: of the newest 30)")
    .action(async (path, options) => done(await runsCommand(cli, path, options)));

  withPlace(command("history", "show a node's texts over the runs of a graph, with scores and commits"))
    .argument("<file>", "graph file")
    .argument("[node]", "node whose changes are shown (default: all nodes, without their changes)")
    .option("--output <file>", "write a page about the node (.html)")
    .option("--all", "show all runs (default: the newest 30)")
    .action(async (file, node, options) => done(await historyCommand(cli, file, node, options)));

  withPlace(command("spent", "show what runs have cost, by graph, model and purpose"))
    .argument("[path]", "graph file, or folder of a repository", ".")
    .addOption(new Option("--since <date>", "leave out earlier calls, for example 2026-11-01").argParser(date))
    .option("--output <file>", "write a page (.html) or Markdown (.md)")
    .action(async (path, options) => done(await spentCommand(cli, path, options)));

  withPlace(withServer(command("batches", "list or cancel the batches of a run")))
    .argument("<run>", "run id, run folder, or graph file (its last run)")
    .option("--cancel", "cancel the batches in progress")
    .action(async (run, options) => done(await batchesCommand(cli, run, options)));

  const cache = program.command("cache").description("share cached replies with a team");
  withPlace(withJson(cache.command("push").description("upload this machine's replies")))
    .argument("<place>", PLACES)
    .option("--ca-file <file>", "also trust the certificates in this PEM file")
    .action(async (target, options) => done(await cachePushCommand(cli, target, options)));
  withBudget(withModel(withPlace(withJson(cache.command("pull").description("download the team's replies")))))
    .argument("<place>", PLACES)
    .option("--check <graph>", "graph that needs the replies: without AGENTGRAPH_TEAM_KEY, a sample is asked again")
    .addOption(new Option("--check-sample <n>", "replies that are asked again").argParser(positiveInteger).default(20))
    .option("--yes", "ask for the sample without a question")
    .action(async (target, options) => done(await cachePullCommand(cli, target, { set: [], ...options })));

  withServer(command("worker", "do the work of runs that use --queue: requests, code and tools"))
    .requiredOption("--queue <url>", "address of the Redis: redis://… or rediss://…")
    .addOption(
      new Option("--concurrency <n>", "maximum number of concurrent requests of this worker")
        .argParser(positiveInteger)
        .default(16),
    )
    .addOption(
      new Option("--together <n>", "maximum number of concurrent requests of all workers").argParser(positiveInteger),
    )
    .addOption(
      new Option("--rate <n>", "maximum number of requests per minute of all workers").argParser(positiveInteger),
    )
    .option("--allow-code", "run functions and scripts of the graphs, in the sandbox")
    .addOption(
      new Option(
        "--code-concurrency <n>",
        "maximum number of concurrent calls of code (default: one per core)",
      ).argParser(positiveInteger),
    )
    .addOption(
      new Option("--takeover <seconds>", "time after which another worker takes over from a lost one")
        .argParser(seconds)
        .default(30_000, "30"),
    )
    .action(async (options) => done(await workerCommand(cli, options)));

  command("queue", "list the workers and jobs of a queue")
    .argument("<url>", "address of the Redis: redis://… or rediss://…")
    .option("--ca-file <file>", "also trust the certificates in this PEM file")
    .action(async (url, options) => done(await queueCommand(cli, url, options)));

  withServer(command("models", "list the models of your server, with prices and end dates")).action(async (options) =>
    done(await modelsCommand(cli, options)),
  );

  return program;
}
