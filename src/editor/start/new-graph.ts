import { basename, dirname } from "node:path";
import { commands, l10n, type QuickPickItem, QuickPickItemKind, Uri, window, workspace } from "vscode";
import type { Files } from "../../deps.ts";
import { ImportRefused } from "../../import/importer.ts";
import type { Chosen, NewGraph } from "../../import/new-graph.ts";
import { PROGRAMS } from "../../import/programs.ts";
import type { GuessedLoss } from "../../loss/guess.ts";
import type { SomeCommands } from "../commands/commands.ts";
import { LOCALE } from "../editor-locale.ts";
import { Cancelled, NotFound } from "../errors.ts";
import { exists } from "../exists.ts";
import { isGraphFile } from "../graph-files.ts";
import { showInfo } from "../ui/notifications.ts";

/** Globs of files that the command offers as prompts, and of files of other programs that it recognizes. */
const PROMPTS = "**/*.{md,txt,prompt,prompty,jinja,jinja2,j2,yaml,yml,toml}";
const EXCLUDED = "**/{node_modules,.git,.venv,dist,build,.agentgraph}/**";
const MOST = 500;

type Changeable = keyof NewGraph["guesses"];

const CHANGEABLE = ["data", "target", "split", "loss", "output"] as const satisfies readonly Changeable[];

function guessTitles(): Readonly<Record<Changeable, string>> {
  return {
    data: l10n.t("Data file"),
    target: l10n.t("Column with the answer"),
    split: l10n.t("Percent of the rows for training, validation and test"),
    loss: l10n.t("Loss"),
    output: l10n.t("Node that gives the answer"),
  };
}

function lossHelp(): Readonly<Record<GuessedLoss, string>> {
  return {
    number: l10n.t("The number in the answer equals the expected one."),
    exact: l10n.t("The answer equals the expected text, apart from case, spacing and a final period."),
    choice: l10n.t("The answer names the right one of several options."),
    set: l10n.t("The answer lists the expected elements, in any order."),
    json: l10n.t("The answer is JSON whose fields equal the expected ones."),
    f1: l10n.t("The answer and the expected text share words: 0 … 1."),
    judge: l10n.t("A model scores the answer against the expected text. Costs a call per answer."),
  };
}

/** Creates graphs from existing files: prompts with data, or files of another program. */
export class NewGraphs {
  readonly commands = {
    newGraph: (target, selected) => this.#new(target, selected),
    importGraph: (target, selected) => this.#import(target, selected),
  } satisfies SomeCommands;

  constructor(private readonly files: Files) {}

  /** @throws Cancelled, NotFound */
  async #new(target: unknown, selected: unknown): Promise<void> {
    const { newGraph } = await import("../../import/new-graph.ts");
    const paths = urisOf(target, selected).map(({ fsPath }) => fsPath);
    const given = paths.length > 0 ? paths : await pickPrompts(this.files);
    let chosen: Chosen = {};
    for (;;) {
      const graph = await newGraph(given, this.files, LOCALE.t, chosen).catch(refused);
      const answer = await showGuesses(graph);
      if (answer === "create") {
        // Another program took the name while the list was open: the list shows the next free one.
        if (await exists(Uri.file(graph.path))) continue;
        await this.files.write(graph.path, graph.text);
        return show(Uri.file(graph.path), graph.notes, graph.guesses.data.value !== null);
      }
      chosen = { ...chosen, ...(await change(graph, answer)) };
    }
  }

  async #import(target: unknown, selected: unknown): Promise<void> {
    const { findImports, importFile } = await import("../../import/import.ts");
    const [given] = urisOf(target, selected);
    const folders = given ? [given] : (workspace.workspaceFolders ?? []).map(({ uri }) => uri);
    const found = (await Promise.all(folders.map(({ fsPath }) => findImports(fsPath, this.files)))).flat();
    const known = Object.values(PROGRAMS).join(", ");
    if (found.length === 0) throw new NotFound(l10n.t("No files of a supported program were found: {0}.", known));
    const items = found.map((one) => {
      // Of the file, not of its folder: the path of a workspace folder itself stays absolute.
      const folder = dirname(workspace.asRelativePath(one.file));
      const program = PROGRAMS[one.importer.kind];
      return { label: basename(one.file), description: folder === "." ? program : `${program} · ${folder}`, one };
    });
    const options = { title: l10n.t("Which files should become a graph?"), ignoreFocusOut: true };
    const picked = items.length === 1 ? items[0] : await window.showQuickPick(items, options);
    if (!picked) throw new Cancelled();
    const imported = await importFile(picked.one, this.files, { t: LOCALE.t }).catch(refused);
    for (const [path, text] of imported.written) await this.files.write(path, text);
    await show(Uri.file(imported.graphFile), imported.notes, Boolean(imported.draft.data));
  }
}

function refused(error: unknown): never {
  throw error instanceof ImportRefused ? new NotFound(error.message) : error;
}

/** The files that a command was called on: the selected ones, or the one under the pointer. */
function urisOf(target: unknown, selected: unknown): Uri[] {
  const all = Array.isArray(selected) && selected.length > 0 ? selected : [target];
  // Without a target, a command is called on the graph that is shown.
  return all.filter((one: unknown) => one instanceof Uri).filter((uri) => !isGraphFile(uri));
}

/** The files that look like the prompts of one pipeline come first and are selected. @throws Cancelled, NotFound */
async function pickPrompts(files: Files): Promise<string[]> {
  const { likelyPrompts } = await import("../../import/likely-prompts.ts");
  const found = await workspace.findFiles(PROMPTS, EXCLUDED, MOST);
  const likely = await likelyPrompts(
    found.map(({ fsPath }) => fsPath),
    files,
  );
  const items = found
    .map(({ fsPath }) => ({ label: workspace.asRelativePath(fsPath), path: fsPath, picked: likely.has(fsPath) }))
    .sort((a, b) => Number(b.picked) - Number(a.picked) || a.label.localeCompare(b.label, "en", { numeric: true }));
  if (items.length === 0)
    throw new NotFound(l10n.t("There are no prompt files in this workspace: Markdown, text or YAML."));
  const title = l10n.t("Select prompt files. The data file is detected; you can change it next.");
  const picked = await window.showQuickPick(items, {
    title,
    canPickMany: true,
    ignoreFocusOut: true,
    matchOnDescription: true,
  });
  if (!picked) throw new Cancelled();
  if (picked.length === 0) throw new NotFound(l10n.t("No file is selected. Select the prompt files of your graph."));
  return picked.map(({ path }) => path);
}

/** Shows one list with all guesses. Each can be changed, and the first item creates the graph. */
async function showGuesses({ guesses, path, notes, steps }: NewGraph): Promise<Changeable | "create"> {
  const none = l10n.t("none found");
  const loss = guesses.loss.value as GuessedLoss | null;
  const details: Partial<Record<Changeable, string>> = {
    ...(steps.length > 1 && { output: l10n.t("Order of the nodes: {0}", steps.join(", ")) }),
    ...(loss !== null && { loss: lossHelp()[loss] }),
  };
  const item = (id: Changeable, label: string) => ({
    label: `$(edit) ${label}`,
    description: guesses[id].value ?? none,
    ...(details[id] && { detail: details[id] }),
    id,
  });
  const items: (QuickPickItem & { readonly id?: Changeable | "create" })[] = [
    { label: `$(check) ${l10n.t("Create graph")}`, description: basename(path), id: "create" },
    { label: l10n.t("Guesses"), kind: QuickPickItemKind.Separator },
    ...CHANGEABLE.filter((id) => id !== "split" || guesses.split.value !== null).map((id) =>
      item(id, guessTitles()[id]),
    ),
    ...(notes.length > 0 ? [{ label: l10n.t("Not found"), kind: QuickPickItemKind.Separator }] : []),
    ...notes.map((note) => ({ label: `$(warning) ${note}`, id: "create" as const })),
  ];
  const picked = await window.showQuickPick(items, {
    title: l10n.t("New graph from these prompts"),
    ignoreFocusOut: true,
  });
  if (!picked?.id) throw new Cancelled();
  return picked.id;
}

async function change({ guesses, path }: NewGraph, id: Changeable): Promise<Chosen> {
  const { value, others } = guesses[id];
  const browse = l10n.t("Choose a file…");
  const known: QuickPickItem[] = [...(value === null ? [] : [value]), ...others].map((label) => ({
    label,
    ...(label === value && { description: l10n.t("guessed") }),
    ...(id === "loss" && { detail: lossHelp()[label as GuessedLoss] }),
  }));
  const items = id === "data" ? [...known, { label: browse }] : known;
  const picked = await window.showQuickPick(items, { title: guessTitles()[id], ignoreFocusOut: true });
  // Back to the list of guesses.
  if (!picked) return {};
  if (id === "data") {
    if (picked.label !== browse)
      return { data: Uri.joinPath(Uri.file(dirname(path)), picked.label).fsPath, target: undefined, loss: undefined };
    const filters = { [l10n.t("Data")]: ["csv", "tsv", "json", "jsonl", "ndjson"] };
    const [file] = (await window.showOpenDialog({ filters, canSelectMany: false })) ?? [];
    return file ? { data: file.fsPath, target: undefined, loss: undefined } : {};
  }
  if (id === "target") return { target: picked.label, loss: undefined };
  if (id === "split") return { split: picked.label };
  return id === "loss" ? { loss: picked.label as GuessedLoss } : { output: picked.label };
}

/** Opens the file beside its graph, says what was left out, and offers to optimize a graph that has rows. */
async function show(graph: Uri, notes: readonly string[], hasRows: boolean): Promise<void> {
  await window.showTextDocument(graph, { preview: false });
  await commands.executeCommand("agentgraph.showGraph", graph);
  const optimize = l10n.t("Optimize graph");
  const showAll = l10n.t("Show all");
  const more = notes.length > 1 ? ` (${l10n.t("and {0} more", notes.length - 1)})` : "";
  const message = [l10n.t("{0} was created.", basename(graph.path)), ...notes.slice(0, 1)].join(" ") + more;
  // Not awaited: the command is done.
  void showInfo(message, ...(hasRows ? [optimize] : []), ...(notes.length > 1 ? [showAll] : [])).then(
    async (pressed) => {
      if (pressed === optimize) await commands.executeCommand("agentgraph.optimize", graph);
      if (pressed !== showAll) return;
      const content = notes.map((note) => `- ${note}`).join("\n");
      await window.showTextDocument(await workspace.openTextDocument({ language: "markdown", content }));
    },
  );
}
