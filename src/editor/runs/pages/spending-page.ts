import { l10n } from "vscode";
import { runPathsOf } from "../../../run/record/run-paths.ts";
import type { RunsDeps } from "../../../run/record/runs.ts";
import { spendingHtml } from "../../../run/report/spending.ts";
import { joinedSpending, readSpending } from "../../../run/spending.ts";
import { LOCALE } from "../../editor-locale.ts";
import type { GraphFiles } from "../../graph-files.ts";
import type { Page } from "./pages.ts";

/** The page with the costs of all runs in the workspace. */
export async function spendingPage(graphs: GraphFiles, deps: RunsDeps): Promise<Page> {
  const roots = [...(await graphs.roots())];
  const spending = joinedSpending(await Promise.all(roots.map((root) => readSpending(deps, runPathsOf(root)))));
  return { title: l10n.t("Spending"), html: (theme) => spendingHtml(spending, roots.join(", "), LOCALE, theme) };
}
