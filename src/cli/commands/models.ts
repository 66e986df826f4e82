import { ENGLISH } from "../../i18n/locale.ts";
import { oneLine } from "../../i18n/plain-text.ts";
import { entryFor } from "../../models/known-models.ts";
import { type PriceOf, priceList } from "../../models/prices.ts";
import type { NamedModel } from "../../models/provider.ts";
import type { ServerChoice } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { EXIT } from "../exit.ts";
import { chooseServer } from "../server/provider.ts";

/** Milliseconds that a server may take to list its models. */
const LISTING = 30_000;

/** Lists the models of the user's server, with price and shutdown date if known. */
export async function modelsCommand(cli: Cli, options: ServerChoice): Promise<number> {
  const { output, signal } = cli;
  const { provider, connection } = await chooseServer([], options, cli);
  const models = await provider.listModels(connection, AbortSignal.any([signal, AbortSignal.timeout(LISTING)]));
  const price = priceList(options.price, cli.deps.clock.now());
  const listed = models.map(({ price: own, ...model }) => {
    const isOwn = own !== undefined && entryFor(options.price ?? {}, model.name) === undefined;
    return { ...model, price: isOwn ? { prompt: own.prompt, completion: own.completion } : priceOf(model.name, price) };
  });
  if (output.json) output.object({ version: 1, models: listed });
  const width = Math.max(0, ...listed.map(({ name }) => name.length));
  for (const model of listed) output.print(line(model, Math.min(width, 60)));
  const none = "The server doesn't list its models. On Azure, models are named by their deployments.";
  output.print(
    models.length === 0
      ? none
      : `${models.length} ${models.length === 1 ? "model" : "models"}. Prices are US dollars per million tokens.`,
  );
  return EXIT.done;
}

/** A number of tokens so small that no price for long prompts applies. */
const SOME = 1000;

interface ListedPrice {
  readonly prompt: number;
  readonly completion: number;
}

function priceOf(model: string, price: PriceOf): ListedPrice | null {
  const [prompt, completion] = [
    price(model, { prompt: SOME, completion: 0, estimated: false }),
    price(model, { prompt: 0, completion: SOME, estimated: false }),
  ];
  if (prompt === null || completion === null) return null;
  return { prompt: (prompt * 1e6) / SOME, completion: (completion * 1e6) / SOME };
}

function line(
  { name, end, price }: Omit<NamedModel, "price"> & { readonly price: ListedPrice | null },
  width: number,
): string {
  const cost = price ? `${ENGLISH.money(price.prompt)} / ${ENGLISH.money(price.completion)}` : "price unknown";
  return [oneLine(name, 200).padEnd(width), cost.padEnd(18), ...(end === undefined ? [] : [`ends ${end}`])]
    .join("  ")
    .trimEnd();
}
