// Runs the shipped command line once for each message, each time as in a new process: arguments, environment, folder and
// listeners are set anew, and the entry is loaded again. The code that it shares with the editor is compiled once.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const entry = require.resolve(fileURLToPath(new URL("../../dist/cli.js", import.meta.url)));
const leave = process.exit.bind(process);
const home = process.cwd();
/** Windows can't work without these. */
const SYSTEM = /^(system(drive|root)|windir|temp|user(name|domain)|home(drive|path)|logonserver)$/i;

process.on("message", ({ args, folder, env, mark }) => {
  process.chdir(folder);
  for (const name of Object.keys(process.env)) {
    if (process.platform !== "win32" || !SYSTEM.test(name)) delete process.env[name];
  }
  Object.assign(process.env, env);
  process.argv = [process.execPath, entry, ...args];
  let isOver = false;
  process.exit = (code = 0) => {
    if (isOver) return;
    isOver = true;
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"]) process.removeAllListeners(name);
    // The caller removes its folder; Windows keeps one that a process is in.
    process.chdir(home);
    for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners("error");
    process.stdout.write(mark, () => process.stderr.write(mark, () => process.send({ code })));
  };
  delete require.cache[entry];
  require(entry);
});
process.on("disconnect", () => leave(0));
