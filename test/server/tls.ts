import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Server as NetServer } from "node:net";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../fixtures/tls");

/** A certificate authority of these tests alone; its key was thrown away. */
export const AUTHORITY = join(folder, "ca.pem");

/** The names that the server's certificate is made for. Nobody but a proxy of ours finds the first. */
export const HOST = "models.example.test";

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** A server on this computer whose certificate that authority has signed. */
export function startTls(answer: RequestListener): Promise<Listening> {
  const [cert, key] = ["server.pem", "server.key"].map((name) => readFileSync(join(folder, name)));
  return listening(createTlsServer({ cert, key }, answer));
}

export interface RunningProxy extends Listening {
  /** Hosts and ports that were asked for, and the credentials. */
  readonly asked: readonly { readonly host: string; readonly authorization: string | undefined }[];
}

/** A proxy that leads every host to one port of this computer. @param status answered to CONNECT instead of a tunnel */
export async function startProxy(to: number, status = 200): Promise<RunningProxy> {
  const asked: { host: string; authorization: string | undefined }[] = [];
  const server = createServer((_, response) => response.writeHead(501).end());
  server.on("connect", (request, socket, head) => {
    asked.push({ host: request.url ?? "", authorization: request.headers["proxy-authorization"] });
    socket.on("error", () => {});
    if (status !== 200) return socket.end(`HTTP/1.1 ${status} Refused\r\n\r\n`);
    const upstream = connect(to, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on("error", () => socket.destroy());
  });
  return { ...(await listening(server)), asked };
}

async function listening(server: NetServer & { closeAllConnections(): void }): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
