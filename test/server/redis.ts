import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Debian's `redis-server`, or another one on the path; without it, the tests of several machines say that they are skipped. */
export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

export interface RedisServer {
  readonly url: string;
  /** Kills it, waits, and starts it again on what it had written. */
  restart(pause: number): Promise<void>;
  /** Everything that was ever written to it. */
  written(): Promise<string>;
  close(): Promise<void>;
}

/** A Redis of its own that writes each command to disk before it answers. */
export async function startRedis(): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "agentgraph-redis-"));
  const port = await freePort();
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes"];
  let child: ChildProcess;
  const start = async () => {
    child = spawn("redis-server", [...options, "--appendfsync", "always"], { stdio: ["ignore", "pipe", "ignore"] });
    await new Promise<void>((resolve, reject) => {
      child.stdout!.on("data", (text: Buffer) => {
        if (text.includes("Ready to accept connections")) resolve();
      });
      child.once("error", reject);
    });
  };
  await start();
  const stop = async () => {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    async restart(pause) {
      await stop();
      await new Promise((resolve) => setTimeout(resolve, pause));
      await start();
    },
    async written() {
      const files = await readdir(join(folder, "appendonlydir"));
      const texts = await Promise.all(files.map((file) => readFile(join(folder, "appendonlydir", file), "latin1")));
      return texts.join("");
    },
    async close() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address ? address.port : 0;
}
