import { describe, expect, it } from "vitest";
import { AddressRefused, checkAddress } from "../../../src/models/address.ts";

describe("checkAddress", () => {
  it.each([
    ["https://api.openai.com/v1", "https://api.openai.com/v1", "https://api.openai.com"],
    [" https://API.openai.com/v1// ", "https://api.openai.com/v1", "https://api.openai.com"],
    ["https://gateway.example:8443/llm/v1/", "https://gateway.example:8443/llm/v1", "https://gateway.example:8443"],
    ["http://localhost:11434/v1", "http://localhost:11434/v1", "http://localhost:11434"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["http://127.9.9.9", "http://127.9.9.9", "http://127.9.9.9"],
    ["http://[::1]:8080/v1", "http://[::1]:8080/v1", "http://[::1]:8080"],
  ])("takes %s", (text, url, origin) => {
    expect(checkAddress(text)).toEqual({ url, origin });
  });

  it.each([
    ["", "no address"],
    ["api.openai.com/v1", "no address"],
    ["localhost:8080", "no address"],
    ["http://api.openai.com/v1", "not encrypted"],
    ["http://192.168.1.5:11434/v1", "not encrypted"],
    ["http://localhost.evil.example/v1", "not encrypted"],
    ["http://a.localhost/v1", "not encrypted"],
    ["http://127.0.0.1.evil.example", "not encrypted"],
    ["http://127.0.0.1@evil.example", "holds credentials"],
    ["https://user:secret@api.openai.com/v1", "holds credentials"],
    ["https://api.openai.com/v1?key=secret", "holds a query"],
    ["https://api.openai.com/v1#x", "holds a query"],
    ["ftp://example.com", "not http"],
    ["file:///etc/passwd", "not http"],
    ["javascript:alert(1)", "no address"],
  ])("refuses %s: %s", (text, reason) => {
    expect(() => checkAddress(text)).toThrow(expect.objectContaining({ name: "AddressRefused", reason }));
    try {
      checkAddress(text);
    } catch (error) {
      expect(error).toBeInstanceOf(AddressRefused);
      expect(String(error)).not.toContain("user:secret");
    }
  });
});
