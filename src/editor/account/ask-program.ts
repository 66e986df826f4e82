import { l10n, window } from "vscode";
import { commandLine } from "../../platform/programs/commands.ts";
import { describeIsolation } from "../../platform/programs/isolation.ts";
import { here } from "../../platform/programs/program-sandbox.ts";
import { Cancelled, NotFound } from "../errors.ts";
import { oneLine } from "../ui/markdown.ts";
import type { ProgramQuestion } from "./program-consent.ts";

/** Maximum number of files to name. */
const SHOWN = 10;

/** @throws Cancelled */
export async function askProgram({ files, runsModelCode }: ProgramQuestion): Promise<void> {
  const run = l10n.t("Run");
  const message = runsModelCode
    ? l10n.t("Run code that models write on this computer?")
    : l10n.t("Run code of this graph on this computer?");
  const named = files.slice(0, SHOWN).map(({ file, command, digest }) => {
    return l10n.t("{0} with {1} (hash {2})", oneLine(file), oneLine(commandLine(command)), digest.slice(0, 16));
  });
  const lines = [
    named.join("\n"),
    files.length > SHOWN ? l10n.t("And {0} more.", files.length - SHOWN) : "",
    runsModelCode
      ? l10n.t("These tests run code that models write during the run. No one has read that code before it runs.")
      : "",
    describeIsolation(await here(), l10n.t),
  ];
  const detail = lines.filter(Boolean).join("\n\n");
  if ((await window.showWarningMessage(message, { modal: true, detail }, run)) !== run) throw new Cancelled();
}

/** @throws NotFound */
export function refuseProgram(file: string): never {
  throw new NotFound(
    l10n.t(
      "{0} can't run because there is no command for its language. Add one in the setting agentgraph.code.commands.",
      oneLine(file),
    ),
  );
}
