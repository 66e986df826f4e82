import { type Uri, workspace } from "vscode";

/** Whether a file or folder is at a place. */
export async function exists(uri: Uri): Promise<boolean> {
  return workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}
