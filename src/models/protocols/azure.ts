/** The newest that is not a preview. It knows JSON by schema. */
export const AZURE_API_VERSION = "2024-10-21";

export interface AzureAddress {
  /** Up to and with `/openai`; see `checkAddress`. */
  readonly baseUrl: string;
  readonly apiVersion: string;
}

/** An address that its user calls Azure's: whatever its host. null: it speaks as OpenAI does. */
export function calledAzure(address: string): AzureAddress | null {
  const named = URL.canParse(address) ? new URL(address).searchParams.get("api-version") : null;
  return azureAddress(address) ?? azureAddress(address, named ?? AZURE_API_VERSION);
}

/** The address in one line, to be read again: the version is in it unless it is ours. */
export function azureLine({ baseUrl, apiVersion }: AzureAddress): string {
  return apiVersion === AZURE_API_VERSION ? baseUrl : `${baseUrl}?api-version=${encodeURIComponent(apiVersion)}`;
}

const HOST = /\.(?:openai|cognitiveservices|services\.ai)\.azure\.(?:com|us|cn)$/i;

/**
 * What an address means where Azure's own paths are to be used: a resource's endpoint, with or without `/openai`, or the
 * target URI of a deployment (`…/openai/deployments/NAME/chat/completions?api-version=…`), whole or in part, behind
 * whatever host. null if it is none of these: Azure's `/openai/v1` speaks as OpenAI does.
 * @param apiVersion takes the address for Azure's, and wins over the one that it contains
 */
export function azureAddress(address: string, apiVersion?: string): AzureAddress | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  const [before, deployment] = url.pathname.split(/\/deployments\/[^/]*/);
  const path = (before ?? "").replace(/\/+$/, "");
  if (path.endsWith("/openai/v1")) return null;
  if (apiVersion === undefined && deployment === undefined && !HOST.test(url.hostname)) return null;
  const version = apiVersion ?? url.searchParams.get("api-version") ?? AZURE_API_VERSION;
  url.pathname = path === "" ? "/openai" : path;
  url.search = "";
  return { baseUrl: url.href, apiVersion: version };
}
