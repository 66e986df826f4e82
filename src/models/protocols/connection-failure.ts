import { type ModelError, ProviderFault, ProxyFailed, TlsFailed } from "../errors.ts";

/** The destination of a connection. */
export interface Route {
  readonly identity: string;
  readonly url: string;
  /** The proxy, without credentials; null: none. */
  readonly proxy: string | null;
}

const TLS: readonly (readonly [RegExp, TlsFailed["reason"]])[] = [
  [/SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|CERT_UNTRUSTED|CERT_SIGNATURE|INVALID_CA|CERT_CHAIN|ISSUER/, "untrusted"],
  [/CERT_(HAS_EXPIRED|NOT_YET_VALID|REVOKED)/, "expired"],
  [/ALTNAME_INVALID|HOSTNAME_MISMATCH/, "name"],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL|RECORD_LAYER/, "not tls"],
  [/^(EPROTO|ERR_SSL_|ERR_TLS_)|SSL|ALERT/, "handshake"],
];

const UNREACHED =
  /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|bad port/;
const LATE = /UND_ERR_(HEADERS|BODY)_TIMEOUT|ETIMEDOUT/;

/**
 * The failure of a connection.
 * @param cause the error of `fetch`
 * @returns undefined if the connection did not fail
 */
export function connectionFailure(cause: unknown, { identity, url, proxy }: Route): ModelError | undefined {
  if (!(cause instanceof TypeError) || !/fetch failed|terminated/.test(cause.message)) return undefined;
  const { code, message } = whatHappened(cause.cause);
  if (proxy !== null && /proxy response|proxy|SOCKS/i.test(`${code} ${message}`)) {
    const status = Number(/\((\d{3})\)/.exec(message)?.[1] ?? Number.NaN);
    return new ProxyFailed(identity, proxy, Number.isNaN(status) ? null : status, message);
  }
  const said = `${code} ${message}`;
  if (/HPE_INVALID|does not match the HTTP/.test(said) && url.startsWith("http:")) {
    return new TlsFailed(identity, "not http", message);
  }
  const tls = TLS.find(([pattern]) => pattern.test(code.toUpperCase()))?.[1];
  if (tls)
    return new TlsFailed(identity, /wrong version number|packet length/i.test(message) ? "not tls" : tls, message);
  if (UNREACHED.test(said)) {
    // With a proxy, it is the proxy that can't be reached.
    if (proxy !== null) return new ProxyFailed(identity, proxy, null, code || message);
    return new ProviderFault(identity, null, null, code || message, "unreached");
  }
  return new ProviderFault(identity, null, null, code || message, LATE.test(said) ? "timeout" : "lost");
}

/** undici reports "fetch failed" and keeps the details one or two levels deeper. */
function whatHappened(cause: unknown): { code: string; message: string } {
  let [code, message] = ["", "the connection failed"];
  for (let depth = 0; cause instanceof Error && depth < 4; depth++) {
    if ("code" in cause && typeof cause.code === "string") code = cause.code;
    if (cause.message) message = withoutCredentials(cause.message.replaceAll(/\s+/g, " ")).slice(0, 300);
    const inner = cause instanceof AggregateError ? cause.errors[0] : cause.cause;
    cause = inner;
  }
  return { code, message };
}

/** Messages can repeat a proxy's address as the user wrote it, such as `PROXY user:password@host:8080`. */
function withoutCredentials(message: string): string {
  return message.replaceAll(/[^\s/@"'<>]+@(?=[\w.[-])/g, "");
}
