import { l10n, window } from "vscode";
import { priceList, readPrice, unpriced } from "../../models/prices.ts";
import { Cancelled } from "../errors.ts";
import { readSettings, writePrices } from "./settings.ts";

/**
 * A budget in money can only be kept where prices are known: asks for those that are not, and keeps them in the user's
 * settings.
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
        "The budget is in money, and no price is known for this model. US dollars per million tokens of prompts and of replies; 0, 0 where it is free.",
      ),
      placeHolder: l10n.t("0.5, 1.5"),
      ignoreFocusOut: true,
      validateInput: (text) =>
        readPrice(text) ? null : l10n.t("Two amounts with a comma between, such as {0}.", "0.5, 1.5"),
    });
    const price = answer === undefined ? null : readPrice(answer);
    if (!price) throw new Cancelled();
    prices = { ...prices, [model]: price };
    await writePrices(prices);
    model = unpriced(models, priceList(prices));
  }
}
