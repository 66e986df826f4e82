import { constants } from "node:fs";
import { access, chmod, stat } from "node:fs/promises";

/**
 * Whether a file is read-only: by its mode, or because the system denies this user (permissions, a read-only file
 * system). A missing file is not.
 */
export async function isReadOnly(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (!found) return false;
  // The system denies nothing to an administrator, and replacing a file needs no permission on it.
  if ((found.mode & 0o222) === 0) return true;
  return access(path, constants.W_OK).then(
    () => false,
    () => true,
  );
}

/** Makes a file writable for its owner. @returns a function that reverses it. Rejects if the system refuses it */
export async function makeWritable(path: string): Promise<() => Promise<void>> {
  const { mode } = await stat(path);
  const before = mode & 0o7777;
  await chmod(path, before | 0o200);
  const takeBack = () => chmod(path, before);
  try {
    await access(path, constants.W_OK);
  } catch (error) {
    await takeBack();
    throw error;
  }
  return takeBack;
}
