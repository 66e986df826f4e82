import { readFile } from "node:fs/promises";
import { BlockList, isIP } from "node:net";
import { rootCertificates } from "node:tls";
import { getProxyForUrl } from "proxy-from-env";
import { isLoopback } from "../models/address.ts";
import type { Network } from "../models/protocols/server-model.ts";

export interface NetworkOptions {
  /** A PEM file with certificates to trust in addition to the default ones and those of NODE_EXTRA_CA_CERTS. */
  readonly caFile?: string;
  /** Time limit of a request in milliseconds. */
  readonly timeout: number;
}

/** The user's certificates can't be used. */
export class CertificatesUnreadable extends Error {
  override readonly name = "CertificatesUnreadable";
  readonly code = "CertificatesUnreadable";
  constructor(
    readonly path: string,
    /** System error such as ENOENT; `no certificate` if the file has none. */
    readonly reason: string,
  ) {
    super(`${path} cannot be used: ${reason}`);
  }
}

/** Milliseconds before Node's own `fetch` always gives up, with some margin. */
export const LONGEST_FETCH = 290_000;

/**
 * The connection for an address: through the proxy of HTTPS_PROXY, HTTP_PROXY or ALL_PROXY unless NO_PROXY exempts
 * it, with the user's certificates. Servers on this computer never use a proxy. npm's settings, which a folder can
 * contain, are ignored: only the environment counts.
 * @returns undefined if Node's own `fetch` suffices
 * @throws CertificatesUnreadable
 */
export async function networkFor(url: string, { caFile, timeout }: NetworkOptions): Promise<Network | undefined> {
  const proxy = environmentProxyOf(url);
  if (proxy === null && caFile === undefined && timeout <= LONGEST_FETCH) return undefined;
  const ca = caFile === undefined ? undefined : await certificates(caFile);
  const {
    undici: { Agent, fetch, ProxyAgent },
  } = await import("./undici.ts");
  const limits = { headersTimeout: timeout + 1_000, bodyTimeout: timeout + 1_000 };
  const secure = ca && { ca: [...ca] };
  const dispatcher =
    proxy === null
      ? new Agent({ ...limits, ...(secure && { connect: secure }) })
      : new ProxyAgent({ uri: proxy, ...limits, ...(secure && { requestTls: secure, proxyTls: secure }) });
  // Both are the same standard; their types come from two packages.
  const send = (to: unknown, init: unknown) => fetch(to as string, { ...(init as object), dispatcher });
  return { send: send as unknown as Network["send"], proxy: proxy === null ? null : withoutUser(proxy) };
}

/** The proxy for an address from the environment; null: none. */
export function environmentProxyOf(url: string): string | null {
  const { hostname } = new URL(url);
  if (isLoopback(hostname) || isExempt(hostname.replace(/^\[|\]$/g, ""))) return null;
  const proxy = getProxyForUrl(url);
  if (proxy === "") return null;
  // `proxy.example:3128` means http, as in curl, even for https addresses.
  const bare = proxy.replace(/^https?:\/\//, "");
  const isBare = Object.entries(process.env).some(([name, value]) => /_proxy$/i.test(name) && value === bare);
  return isBare ? `http://${bare}` : proxy;
}

/** Whether NO_PROXY names a domain above the host, a network that it is in, or its IPv6 address: curl and Go read these, `proxy-from-env` doesn't. */
function isExempt(host: string): boolean {
  const entries = (process.env.no_proxy || process.env.NO_PROXY || "").toLowerCase().split(/[,\s]+/);
  const version = isIP(host);
  if (version === 0) return entries.some((entry) => /^[\w-]/.test(entry) && host.endsWith(`.${entry}`));
  const family = version === 4 ? "ipv4" : "ipv6";
  const exempt = new BlockList();
  for (const entry of entries) {
    const [address = "", length = version === 4 ? "32" : "128"] = entry.split("/");
    const isNetwork = isIP(address) === version && /^\d+$/.test(length) && Number(length) <= (version === 4 ? 32 : 128);
    if (isNetwork) exempt.addSubnet(address, Number(length), family);
  }
  return exempt.check(host, family);
}

/** A proxy without user and password. */
export function withoutUser(proxy: string): string {
  return URL.canParse(proxy) ? `${new URL(proxy).protocol}//${new URL(proxy).host}` : "the proxy";
}

/** All trusted certificates, because naming some replaces Node's own list. */
async function certificates(path: string): Promise<readonly string[]> {
  const own = await pem(path);
  if (!own.includes("-----BEGIN CERTIFICATE-----")) throw new CertificatesUnreadable(path, "no certificate");
  const { NODE_EXTRA_CA_CERTS: extra } = process.env;
  return [...rootCertificates, own, ...(extra ? [await pem(extra)] : [])];
}

async function pem(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new CertificatesUnreadable(
      path,
      error instanceof Error && "code" in error ? String(error.code) : "unreadable",
    );
  }
}
