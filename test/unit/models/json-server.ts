import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Seen {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  // biome-ignore lint/suspicious/noExplicitAny: whatever the SDK sends
  readonly body: any;
}

/** Calls a function when a test is over. */
export type WhenFinished = (close: () => void | Promise<void>) => void;

export type Answer = readonly [status: number, body: unknown, headers?: Record<string, string>];

/**
 * A server on this computer that answers JSON by what it is sent, until the test is over.
 * @param whenFinished that of a test's context, for tests that run beside others
 */
export async function serve(
  answer: (seen: Seen) => Answer | "hang",
  whenFinished: WhenFinished = onTestFinished,
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer(async (incoming: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part);
    const text = Buffer.concat(parts).toString();
    const one = { path: incoming.url ?? "", headers: incoming.headers, body: text === "" ? null : JSON.parse(text) };
    seen.push(one);
    const answered = answer(one);
    if (answered === "hang") return;
    const [status, body, headers] = answered;
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  whenFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}
