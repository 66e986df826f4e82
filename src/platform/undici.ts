import Agent from "undici/lib/dispatcher/agent.js";
import ProxyAgent from "undici/lib/dispatcher/proxy-agent.js";
import parts from "undici/lib/web/fetch/index.js";

/** The parts of undici that requests need. The package as a whole adds 200 KB of caches, mocks and WebSockets. */
export const undici = { Agent, ProxyAgent, fetch: parts.fetch };
