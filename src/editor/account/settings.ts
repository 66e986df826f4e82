import { ConfigurationTarget, workspace } from "vscode";
import type { SandboxLimits } from "../../deps.ts";
import { type ModelChoice, ROLES, type Role } from "../../graph/graph.ts";
import type { BudgetLimits } from "../../models/model.ts";
import type { PriceTable } from "../../models/prices.ts";
import type { Provider } from "../../models/provider.ts";
import { DEFAULT_TIMEOUT } from "../../models/stack/retry-waits.ts";
import { TIERS, type TierChoice } from "../../models/tiers/choice.ts";
import { type ProgramCommands, readCommands } from "../../platform/programs/commands.ts";
import { SANDBOX_LIMITS } from "../../platform/sandbox/sandbox.ts";
import type { SoftLimits } from "../../run/state/pace.ts";
import { providerNamed } from "./providers.ts";

/** Default number of concurrent requests before a provider is chosen. */
const MANY = 16;

/** Model by role, if one is chosen. */
export type ModelNames = Readonly<Partial<Record<Role, string>>>;

/** User settings of this machine. Workspace settings are ignored. */
export interface MachineSettings {
  /** null: not chosen yet. */
  readonly provider: Provider | null;
  /** Address in the settings. Empty by default. */
  readonly baseUrl: string;
  readonly models: ModelNames;
  readonly limits: BudgetLimits;
  /** Sums after each of which a run pauses and asks. null: never. */
  readonly pauseAt: SoftLimits;
  /** Service tier of requests. */
  readonly tier: TierChoice;
  /** Whether the standard price is allowed for what flex doesn't answer. */
  readonly tierFallback: boolean;
  readonly concurrency: number;
  /** Milliseconds a request may take. */
  readonly timeout: number;
  /** Milliseconds without a response from any model after which a run ends. null: the user set none. */
  readonly maxWait: number | null;
  readonly prices: PriceTable;
  /** Limits for each call of a graph's code. */
  readonly code: SandboxLimits;
  /** Commands for code in other languages than the sandbox's. */
  readonly commands: ProgramCommands;
}

export function readSettings(): MachineSettings {
  const provider = providerNamed(userValue("provider"));
  const baseUrl = userValue("baseUrl");
  return {
    provider,
    baseUrl: typeof baseUrl === "string" ? baseUrl.trim() : "",
    models: modelNames(userValue("models")),
    limits: {
      calls: positive("budget.calls"),
      tokens: positive("budget.tokens"),
      usd: positive("budget.usd"),
    },
    pauseAt: { calls: null, usd: positive("budget.pauseUsd") },
    tier: TIERS.find((tier) => tier === userValue("tier")) ?? "now",
    tierFallback: userValue("tierFallback") === true,
    concurrency: Math.min(256, Math.max(1, Math.round(positive("concurrency") ?? provider?.concurrency ?? MANY))),
    timeout: 1000 * (positive("timeout") ?? DEFAULT_TIMEOUT / 1000),
    maxWait: chosen("maxWait", 1000),
    prices: priceTable(userValue("prices")),
    code: {
      time: 1000 * (positive("code.timeout") ?? SANDBOX_LIMITS.time / 1000),
      memory: 2 ** 20 * (positive("code.memory") ?? SANDBOX_LIMITS.memory / 2 ** 20),
    },
    commands: commandsIn(userValue("code.commands")),
  };
}

/** Commands in the settings. Empty if the value is invalid, which VS Code shows in the settings editor. */
function commandsIn(value: unknown): ProgramCommands {
  try {
    return readCommands(value ?? {});
  } catch {
    return {};
  }
}

export async function writeProvider({ id }: Provider, baseUrl: string): Promise<void> {
  const settings = workspace.getConfiguration("agentgraph");
  await settings.update("provider", id, ConfigurationTarget.Global);
  await settings.update("baseUrl", baseUrl || undefined, ConfigurationTarget.Global);
}

export async function writeTier(tier: TierChoice): Promise<void> {
  const value = tier === "now" ? undefined : tier;
  await workspace.getConfiguration("agentgraph").update("tier", value, ConfigurationTarget.Global);
}

export async function writePrices(prices: PriceTable): Promise<void> {
  const value = Object.fromEntries(
    Object.entries(prices).map(([model, { prompt, completion }]) => [model, [prompt, completion]]),
  );
  await workspace.getConfiguration("agentgraph").update("prices", value, ConfigurationTarget.Global);
}

/**
 * The machine scope in the manifest already excludes workspace values; reading only the user's value excludes them
 * again.
 */
function userValue(name: string): unknown {
  return inspect(name)?.globalValue ?? defaultValue(name);
}

function defaultValue(name: string): unknown {
  return inspect(name)?.defaultValue;
}

function inspect(name: string) {
  return workspace.getConfiguration("agentgraph").inspect<unknown>(name);
}

/** Model names by role; anything else is ignored. */
export function modelNames(value: unknown): ModelNames {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(
    ROLES.flatMap((role) => {
      const name: unknown = entries.find(([key]) => key === role)?.[1];
      return typeof name === "string" && name.trim() ? [[role, name.trim()]] : [];
    }),
  );
}

/** Model names as overrides of a graph file. */
export function modelChoices(names: ModelNames): Partial<Record<Role, ModelChoice>> {
  return Object.fromEntries(Object.entries(names).map(([role, model]) => [role, { model, params: {} }]));
}

/** The user's number; null if there is none. An invalid value must not remove the default limit. */
function positive(name: string): number | null {
  const numbers = [userValue(name), defaultValue(name)];
  return numbers.find((value): value is number => typeof value === "number" && value > 0) ?? null;
}

/** A positive number that the user set, times this; null: the setting has its default, which may differ by provider. */
function chosen(name: string, unit: number): number | null {
  const value = inspect(name)?.globalValue;
  return typeof value === "number" && value > 0 ? unit * value : null;
}

function priceTable(value: unknown): PriceTable {
  const entries: [string, unknown][] = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.flatMap(([model, pair]) => {
      const [prompt, completion]: unknown[] = Array.isArray(pair) ? pair : [];
      return typeof prompt === "number" && typeof completion === "number" ? [[model, { prompt, completion }]] : [];
    }),
  );
}
