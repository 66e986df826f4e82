import { spawnSync } from "node:child_process";

/** Whether a `redis-server` is on the path. */
export const hasRedis = (): boolean => spawnSync("redis-server", ["--version"]).status === 0;

/**
 * Installs Debian's and Ubuntu's `redis-server` where it is missing, as root or by a `sudo` that asks nothing.
 * @returns why it could not be installed; null if it is there
 */
export function installRedis(): string | null {
  if (hasRedis()) return null;
  const manual = "Install redis-server, so that the tests of several machines run.";
  if (process.platform !== "linux") return `There is no redis-server on the path. ${manual}`;
  const asRoot = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const steps = [["update"], ["install", "--yes", "--no-install-recommends", "redis-server"]];
  console.log("Installing redis-server with apt-get (once) …");
  let said = "";
  for (const step of steps) {
    const [program = "", ...options] = [...asRoot, "apt-get", "--quiet", ...step];
    const { status, error, stdout, stderr } = spawnSync(program, options, { env, encoding: "utf8", timeout: 300_000 });
    // A list that can't be refreshed may still hold the package.
    if (status !== 0) said = error ? `${program}: ${error.message}` : `${stdout}${stderr}`.trim().slice(-1000);
  }
  return hasRedis() ? null : `redis-server could not be installed. ${manual}\n${said}`;
}
