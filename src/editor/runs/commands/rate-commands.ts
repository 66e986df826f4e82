import { l10n, type QuickPickItem, Uri, window, workspace } from "vscode";
import { titleOf } from "../../../data/sample-title.ts";
import type { Files } from "../../../deps.ts";
import type { Rated, Rating } from "../../../run/rate.ts";
import type { RunsDeps } from "../../../run/record/runs.ts";
import { runIdOf, sampleRefOf } from "../../commands/command-arguments.ts";
import type { SomeCommands } from "../../commands/commands.ts";
import { LOCALE } from "../../editor-locale.ts";
import { Cancelled, NotFound } from "../../errors.ts";
import type { GraphFiles } from "../../graph-files.ts";
import { pickGraph } from "../../graph-pick.ts";
import { answerUri } from "../../review/instructions.ts";
import { oneLine } from "../../ui/markdown.ts";
import { showInfo } from "../../ui/notifications.ts";
import type { OpenedRun } from "../opened-run.ts";
import { graphOfRun } from "../prepare.ts";
import type { RunStore } from "../run-store.ts";

/** Maximum number of characters of a text on one line of the list. */
const LINE = 300;
/** Number of characters that fit on such a line in a usual window. */
const SHORT = 80;

/** Shows the answers of a run one by one. The user's rating is written to the row in the data file. */
export class RateCommands {
  readonly commands = { rate: (target) => this.#rate(target) } satisfies SomeCommands;

  constructor(
    private readonly deps: RunsDeps,
    private readonly runStore: RunStore,
    private readonly graphs: GraphFiles,
  ) {}

  async #rate(target: unknown): Promise<void> {
    const ref = sampleRefOf(target);
    const run = await this.#runOf(target, ref?.run ?? runIdOf(target));
    const file = await graphOfRun(run.entry, this.graphs);
    const { worstFirst } = await import("../../../run/rate.ts");
    const samples = ref ? [ref.sample] : worstFirst(run.state.scores[run.state.theta] ?? {});
    if (samples.length === 0) throw new NotFound(l10n.t("This run has no answers to rate."));
    const written = new Set<string>();
    const known = new Set<string>();
    const rated = new Set<string>();
    for (let at = 0; at < samples.length; at++) {
      const id = samples[at] ?? "";
      const said = await askUntilSaid(run, id, at, samples.length);
      if (said === "stop") break;
      if (said === "back") at -= 2;
      if (said === "skip" || said === "back") continue;
      const done = await this.#write(file, id, said);
      if (done === null) continue;
      if (Object.keys(done.values).length === 0) known.add(done.file);
      else {
        written.add(done.file);
        rated.add(id);
      }
    }
    if (rated.size === 0) {
      const [name] = known;
      if (name !== undefined) void showInfo(l10n.t("Nothing to write: {0} expects these answers already.", name));
      return;
    }
    const names = [...written].join(", ");
    void showInfo(
      rated.size === 1
        ? l10n.t("1 rating is in {0}. The next run learns from it.", names)
        : l10n.t("{0} ratings are in {1}. The next run learns from them.", rated.size, names),
    );
  }

  /** Who confirms an answer that has not the form of its column enters the expected answer. null: the user cancelled. */
  async #write(file: Uri, id: string, said: Rating): Promise<Rated | null> {
    const { FormUnknown, NotRated, rate } = await import("../../../run/rate.ts");
    try {
      return await rate(file.fsPath, id, said, { files: unlessUnsaved(this.deps.files) }, LOCALE);
    } catch (error) {
      if (!(error instanceof FormUnknown)) throw error instanceof NotRated ? new NotFound(error.message) : error;
      const value = said.correction ?? said.answer ?? "";
      const title = l10n.t("Rate the answer");
      const correction = await window.showInputBox({ title, prompt: error.message, value, ignoreFocusOut: true });
      if (correction === undefined) return null;
      return this.#write(file, id, { correction, ...(said.comment !== undefined && { comment: said.comment }) });
    }
  }

  /** The run of the command, else the last run of the graph with answers. @throws NotFound */
  async #runOf(target: unknown, id: string | null): Promise<OpenedRun> {
    const runs = id === null ? await this.runStore.ofGraph(await pickGraph(target, this.graphs)) : [{ id }];
    for (const { id: one } of runs) {
      const run = await this.runStore.open(one);
      if (!run || Object.keys(run.state.scores[run.state.theta] ?? {}).length === 0) continue;
      if (!run.entry.untrusted) return run;
      if (id !== null) throw new NotFound(l10n.t("This run was made on another machine, so its answers aren't used."));
    }
    throw new NotFound(l10n.t("There are no answers to rate yet. Evaluate the graph first."));
  }
}

/** Files that reject writing to a file with unsaved changes in an editor. */
export function unlessUnsaved(files: Files): Files {
  const write = async (path: string, text: string) => {
    const open = workspace.textDocuments.find(({ uri, isDirty }) => isDirty && uri.fsPath === Uri.file(path).fsPath);
    if (open) throw new NotFound(l10n.t("{0} has unsaved changes. Save it first.", workspace.asRelativePath(open.uri)));
    await files.write(path, text);
  };
  return { ...files, write };
}

/** Asks about a sample again after the user has cancelled a correction or a comment, or has read the whole answer. */
async function askUntilSaid(run: OpenedRun, id: string, at: number, of: number): Promise<Said> {
  for (;;) {
    try {
      return await ask(run, id, at, of);
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error;
    }
  }
}

type Said = Rating | "skip" | "back" | "stop";
type Item = QuickPickItem & { readonly what?: "right" | "wrong" | "comment" | "whole" | "skip" | "back" | "stop" };

/** @throws Cancelled */
async function ask(run: OpenedRun, id: string, at: number, of: number): Promise<Said> {
  const sample = run.sample(id);
  const answer = await run.value(run.state.theta, id, run.graph.output);
  const question = titleOf({ id, inputs: sample?.inputs ?? {} });
  const expected = sample?.targets.join(" | ") ?? "";
  const right: Item[] =
    answer === null
      ? []
      : [
          {
            label: `$(thumbsup) ${l10n.t("Right")}`,
            detail: l10n.t("answered: {0}", oneLine(answer, LINE) || l10n.t("(empty)")),
            what: "right",
          },
        ];
  const wrong: Item = {
    label: `$(thumbsdown) ${l10n.t("Wrong…")}`,
    detail: expected ? l10n.t("expected: {0}", oneLine(expected, LINE)) : "",
    what: "wrong",
  };
  const loss = run.state.scores[run.state.theta]?.[id]?.loss ?? null;
  const items: Item[] = [
    // The preselected item agrees with the loss.
    ...(loss !== null && loss > run.threshold ? [wrong, ...right] : [...right, wrong]),
    { label: `$(comment) ${l10n.t("Comment…")}`, what: "comment" },
    ...([question, answer ?? "", expected].some(isCut)
      ? [{ label: `$(go-to-file) ${l10n.t("Show the whole answer")}`, what: "whole" } as const]
      : []),
    ...(of > 1
      ? [
          { label: `$(debug-step-over) ${l10n.t("Skip")}`, what: "skip" } as const,
          ...(at > 0 ? [{ label: `$(arrow-left) ${l10n.t("Back")}`, what: "back" } as const] : []),
          { label: `$(debug-stop) ${l10n.t("Stop")}`, what: "stop" } as const,
        ]
      : []),
  ];
  const picked = await window.showQuickPick(items, {
    title: of > 1 ? l10n.t("Rate the answer ({0} of {1})", at + 1, of) : l10n.t("Rate the answer"),
    placeHolder: oneLine(question, LINE),
    ignoreFocusOut: true,
  });
  switch (picked?.what) {
    case "right":
      return { answer: answer ?? "" };
    case "wrong":
      return correctionOf(oneLine(question, SHORT), answer ?? "", expected);
    case "comment":
      return {
        comment: await typed(
          oneLine(question, SHORT),
          l10n.t("What is wrong with the answer “{0}”, or what is missing?", oneLine(answer ?? "", SHORT)),
          "",
        ),
      };
    case "whole":
      await window.showTextDocument(answerUri(run.entry, id), { preview: true, preserveFocus: true });
      throw new Cancelled();
    case "skip":
    case "back":
      return picked.what;
    default:
      return "stop";
  }
}

/** Whether a line of the list can't show all of a text. */
function isCut(text: string): boolean {
  return text.length > SHORT || text.trim().includes("\n");
}

/** Asks for the correction of a wrong answer, a comment, or both. @throws Cancelled */
async function correctionOf(question: string, answer: string, expected: string): Promise<Rating> {
  const answered = oneLine(answer, SHORT) || l10n.t("(empty)");
  const correction = await typed(
    question,
    l10n.t("What should the answer have been, instead of “{0}”? Leave it empty to write a comment only.", answered),
    expected || answer,
  );
  const comment = await typed(question, l10n.t("Why? Leave it empty if the right answer is enough."), "");
  if (correction.trim() === "" && comment.trim() === "") throw new Cancelled();
  return { ...(correction.trim() !== "" && { correction }), ...(comment.trim() !== "" && { comment }) };
}

/** @throws Cancelled */
async function typed(question: string, prompt: string, value: string): Promise<string> {
  const title = l10n.t("Rate the answer to “{0}”", question);
  const text = await window.showInputBox({ title, prompt, value, ignoreFocusOut: true });
  if (text === undefined) throw new Cancelled();
  return text;
}
