import { createServer, type OutgoingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface RawServer {
  /** Base address, with `/v1`. */
  readonly url: string;
  readonly requests: () => number;
}

export type RawReply = readonly [status: number, body: unknown, headers?: OutgoingHttpHeaders];

/** A server on this computer that answers by what it is sent, until the test is over. */
export async function serve(reply: (body: string) => RawReply): Promise<RawServer> {
  let requests = 0;
  const server = createServer(async (incoming, response) => {
    requests++;
    let text = "";
    for await (const part of incoming.setEncoding("utf8")) text += part;
    const [status, body, headers] = reply(text);
    response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, requests: () => requests };
}

/** One that answers everything with the same. */
export function serveRaw(...reply: RawReply): Promise<RawServer> {
  return serve(() => reply);
}
