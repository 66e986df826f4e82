import { basename } from "node:path";
import { commands, l10n, languages, RelativePattern, type TextDocument, window, workspace } from "vscode";
import { isReadOnly, makeWritable } from "../../platform/writable.ts";
import { Cancelled, NotFound } from "../errors.ts";

/** Files that the user made writable in this window. VS Code has no API for the ones that it made writable itself. */
const writable = new Set<string>();

/**
 * Asks before read-only files are changed, whether on disk or by the user's settings. Refusing changes nothing.
 * @throws Cancelled, NotFound
 */
export async function askAboutReadOnly(documents: readonly TextDocument[]): Promise<void> {
  const onDisk: TextDocument[] = [];
  for (const document of documents) if (await isReadOnly(document.uri.fsPath)) onDisk.push(document);
  const bySetting = documents.filter(isReadOnlyBySetting);
  const all = documents.filter((document) => onDisk.includes(document) || bySetting.includes(document));
  if (all.length === 0) return;

  const names = all.map(nameOf).join(", ");
  const message =
    all.length === 1
      ? l10n.t("{0} is read-only. Make it writable and apply the text?", names)
      : l10n.t("{0} are read-only. Make them writable and apply the texts?", names);
  const detail = [
    onDisk.length > 0 ? l10n.t("Changes the permissions of {0}.", onDisk.map(nameOf).join(", ")) : "",
    bySetting.length > 0
      ? l10n.t(
          "The setting files.readonlyInclude makes {0} read-only. This makes it writable in this window until VS Code closes.",
          bySetting.map(nameOf).join(", "),
        )
      : "",
  ];
  const make = l10n.t("Make writable");
  const said = detail.filter(Boolean).join("\n\n");
  const answer = await window.showWarningMessage(message, { modal: true, detail: said }, make);
  if (answer !== make) throw new Cancelled();
  await unlock(onDisk);
  for (const document of all.filter((one) => bySetting.includes(one) || followsPermissions(one))) {
    await window.showTextDocument(document, { preview: false });
    await commands.executeCommand("workbench.action.files.setActiveEditorWriteableInSession");
    writable.add(document.uri.toString());
  }
}

/** Makes all documents writable, or none. @throws NotFound */
async function unlock(documents: readonly TextDocument[]): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  for (const document of documents) {
    try {
      undo.push(await makeWritable(document.uri.fsPath));
    } catch (error) {
      for (const takeBack of undo) await takeBack();
      const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
      throw new NotFound(l10n.t("{0} couldn't be made writable ({1}), so nothing was applied.", nameOf(document), why));
    }
  }
}

/** Whether VS Code's settings make a file read-only. A file that matches `files.readonlyExclude` is writable. */
function isReadOnlyBySetting(document: TextDocument): boolean {
  if (writable.has(document.uri.toString())) return false;
  const isIn = (name: string) => {
    const globs = workspace.getConfiguration("files", document.uri).get<Record<string, boolean>>(name, {});
    return Object.entries(globs).some(([glob, isOn]) => isOn && matches(document, glob));
  };
  return isIn("readonlyInclude") && !isIn("readonlyExclude");
}

/** Whether a glob matches a file. A relative glob starts at the workspace folder. */
function matches(document: TextDocument, glob: string): boolean {
  const folder = workspace.getWorkspaceFolder(document.uri);
  const patterns = folder ? [glob, new RelativePattern(folder, glob)] : [glob];
  return patterns.some((pattern) => languages.match({ pattern }, document) > 0);
}

function followsPermissions({ uri }: TextDocument): boolean {
  return workspace.getConfiguration("files", uri).get("readonlyFromPermissions", false);
}

function nameOf({ uri }: TextDocument): string {
  return basename(uri.fsPath);
}
