/**
 * Options for every call of git. A folder of a clone can look like a bare repository, and an unpacked archive can contain a `.git`:
 * their settings could name programs that git runs.
 */
export const SAFE_GIT = [
  ["safe.bareRepository", "explicit"],
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["protocol.ext.allow", "never"],
  ["log.showSignature", "false"],
  ["gpg.program", ""],
].flatMap(([name, value]) => ["-c", `${name}=${value}`]);
