import http from "node:http";
import https from "node:https";
import { Readable } from "node:stream";
import { workspace } from "vscode";
import type { Network, Send } from "../../models/protocols/server-model.ts";
import { environmentProxyOf, LONGEST_FETCH, withoutUser } from "../../platform/network.ts";

/**
 * How requests leave VS Code: its `fetch`, `http` and `https` use the proxy and the certificates of the user's `http.*`
 * settings. `fetch` has a limit of its own for slow answers and does not know `http.proxyStrictSSL`, so `https` sends
 * where one of them counts.
 * @param timeout milliseconds a request may take
 */
export function networkOf(url: string, timeout: number): Network {
  const isStrict = setting("proxyStrictSSL") !== false;
  const send = isStrict && timeout <= LONGEST_FETCH ? fetch : sendBy(isStrict);
  return { send, proxy: proxyOf(new URL(url)) };
}

/** The proxy for an address, for messages. VS Code chooses it. null if there is none or only the system knows it. */
function proxyOf(url: URL): string | null {
  if (setting("proxySupport") === "off") return null;
  const exempt = setting("noProxy");
  const own = setting("proxy");
  if (Array.isArray(exempt) && exempt.some((rule) => typeof rule === "string" && covers(rule, url))) return null;
  const proxy = typeof own === "string" && own !== "" ? own : environmentProxyOf(url.href);
  return proxy && withoutUser(proxy);
}

/** Whether a rule such as `example.org` or `.example.org:8443` exempts the address, as VS Code reads it. */
function covers(rule: string, { hostname, port, protocol }: URL): boolean {
  const [, name = "", only] = /^\.?(.*?)(?::(\d+))?$/.exec(rule.trim().toLowerCase()) ?? [];
  if (name === "*") return true;
  if (name === "" || !`.${hostname}`.endsWith(`.${name}`)) return false;
  return only === undefined || only === (port || (protocol === "https:" ? "443" : "80"));
}

/** The user's own value: a workspace must not turn the check of certificates off. */
function setting(name: string): unknown {
  const found = workspace.getConfiguration("http").inspect<unknown>(name);
  return found?.globalValue ?? found?.defaultValue;
}

/**
 * Sends a request like `fetch` with `redirect: "error"`, but through VS Code's `http` and `https`, which have no
 * time limit of their own.
 */
function sendBy(rejectUnauthorized: boolean): Send {
  return async (to, init) => {
    // A form gets its boundary, and its content type, from the request.
    const whole = new Request(to, {
      method: init?.method ?? "GET",
      headers: init?.headers ?? {},
      body: init?.body ?? null,
    });
    const body = init?.body == null ? null : Buffer.from(await whole.arrayBuffer());
    return new Promise((resolve, reject) => {
      const url = new URL(whole.url);
      const signal = init?.signal ?? undefined;
      const fail = (cause: Error) => reject(signal?.aborted ? signal.reason : new TypeError("fetch failed", { cause }));
      const options = {
        method: whole.method,
        headers: Object.fromEntries(whole.headers),
        signal,
        rejectUnauthorized,
      };
      const request = (url.protocol === "https:" ? https : http).request(url, options, (incoming) => {
        const { statusCode: status = 500, headers } = incoming;
        if (status >= 300 && status < 400 && headers.location !== undefined) {
          incoming.destroy();
          return fail(new Error("unexpected redirect"));
        }
        const isEmpty = [204, 205, 304].includes(status);
        if (isEmpty) incoming.resume();
        const body = isEmpty ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>);
        resolve(new Response(body, { status, headers: headersOf(headers) }));
      });
      request.on("error", fail);
      request.end(body ?? undefined);
    });
  };
}

function headersOf(received: http.IncomingHttpHeaders): [string, string][] {
  return Object.entries(received).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  );
}
