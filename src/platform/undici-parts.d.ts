declare module "undici/lib/dispatcher/agent.js" {
  import { Agent } from "undici";
  export default Agent;
}
declare module "undici/lib/dispatcher/proxy-agent.js" {
  import { ProxyAgent } from "undici";
  export default ProxyAgent;
}
declare module "undici/lib/web/fetch/index.js" {
  import { fetch } from "undici";

  const parts: { readonly fetch: typeof fetch };
  export default parts;
}
