/** The newest version that is not a preview. It supports JSON schemas. */
export const AZURE_API_VERSION = "2024-10-21";

export interface AzureAddress {
  /** Up to and including `/openai`; see `checkAddress`. */
  readonly baseUrl: string;
  readonly apiVersion: string;
  /** The deployment whose address it is. null if it is that of a resource. */
  readonly deployment: string | null;
}

/** An address that the user declares as Azure's, on any host. null: it is compatible with OpenAI's. */
export function calledAzure(address: string): AzureAddress | null {
  const named = URL.canParse(address) ? new URL(address).searchParams.get("api-version") : null;
  return azureAddress(address) ?? azureAddress(address, named ?? AZURE_API_VERSION);
}

/** The address as one line that can be parsed again: it contains the version unless that is the default. */
export function azureLine({ baseUrl, apiVersion }: Pick<AzureAddress, "baseUrl" | "apiVersion">): string {
  return apiVersion === AZURE_API_VERSION ? baseUrl : `${baseUrl}?api-version=${encodeURIComponent(apiVersion)}`;
}

const HOST = /\.(?:openai|cognitiveservices|services\.ai)\.azure\.(?:com|us|cn)$/i;

/**
 * Parses an address of Azure's own paths: a resource's endpoint, with or without `/openai`, or the target URI of a
 * deployment (`…/openai/deployments/NAME/chat/completions?api-version=…`), whole or in part, on any host. null if it
 * is none of these: Azure's `/openai/v1` is compatible with OpenAI's.
 * @param apiVersion declares the address as Azure's, and overrides the version in it
 */
export function azureAddress(address: string, apiVersion?: string): AzureAddress | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  const [before, deployment] = url.pathname.split(/\/deployments\/([^/]*)/);
  const path = (before ?? "").replace(/\/+$/, "");
  if (path.endsWith("/openai/v1")) return null;
  if (apiVersion === undefined && deployment === undefined && !HOST.test(url.hostname)) return null;
  const version = apiVersion ?? url.searchParams.get("api-version") ?? AZURE_API_VERSION;
  url.pathname = path === "" ? "/openai" : path;
  url.search = "";
  return { baseUrl: url.href, apiVersion: version, deployment: deployment ? decoded(deployment) : null };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
