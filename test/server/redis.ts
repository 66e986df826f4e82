import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TLS = join(import.meta.dirname, "../fixtures/tls");

export interface RedisServer {
  readonly url: string;
  /** Kills it, waits, and starts it again on what it had written. */
  restart(pause: number): Promise<void>;
  /** Stops it without a word, as a disk that hangs does, and lets it go on after these milliseconds. */
  freeze(pause: number): Promise<void>;
  /** Everything that was ever written to it. */
  written(): Promise<string>;
  close(): Promise<void>;
}

/**
 * A Redis of its own that writes each command to disk before it answers.
 * @param isSecure speaks TLS alone
 * @param more options, which replace earlier ones
 */
export async function startRedis(isSecure = false, more: readonly string[] = []): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "agentgraph-redis-"));
  const port = await freePort();
  const certificate = ["--tls-cert-file", join(TLS, "server.pem"), "--tls-key-file", join(TLS, "server.key")];
  const secured = ["--port", "0", "--tls-port", String(port), ...certificate, "--tls-auth-clients", "no"];
  const options = [
    ...(isSecure ? secured : ["--port", String(port)]),
    "--bind",
    "127.0.0.1",
    "--dir",
    folder,
    "--save",
    "",
    "--appendonly",
    "yes",
  ];
  let child: ChildProcess;
  const start = async () => {
    child = spawn("redis-server", [...options, "--appendfsync", "always", ...more], {
      stdio: ["ignore", "pipe", "ignore"],
    });
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
    url: isSecure ? `rediss://localhost:${port}` : `redis://127.0.0.1:${port}`,
    async restart(pause) {
      await stop();
      await new Promise((resolve) => setTimeout(resolve, pause));
      await start();
    },
    async freeze(pause) {
      child.kill("SIGSTOP");
      await new Promise((resolve) => setTimeout(resolve, pause));
      child.kill("SIGCONT");
    },
    async written() {
      const files = await readdir(join(folder, "appendonlydir")).catch(() => []);
      const texts = await Promise.all(files.map((file) => readFile(join(folder, "appendonlydir", file), "latin1")));
      return texts.join("");
    },
    async close() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface CuttableConnection {
  readonly url: string;
  /** Lets nothing through, and tells nobody: as a network that is cut. */
  cut(): void;
  restore(): void;
  close(): void;
}

/** A connection to a server on this computer that can be cut. */
export async function startCuttableConnection(to: string): Promise<CuttableConnection> {
  const { protocol, port } = new URL(to);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    const far = connect(Number(port), "127.0.0.1");
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (data) => {
        if (!isCut) into.write(data);
      });
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        if (!isCut) into.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const end = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `${protocol}//127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
    cut: () => {
      isCut = true;
    },
    restore: () => {
      // What was open before stays dead.
      end();
      isCut = false;
    },
    close: () => {
      end();
      server.close();
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
