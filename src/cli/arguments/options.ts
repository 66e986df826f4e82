import { type Command, InvalidArgumentError, Option } from "commander";
import type { Sandbox } from "../../deps.ts";
import { ROLES, type Role } from "../../graph/graph.ts";
import type { BudgetLimits } from "../../models/model.ts";
import { type PriceOf, type PriceTable, priceList, readPrice, unpriced } from "../../models/prices.ts";
import { PROVIDERS } from "../../models/providers.ts";
import { DEFAULT_MAX_WAIT, DEFAULT_TIMEOUT } from "../../models/stack/retry-waits.ts";
import { readTiers, TIERS, type Tiers } from "../../models/tiers/choice.ts";
import { SANDBOX_LIMITS } from "../../platform/sandbox/sandbox.ts";
import type { Overrides } from "../../run/load.ts";
import { UsageError } from "../errors.ts";

/** Options that several commands share. */
export interface ModelNames {
  readonly model?: string;
  readonly modelForward?: string;
  readonly modelBackward?: string;
  readonly modelOptimizer?: string;
  readonly modelJudge?: string;
}

export interface ModelOptions extends ModelNames, ServerChoice {
  readonly concurrency: number;
  /** Milliseconds. Default: the server's. */
  readonly maxWait?: number;
  /** Default: the standard price for every role. */
  readonly tier?: Tiers;
  /** Whether a request that the tier refuses is sent at the standard price. */
  readonly tierFallback?: boolean;
  /** Address of a Redis whose workers send the requests. */
  readonly queue?: string;
  /** Whether code and tools of the graph never run on this machine. */
  readonly workersOnly?: boolean;
}

export interface ServerChoice {
  /** Id of a provider. */
  readonly provider?: string;
  readonly baseUrl?: string;
  readonly azureApiVersion?: string;
  /** Milliseconds. */
  readonly timeout: number;
  /** A PEM file with additional certificates. */
  readonly caFile?: string;
  /** US dollars per million tokens, by model. */
  readonly price: PriceTable;
  /** Milliseconds. */
  readonly codeTimeout: number;
  /** Bytes. */
  readonly codeMemory: number;
  /** A file with the user's tool servers. */
  readonly tools?: string;
  /** A file with the user's commands for code in other languages. */
  readonly codeCommands?: string;
  /** Hash of the code that these commands may run. */
  readonly trustCode?: string;
}

export interface BudgetOptions {
  readonly budgetCalls?: number;
  readonly budgetTokens?: number;
  readonly budgetUsd?: number;
  /** Pauses and asks each time that so much more was used. */
  readonly pauseCalls?: number;
  readonly pauseUsd?: number;
}

export interface TaskOptions {
  readonly set: readonly (readonly [string, string])[];
  readonly seed?: number;
  readonly method?: string;
}

export interface PlaceOptions {
  readonly runsDir?: string;
}

export function withModel(command: Command): Command {
  return withModelNames(withServer(command))
    .addOption(
      new Option("--concurrency <n>", "maximum number of concurrent requests").argParser(positiveInteger).default(16),
    )
    .addOption(
      new Option(
        "--tier <tier>",
        "flex or batch (half the price) for all roles, or by role: forward=batch,optimizer=now",
      ).argParser(tiersIn),
    )
    .addOption(named("--queue <url>", "use workers for requests, code and tools: redis://… or rediss://…"))
    .option("--workers-only", "with --queue: never run functions, scripts and tools on this machine")
    .option(
      "--tier-fallback",
      "use the standard price if the flex tier has no capacity, is too slow or lacks the model",
    )
    .addOption(
      new Option(
        "--max-wait <seconds>",
        `stop the run after waiting this long for a response (default: ${DEFAULT_MAX_WAIT / 1000}, longer with --tier flex)`,
      ).argParser(seconds),
    );
}

/** Adds the options for the model server. */
export function withServer(command: Command): Command {
  return command
    .addOption(
      new Option("--provider <name>", "model provider (default: by --base-url, else OpenAI)").choices(
        PROVIDERS.filter(({ fields }) => fields.address !== null).map(({ id }) => id),
      ),
    )
    .addOption(
      named("--base-url <url>", "address of an OpenAI-compatible server or an Azure resource (default: OpenAI)"),
    )
    .addOption(
      named("--azure-api-version <version>", "use Azure's paths at --base-url (default for *.azure.com: 2024-10-21)"),
    )
    .addOption(
      new Option("--timeout <seconds>", "time limit of a request")
        .argParser(seconds)
        .default(DEFAULT_TIMEOUT, `${DEFAULT_TIMEOUT / 1000}`),
    )
    .addOption(
      new Option("--code-timeout <seconds>", "time limit of each call of the graph's code")
        .argParser(seconds)
        .default(SANDBOX_LIMITS.time, `${SANDBOX_LIMITS.time / 1000}`),
    )
    .addOption(
      new Option("--code-memory <MB>", "memory limit of each call of the graph's code")
        .argParser((text: string) => 2 ** 20 * positiveInteger(text))
        .default(SANDBOX_LIMITS.memory, `${SANDBOX_LIMITS.memory / 2 ** 20}`),
    )
    .addOption(named("--tools <file>", "file with your tool servers (MCP), for graphs that call tools"))
    .addOption(named("--code-commands <file>", "file with your commands for code in other languages, such as Python"))
    .addOption(named("--trust-code <hash>", "run the code with this hash with these commands, without asking"))
    .addOption(named("--ca-file <file>", "also trust the certificates in this PEM file"))
    .addOption(
      new Option(
        "--price <model=prompt,completion>",
        "price of a model in US dollars per million tokens; can be repeated",
      )
        .argParser((text: string, earlier: PriceTable) => ({ ...earlier, ...pricing(text) }))
        .default({}, "list prices of well-known models"),
    );
}

export function withModelNames(command: Command): Command {
  command.addOption(named("--model <name>", "model for every role; `simulated` needs no API key"));
  for (const role of ROLES) command.addOption(named(`--model-${role} <name>`, `model for the role ${role}`));
  return command;
}

/** Rejects an empty value, for example from an unset shell variable, which would count as not given. */
function named(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => {
    if (text.trim() === "") throw new InvalidArgumentError("The value is empty.");
    return text;
  });
}

export function withBudget(command: Command): Command {
  return command
    .addOption(new Option("--budget-calls <n>", "maximum number of calls").argParser(positiveInteger))
    .addOption(
      new Option("--budget-tokens <n>", "maximum number of tokens in prompts and replies").argParser(positiveInteger),
    )
    .addOption(new Option("--budget-usd <amount>", "maximum cost in US dollars").argParser(positive))
    .addOption(new Option("--pause-calls <n>", "pause and ask after every n calls").argParser(positiveInteger))
    .addOption(
      new Option("--pause-usd <amount>", "pause and ask each time this many US dollars are spent").argParser(positive),
    );
}

export function withTask(command: Command): Command {
  return command.addOption(
    new Option("--set <path=value>", "override a value of the file, such as optimize.semantic.batch=4; can be repeated")
      .argParser((text: string, earlier: readonly (readonly [string, string])[]) => [...earlier, assignment(text)])
      .default([], "none"),
  );
}

export function withPlace(command: Command): Command {
  return command.addOption(
    named("--runs-dir <folder>", "folder for runs (default: .agentgraph/runs in the repository)"),
  );
}

export function withEnd(command: Command): Command {
  return command
    .option("--apply", "write accepted texts to their files")
    .option("--require-improvement", "exit with code 1 if no proposal is accepted");
}

export function withJson(command: Command): Command {
  return command.option("--json", "print only one JSON object on stdout");
}

/** Default limit on calls, which a file can't raise. The editor's setting has the same default. */
const MOST_CALLS = 5000;

/** Options that override the file, including the budget. */
export function overridesOf(options: ModelNames & TaskOptions & BudgetOptions): Overrides {
  const values: [string, string | number | undefined][] = [
    ["optimize.seed", options.seed],
    ["optimize.method", options.method && JSON.stringify(options.method)],
    ["optimize.budget.calls", options.budgetCalls],
    ["optimize.budget.tokens", options.budgetTokens],
    ["optimize.budget.usd", options.budgetUsd],
  ];
  const named = values.flatMap(([path, value]) => (value === undefined ? [] : [[path, String(value)] as const]));
  const set = [...options.set, ...named];
  const calls = set.some(([path]) => path === "optimize.budget.calls") ? null : MOST_CALLS;
  return { set, models: chosenModels(options), budget: { calls } };
}

/**
 * Prices from the list and from `--price`.
 * @param now milliseconds since the epoch
 * @throws UsageError if there is a budget in US dollars and the price of a model is unknown
 */
export function pricesFor(
  models: readonly string[],
  { usd }: BudgetLimits,
  { price, pauseUsd }: ModelOptions & BudgetOptions,
  now: number,
): PriceOf {
  const priceOf = priceList(price, now);
  const unknown = unpriced(models, priceOf);
  if ((usd !== null || pauseUsd !== undefined) && unknown !== undefined) {
    throw new UsageError(
      `The price of ${unknown} is unknown, so a budget in US dollars can't be enforced. Set it with --price ${unknown}=<prompt>,<completion> (US dollars per million tokens), or use --budget-calls or --budget-tokens.`,
    );
  }
  return priceOf;
}

/** The models named on the command line, by role. */
export function chosenModels(options: ModelNames): NonNullable<Overrides["models"]> {
  const own: Record<Role, string | undefined> = {
    forward: options.modelForward,
    backward: options.modelBackward,
    optimizer: options.modelOptimizer,
    judge: options.modelJudge,
  };
  const chosen = ROLES.flatMap((role) => {
    const model = own[role] ?? options.model;
    return model === undefined ? [] : [[role, { model, params: {} }] as const];
  });
  return Object.fromEntries(chosen);
}

function tiersIn(text: string): Tiers {
  const tiers = readTiers(text);
  if (tiers) return tiers;
  throw new InvalidArgumentError(
    `Use ${TIERS.join(", ")}, or a tier for each of ${ROLES.join(", ")}, such as forward=batch,optimizer=now.`,
  );
}

/** `name=value`. */
export function assignment(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Use the form path=value, such as optimize.semantic.batch=4.");
  return [text.slice(0, at).trim(), text.slice(at + 1)];
}

function pricing(text: string): PriceTable {
  const at = text.lastIndexOf("=");
  const price = readPrice(text.slice(at + 1));
  if (at < 1 || price === null) {
    throw new InvalidArgumentError("Use the form model=prompt,completion, such as my-model=0.5,1.5.");
  }
  return { [text.slice(0, at).trim()]: price };
}

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("The value must be a whole number of at least 1.");
  return value;
}

/** Milliseconds since the epoch; a date without a time is a day of this time zone. */
export function date(text: string): number {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text.trim());
  const time = new Date(isDay ? `${text.trim()}T00:00` : text).getTime();
  if (Number.isNaN(time)) throw new InvalidArgumentError("Use a date such as 2026-11-01 or 2026-11-01T09:30.");
  return time;
}

/** Milliseconds. */
export function seconds(text: string): number {
  return 1000 * positive(text);
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError("The value must be a whole number of at least 0.");
  }
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("The value must be a number above 0.");
  return value;
}

/** The sandbox with the user's limits. */
export function sandboxWith(
  sandbox: Sandbox,
  { codeTimeout: time, codeMemory: memory }: Pick<ModelOptions, "codeTimeout" | "codeMemory">,
): Sandbox {
  return sandbox.within({ time, memory });
}
