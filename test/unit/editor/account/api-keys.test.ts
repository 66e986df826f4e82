import { expect, it } from "vitest";
import { ApiKeys } from "../../../../src/editor/account/api-keys.ts";

class Secrets {
  readonly kept = new Map<string, string>();
  readonly onDidChange = () => ({ dispose: () => {} });
  keys = async () => [...this.kept.keys()];
  get = async (name: string) => this.kept.get(name);
  store = async (name: string, value: string) => void this.kept.set(name, value);
  delete = async (name: string) => void this.kept.delete(name);
}

it("gives a key for its own origin alone", async () => {
  const keys = new ApiKeys(new Secrets());
  await keys.set("https://api.openai.com", "sk-canary");
  expect(await keys.get("https://api.openai.com")).toBe("sk-canary");
  for (const other of [
    "http://api.openai.com",
    "https://api.openai.com.evil.example",
    "https://api.openai.com:8443",
    "",
  ]) {
    expect(await keys.get(other)).toBeNull();
  }
});

it("gives no key that was moved to another origin's place", async () => {
  const secrets = new Secrets();
  const keys = new ApiKeys(secrets);
  await keys.set("https://api.openai.com", "sk-canary");
  const [[name, value] = ["", ""]] = [...secrets.kept];
  secrets.kept.set(name.replace("https://api.openai.com", "https://evil.example"), value);
  expect(await keys.get("https://evil.example")).toBeNull();
});

it("forgets one key and lists the others", async () => {
  const keys = new ApiKeys(new Secrets());
  await keys.set("https://a.example", "1");
  await keys.set("https://b.example", "2");
  await keys.forget("https://a.example");
  expect(await keys.origins()).toEqual(["https://b.example"]);
  expect(await keys.get("https://a.example")).toBeNull();
});

it("takes what is not a key of ours for none", async () => {
  const secrets = new Secrets();
  const keys = new ApiKeys(secrets);
  await keys.set("https://a.example", "1");
  for (const name of secrets.kept.keys()) secrets.kept.set(name, "{ broken");
  expect(await keys.get("https://a.example")).toBeNull();
});
