import { l10n, window } from "vscode";
import { priceList, readPrice, unpriced } from "../../models/prices.ts";
import { Cancelled } from "../errors.ts";
import { readSettings, writePrices } from "./settings.ts";

/**
 * Asks for unknown prices, which a budget in US dollars requires, and stores them in the user's settings.
 * @param usd the budget; null without one
 * @throws Cancelled
 */
export async function askForPrices(models: readonly string[], usd: number | null): Promise<void> {
  if (usd === null) return;
  let { prices } = readSettings();
  for (let model = unpriced(models, priceList(prices)); model !== undefined; ) {
    const answer = await window.showInputBox({
      title: l10n.t("What does {0} cost?", model),
      prompt: l10n.t(
        "The budget is in US dollars, but the price of this model is unknown. Enter its price per million prompt tokens and reply tokens, or 0, 0 if it is free.",
      ),
      placeHolder: l10n.t("0.5, 1.5"),
      ignoreFocusOut: true,
      validateInput: (text) =>
        readPrice(text) ? null : l10n.t("Enter two amounts separated by a comma, such as {0}.", "0.5, 1.5"),
    });
    const price = answer === undefined ? null : readPrice(answer);
    if (!price) throw new Cancelled();
    prices = { ...prices, [model]: price };
    await writePrices(prices);
    model = unpriced(models, priceList(prices));
  }
}
