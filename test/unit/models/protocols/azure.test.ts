import { expect, it } from "vitest";
import { AZURE_API_VERSION, azureAddress, azureLine, calledAzure } from "../../../../src/models/protocols/azure.ts";
import { azure } from "../../../../src/models/providers/azure.ts";

const HOST = "https://mine.openai.azure.com";

it.each([
  [HOST, `${HOST}/openai`, AZURE_API_VERSION],
  [`${HOST}/`, `${HOST}/openai`, AZURE_API_VERSION],
  [`${HOST}/openai/`, `${HOST}/openai`, AZURE_API_VERSION],
  [
    `${HOST}/openai/deployments/gpt-4o/chat/completions?api-version=2025-01-01-preview`,
    `${HOST}/openai`,
    "2025-01-01-preview",
  ],
  [`${HOST}/openai/deployments/gpt-4o`, `${HOST}/openai`, AZURE_API_VERSION],
  ["https://mine.cognitiveservices.azure.com", "https://mine.cognitiveservices.azure.com/openai", AZURE_API_VERSION],
  ["https://gateway.example/llm/openai/deployments/a/", "https://gateway.example/llm/openai", AZURE_API_VERSION],
  ["http://127.0.0.1:80/openai/deployments/a?api-version=v", "http://127.0.0.1/openai", "v"],
])("%s is Azure's", (address, baseUrl, apiVersion) => {
  const deployment = /deployments\/([^/?]+)/.exec(address)?.[1] ?? null;
  expect(azureAddress(address)).toEqual({ baseUrl, apiVersion, deployment });
});

it.each([
  [`${HOST}/openai/deployments/my%20model/chat/completions?api-version=v`, "my model"],
  [`${HOST}/openai/deployments/a%zz`, "a%zz"],
  [`${HOST}/openai/deployments/`, undefined],
  [HOST, undefined],
])("the deployment of %s is the model that is offered", (address, model) => {
  const read = azure.fields.address?.read(address);
  expect(read?.model).toBe(model);
  expect(read?.line).not.toContain("deployments");
});

it("keeps the version of an address that its user calls Azure's, whatever its host", () => {
  const line = "https://gateway.example/openai?api-version=2025-01-01-preview";
  const own = calledAzure(line);
  expect(own).toMatchObject({ baseUrl: "https://gateway.example/openai", apiVersion: "2025-01-01-preview" });
  expect(own && azureLine(own)).toBe(line);
});

it("takes the version that is requested, and any address for Azure's then", () => {
  expect(azureAddress(`${HOST}?api-version=a`, "b")).toMatchObject({ baseUrl: `${HOST}/openai`, apiVersion: "b" });
  expect(azureAddress("http://localhost:8080/openai", "b")).toMatchObject({
    baseUrl: "http://localhost:8080/openai",
    apiVersion: "b",
  });
});

it.each([
  `${HOST}/openai/v1`,
  `${HOST}/openai/v1/`,
  "https://api.openai.com/v1",
  "https://azure.com.example",
  "nothing",
])("%s speaks as OpenAI does, or is not an address", (address) => {
  expect(azureAddress(address)).toBeNull();
});

it("is whatever is called so, and reads the same again from its line", () => {
  for (const address of ["https://gateway.example/llm", HOST, `${HOST}/openai?api-version=x`]) {
    const own = calledAzure(address);
    expect(own && calledAzure(azureLine(own))).toEqual({ ...own, deployment: null });
  }
  expect(calledAzure("https://gateway.example/llm")?.baseUrl).toBe("https://gateway.example/llm");
  expect(calledAzure(`${HOST}/openai/v1`)).toBeNull();
  expect(calledAzure("no address")).toBeNull();
});

it("keeps a password if the check of addresses finds and refuses it", () => {
  expect(azureAddress("https://me:secret@mine.openai.azure.com")?.baseUrl).toMatch("secret");
});
