import { randomUUID } from "node:crypto";
import { ENGLISH } from "../../i18n/locale.ts";
import { endingMessage, otherTierMessage } from "../../i18n/warnings.ts";
import { type Address, AddressRefused, OPENAI_ADDRESS } from "../../models/address.ts";
import { type Ending, knownEndings, listedEndings } from "../../models/endings.ts";
import type { Model } from "../../models/model.ts";
import { azureAddress, azureLine } from "../../models/protocols/azure.ts";
import { isServerModel } from "../../models/protocols/server-model.ts";
import type { Provider, ProviderConnection } from "../../models/provider.ts";
import { azure } from "../../models/providers/azure.ts";
import { compatible } from "../../models/providers/compatible.ts";
import { simulated } from "../../models/providers/simulated.ts";
import { PROVIDERS } from "../../models/providers.ts";
import { DEFAULT_TIMEOUT } from "../../models/stack/retry-waits.ts";
import { timeoutOf } from "../../models/tiers/choice.ts";
import { LEARNED, nodeMemory } from "../../platform/machine.ts";
import { networkFor } from "../../platform/network.ts";
import type { ModelOptions, ServerChoice } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { UsageError } from "../errors.ts";
import { queuedModel } from "./queue.ts";

/** Address and key of the model server, and the source of each. */
interface Server {
  readonly address: string;
  readonly addressFrom: string;
  /** API key. Empty if the server needs none. */
  readonly key: string;
  readonly keyFrom: string;
}

/**
 * Connects to the model server. Address and key come from options and environment, never from a file.
 * @param models every model that the run uses
 * @throws UsageError, AddressRefused, CertificatesUnreadable
 */
export async function connect(
  models: readonly string[],
  options: Omit<ServerChoice, "price"> &
    Partial<Pick<ModelOptions, "tier" | "tierFallback" | "concurrency" | "queue" | "workersOnly">>,
  cli: Cli,
): Promise<Model> {
  const { queue } = options;
  if (queue === undefined && options.workersOnly) throw new UsageError("--workers-only needs --queue.");
  if (queue !== undefined) {
    if (options.tier) throw new UsageError("--queue can't be combined with --tier.");
    noteEnds(knownEndings(models, cli.deps.clock.now()), cli);
    const quiet = Object.assign(Object.create(cli.output), { info: () => {} });
    const env = { ...cli.env, AGENTGRAPH_API_KEY: cli.env.AGENTGRAPH_API_KEY || "on the workers" };
    const { provider, connection } = await chooseServer(models, options, { ...cli, env, output: quiet });
    const { identity } = await provider.connect({ ...connection, key: "" });
    return queuedModel(identity, { queue, ...(options.caFile !== undefined && { caFile: options.caFile }) }, cli);
  }
  if (models.includes("simulated") && options.baseUrl === undefined && options.provider === undefined) {
    const other = models.find((model) => model !== "simulated");
    if (other !== undefined) {
      throw new UsageError(
        `The simulated model can't be combined with ${other}. Use --model simulated for every role, or for none.`,
      );
    }
    return simulated.connect({ address: "", key: "", clock: cli.deps.clock, timeout: options.timeout });
  }
  const { tier, tierFallback = false } = options;
  const timeout = tier && options.timeout === DEFAULT_TIMEOUT ? timeoutOf(tier, DEFAULT_TIMEOUT) : options.timeout;
  const { provider, connection } = await chooseServer(models, { ...options, timeout }, cli);
  noteEnds(knownEndings(models, cli.deps.clock.now()), cli);
  await noteListedEnds(models, provider, connection, cli);
  const { concurrency = provider.concurrency } = options;
  const server = await provider.connect(connection);
  if (!tier) return tellingTiers(server, cli);
  const { missingTier, withTiers } = await import("../../models/tiers/tiers.ts");
  const missing = isServerModel(server) ? missingTier(tier, server) : "batch";
  if (!isServerModel(server) || missing !== null)
    throw new UsageError(`${server.identity} has no ${missing} tier at half the price.`);
  const { clock } = cli.deps;
  const tiered = withTiers(server, tier, { clock, newMark: randomUUID, concurrency, fallback: tierFallback });
  return tellingTiers(tiered, cli);
}

/** Tells the user at once, once a model and reason, that requests have another price than the tier that was chosen. */
function tellingTiers(model: Model, { output }: Pick<Cli, "output">): Model {
  const said = new Set<string>();
  return {
    ...model,
    async complete(request, signal) {
      const reply = await model.complete(request, signal);
      const { otherTier } = reply;
      if (otherTier && !said.has(`${request.model} ${otherTier}`)) {
        said.add(`${request.model} ${otherTier}`);
        output.warn(otherTierMessage(request.model, otherTier, ENGLISH.t));
      }
      return reply;
    },
  };
}

/**
 * The server that options and environment name, and how to reach it. Prints which one, and whose key.
 * @throws UsageError, AddressRefused, CertificatesUnreadable
 */
export async function chooseServer(
  models: readonly string[],
  options: Omit<ServerChoice, "price">,
  { env, deps, output }: Pick<Cli, "env" | "deps" | "output">,
): Promise<{ provider: Provider; connection: ProviderConnection }> {
  const named = PROVIDERS.find(({ id }) => id === options.provider);
  const server = named ? namedServer(named, options.baseUrl, env) : serverOf(options.baseUrl, env, models);
  const { address: given, addressFrom, key, keyFrom } = server;
  const { provider, address } = named
    ? { provider: named, address: given }
    : providerAt(given, options.azureApiVersion);
  const { url, origin } = checked(provider, address, addressFrom);
  output.info(`Model server: ${origin} (${addressFrom}), ${key === "" ? "no key" : `key from ${keyFrom}`}.`);
  if (key === "" && env.OPENAI_API_KEY) {
    output.info(`OPENAI_API_KEY isn't sent to ${origin}. If it needs a key, set AGENTGRAPH_API_KEY.`);
  }
  const network = await networkFor(url, options);
  if (network?.proxy) output.info(`Proxy: ${network.proxy}.`);
  const { timeout } = options;
  const memory = nodeMemory(LEARNED);
  return { provider, connection: { address, key, clock: deps.clock, timeout, memory, ...(network && { network }) } };
}

/** Warns of models that the API stops serving soon, because their runs can't be repeated. */
function noteEnds(endings: readonly Ending[], { deps, output }: Pick<Cli, "deps" | "output">): void {
  for (const ending of endings) output.warn(endingMessage(ending, deps.clock.now(), ENGLISH.t));
}

/** Milliseconds for which a command waits for the server's list of models. A later warning interrupts its output. */
const WAITED = 1_000;

/** Warns likewise of models that end by the server's own list. */
async function noteListedEnds(
  models: readonly string[],
  provider: Provider,
  connection: ProviderConnection,
  cli: Cli,
): Promise<void> {
  const listed = listedEndings(models, provider, connection, cli.signal).then((endings) => noteEnds(endings, cli));
  const waiting = new AbortController();
  await Promise.race([listed, cli.deps.clock.sleep(WAITED, waiting.signal).catch(() => undefined)]);
  waiting.abort();
}

/**
 * An address and its key belong together: OPENAI_API_KEY with OPENAI_BASE_URL, AGENTGRAPH_API_KEY with --base-url or
 * AGENTGRAPH_BASE_URL; without any address, either key with OpenAI's. A key never goes to the address of another.
 */
function serverOf(baseUrl: string | undefined, env: Cli["env"], models: readonly string[]): Server {
  const { AGENTGRAPH_API_KEY: own = "", OPENAI_API_KEY: openai = "" } = env;
  const named = baseUrl ?? (env.AGENTGRAPH_BASE_URL || undefined);
  if (named !== undefined) {
    const addressFrom = baseUrl === undefined ? "AGENTGRAPH_BASE_URL" : "--base-url";
    const key = own || (isSameOrigin(named, env.OPENAI_BASE_URL || OPENAI_ADDRESS) ? openai : "");
    return { address: named, addressFrom, key, keyFrom: own ? "AGENTGRAPH_API_KEY" : "OPENAI_API_KEY" };
  }
  const address = env.OPENAI_BASE_URL || undefined;
  if (address !== undefined && own !== "" && openai === "") {
    throw new UsageError(
      `AGENTGRAPH_API_KEY isn't sent to OPENAI_BASE_URL (${address}), which OPENAI_API_KEY belongs to. Set OPENAI_API_KEY, or name the server of AGENTGRAPH_API_KEY with --base-url or AGENTGRAPH_BASE_URL.`,
    );
  }
  if (address !== undefined) {
    return { address, addressFrom: "OPENAI_BASE_URL", key: openai, keyFrom: "OPENAI_API_KEY" };
  }
  const key = own || openai;
  if (key === "") {
    throw new UsageError(
      `There is no key for ${[...new Set(models)].join(", ")}. Set AGENTGRAPH_API_KEY or OPENAI_API_KEY, name a server with --base-url, or try it without a key: --model simulated.`,
    );
  }
  return {
    address: OPENAI_ADDRESS,
    addressFrom: "default",
    key,
    keyFrom: own ? "AGENTGRAPH_API_KEY" : "OPENAI_API_KEY",
  };
}

/**
 * The server of `--provider`. The vendor's own key variable goes to the vendor's address alone; AGENTGRAPH_API_KEY goes
 * where --base-url, AGENTGRAPH_BASE_URL or the provider says.
 * @throws UsageError
 */
function namedServer({ id, fields, keyVariable }: Provider, baseUrl: string | undefined, env: Cli["env"]): Server {
  const initial = fields.address?.initial ?? "";
  const own = baseUrl ?? (env.AGENTGRAPH_BASE_URL || undefined);
  const address = own ?? initial;
  const addressFrom =
    own === undefined ? `--provider ${id}` : baseUrl === undefined ? "AGENTGRAPH_BASE_URL" : "--base-url";
  if (address === "" || (own === undefined && /[A-Z]/.test(initial))) {
    throw new UsageError(
      `${id} needs an address: set --base-url${initial === "" ? "" : ` to ${initial}, with your own values`}.`,
    );
  }
  const isTheirs = own === undefined || isSameSite(own, initial);
  const vendors = (keyVariable !== undefined && isTheirs && env[keyVariable]) || "";
  const key = env.AGENTGRAPH_API_KEY || vendors;
  if (key === "" && fields.key === "required") {
    throw new UsageError(
      `There is no key for ${id}. Set ${["AGENTGRAPH_API_KEY", keyVariable].filter(Boolean).join(" or ")}.`,
    );
  }
  return { address, addressFrom, key, keyFrom: env.AGENTGRAPH_API_KEY ? "AGENTGRAPH_API_KEY" : (keyVariable ?? "") };
}

/** Whether two addresses have the same host. A part in capitals of `initial` matches any text without a dot. */
function isSameSite(address: string, initial: string): boolean {
  if (initial === "" || !URL.canParse(address)) return false;
  const [, host = ""] = /^https?:\/\/([^/]+)/.exec(initial) ?? [];
  const pattern = host.replace(/[.]/g, "\\.").replace(/[A-Z]+/g, "[^.]+?");
  return new RegExp(`^${pattern}$`).test(new URL(address).host) && new URL(address).protocol === "https:";
}

function isSameOrigin(one: string, other: string): boolean {
  return URL.canParse(one) && URL.canParse(other) && new URL(one).origin === new URL(other).origin;
}

/** Azure's own paths if the address or the version asks for them, else OpenAI's. */
function providerAt(address: string, azureApiVersion: string | undefined): { provider: Provider; address: string } {
  const own = azureAddress(address, azureApiVersion);
  return own ? { provider: azure, address: azureLine(own) } : { provider: compatible, address };
}

/** @throws UsageError, which names where the address comes from */
function checked({ fields }: Provider, address: string, from: string): Address {
  try {
    return fields.address!.read(address);
  } catch (error) {
    throw error instanceof AddressRefused ? new UsageError(`${from}: ${error.message}.`) : error;
  }
}
