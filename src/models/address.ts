/** The address can't be used. Says what is wrong with it, and what to do. */
export class AddressRefused extends Error {
  override readonly name = "AddressRefused";
  constructor(
    readonly address: string,
    readonly reason: "no address" | "not encrypted" | "not http" | "holds credentials" | "holds a query",
  ) {
    super(`the address ${address} cannot be used: ${WORDS[reason]}`);
  }
}

const WORDS = {
  "no address": "it is not a complete address, such as https://api.openai.com/v1",
  "not encrypted": "http is only for a server on this computer (localhost); use https",
  "not http": "it has to begin with https://",
  "holds credentials": "it holds a user name or a password; the key is asked for separately",
  "holds a query": "it holds a ? or a # part; leave it out",
} as const;

/**
 * The key can't be sent in a header: it contains a line break, a space or a character outside ASCII. The key is
 * never shown.
 */
export class KeyUnusable extends Error {
  override readonly name = "KeyUnusable";
  constructor() {
    super("the key cannot be used: it holds a line break, a space or a sign that no key has; copy it once more");
  }
}

/** @returns the key without surrounding whitespace @throws KeyUnusable */
export function checkKey(text: string): string {
  const key = text.trim();
  // `Headers` would reject it, too, but its error quotes the key.
  if (!/^[\x21-\x7e]*$/.test(key)) throw new KeyUnusable();
  return key;
}

export const OPENAI_ADDRESS = "https://api.openai.com/v1";

export interface Address {
  /** Without a trailing slash. */
  readonly url: string;
  /** Scheme, host and port: what a key is bound to. */
  readonly origin: string;
}

/**
 * Checks the base address of a server: https, or http on loopback, with only a scheme, host, port and path.
 * @throws AddressRefused
 */
export function checkAddress(text: string): Address {
  const given = text.trim();
  if (!URL.canParse(given)) throw new AddressRefused(withoutCredentials(given), "no address");
  const url = new URL(given);
  const shown = withoutCredentials(given);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    // In `localhost:8080`, URL parses the host as a scheme.
    throw new AddressRefused(shown, given.includes("://") ? "not http" : "no address");
  }
  if (url.username !== "" || url.password !== "") throw new AddressRefused(shown, "holds credentials");
  if (/[?#]/.test(given)) throw new AddressRefused(shown, "holds a query");
  if (url.protocol === "http:" && !isLoopback(url.hostname)) throw new AddressRefused(shown, "not encrypted");
  return { url: url.origin + url.pathname.replace(/\/+$/, ""), origin: url.origin };
}

/** Names that end in `.localhost` don't count: they can be resolved by a name server. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * An address without name and password, in any spelling: a password can contain slashes, and addresses accept backslashes
 * in their place.
 */
export function withoutCredentials(address: string): string {
  return address.replace(/^([a-z][a-z0-9+.-]*:)?[/\\]*.*@/is, "$1//…@");
}

/** Base paths of chat completions on well-known hosts. */
const BASES: Readonly<Record<string, string>> = {
  "api.anthropic.com": "/v1",
  "api.cohere.com": "/compatibility/v1",
  "api.fireworks.ai": "/inference/v1",
  "api.groq.com": "/openai/v1",
  "dashscope.aliyuncs.com": "/compatible-mode/v1",
  "generativelanguage.googleapis.com": "/v1beta/openai",
  "openrouter.ai": "/api/v1",
};

/** A more likely base address than this one, which serves no chat completions; null if none is. */
export function suggestBaseUrl(address: string): string | null {
  const { origin, hostname, pathname } = new URL(address);
  const path = pathname
    .replace(/\/+$/, "")
    .replace(/\/(chat(\/completions)?|completions|responses|models|generate)$/, "");
  const known = BASES[hostname];
  // Ollama's own protocol is under /api.
  const likely = known ?? (/\/v\d\w*($|\/)/.test(path) ? path : `${path.replace(/\/api$/, "")}/v1`);
  const base = `${origin}${likely}`;
  return base === address ? null : base;
}

/**
 * The target of a redirect, without query and credentials; null: none. Redirects are not followed, because the key
 * must not reach another address.
 */
export function redirectTarget(response: Response, requested: string): string | null {
  const isRedirect = response.type === "opaqueredirect" || [301, 302, 303, 307, 308].includes(response.status);
  if (!isRedirect) return null;
  const location = response.headers.get("location") ?? "";
  if (!URL.canParse(location, requested)) return "";
  const { protocol, host, pathname } = new URL(location, requested);
  return `${protocol}//${host}${pathname}`;
}

/**
 * The base address after a redirect on the same host that keeps the path below it, such as from http to https; null
 * otherwise.
 */
export function movedBaseUrl(base: string, requested: string, target: string): string | null {
  const path = requested.startsWith(base) ? (requested.slice(base.length).split("?")[0] ?? "") : "";
  if (path === "" || !target.endsWith(path) || new URL(target).hostname !== new URL(base).hostname) return null;
  const moved = target.slice(0, -path.length);
  return moved === base ? null : moved;
}
