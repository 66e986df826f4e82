import { describe, expect, it } from "vitest";
import { checkAddress } from "../../../src/models/address.ts";

/** A key is bound to an origin, so whatever looks like OpenAI's address and is another has to have another origin. */
const OPENAI = "https://api.openai.com";

function originOf(address: string): string | null {
  try {
    return checkAddress(address).origin;
  } catch {
    return null;
  }
}

describe("an address that looks like another", () => {
  it.each([
    ["user info", "https://api.openai.com@evil.example/v1"],
    ["user info and a port", "https://api.openai.com:443@evil.example/v1"],
    ["user info behind a backslash", "https://evil.example\\@api.openai.com/v1"],
    ["an escaped at sign", "https://api.openai.com%40evil.example/v1"],
    ["a name that goes on", "https://api.openai.com.evil.example/v1"],
    ["a trailing dot", "https://api.openai.com./v1"],
    ["another port", "https://api.openai.com:8443/v1"],
    ["a Cyrillic letter", "https://\u0430pi.openai.com/v1"],
    ["a Greek letter", "https://api.\u03bfpenai.com/v1"],
    ["a dotless i", "https://ap\u0131.openai.com/v1"],
    ["punycode", "https://xn--pi-7kc.openai.com/v1"],
    ["no encryption", "http://api.openai.com/v1"],
    ["a hyphen for a dot", "https://api-openai.com/v1"],
    ["a fullwidth slash", "https://api.openai.com\uff0f.evil.example/v1"],
    ["a fullwidth hash", "https://evil.example\uff03api.openai.com/v1"],
    ["a data address", "data:text/plain,https://api.openai.com"],
    ["a websocket", "wss://api.openai.com/v1"],
  ])("by %s is not given its key", (_, address) => {
    expect(originOf(address)).not.toBe(OPENAI);
  });

  it.each([
    ["capitals", "HTTPS://API.OPENAI.COM/v1"],
    ["the usual port", "https://api.openai.com:443/v1"],
    ["fullwidth letters", "https://\uff41pi.openai.com/v1"],
    ["an ideographic full stop", "https://api\u3002openai.com/v1"],
    ["line ends that addresses ignore", "https://api.open\nai.com/v1"],
  ])("by %s is the very same place, and is shown by its plain name", (_, address) => {
    expect(checkAddress(address)).toEqual({ url: `${OPENAI}/v1`, origin: OPENAI });
  });

  it("shows a foreign alphabet as what it is", () => {
    expect(originOf("https://\u0430pi.openai.com")).toMatch(/^https:\/\/xn--/);
  });
});

describe("http", () => {
  it.each([
    "http://localhost:11434",
    "http://127.0.0.1",
    "http://127.1",
    "http://0x7f.1:8080",
    "http://2130706433",
    "http://[::1]:8080",
    "http://[0:0:0:0:0:0:0:1]",
  ])("is for this computer: %s", (address) => {
    expect(originOf(address)).toMatch(/^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/);
  });

  it.each([
    "http://0.0.0.0:8080",
    "http://0:8080",
    "http://[::]:8080",
    "http://[::ffff:127.0.0.1]",
    "http://localhost.",
    "http://localhost.evil.example",
    "http://evil.localhost",
    "http://127.0.0.1.evil.example",
    "http://127.0.0.1.nip.io",
    "http://128.0.0.1",
    "http://10.0.0.1",
    "http://169.254.169.254/latest/meta-data",
    "http://metadata.google.internal",
    "http://host.docker.internal:11434",
    "http://[fe80::1]",
  ])("is for no other: %s", (address) => {
    expect(originOf(address)).toBeNull();
  });
});

it("a refused address never shows its password", () => {
  for (const address of [
    "https://user:hunter2@api.openai.com",
    "https:\\\\user:hunter2@api.openai.com",
    "https://user:hun/ter2@api.openai.com",
    "ftp://user:hunter2@api.openai.com",
    "https:user:hunter2@api.openai.com",
    "//user:hunter2@api.openai.com",
  ]) {
    expect(() => checkAddress(address), address).toThrow(/cannot be used/);
    try {
      checkAddress(address);
    } catch (error) {
      expect(String(error), address).not.toContain("hunter2");
    }
  }
});
