import { constants } from "node:fs";
import { access, chmod, stat } from "node:fs/promises";

/**
 * Whether a file is not to be written: its mode says so, or the system does for this user (permissions, a read-only
 * file system). One that doesn't exist is not.
 */
export async function isReadOnly(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (!found) return false;
  // The system asks no permission of an administrator, and none of the file when it is replaced.
  if ((found.mode & 0o222) === 0) return true;
  return access(path, constants.W_OK).then(
    () => false,
    () => true,
  );
}

/**
 * Lets the owner write a file.
 * @returns what takes that back. Rejects where the system refuses it
 */
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
