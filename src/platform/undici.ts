import api from "undici/lib/api/index.js";
import Agent from "undici/lib/dispatcher/agent.js";
import Dispatcher from "undici/lib/dispatcher/dispatcher.js";
import ProxyAgent from "undici/lib/dispatcher/proxy-agent.js";
import parts from "undici/lib/web/fetch/index.js";

// As undici's own entry does: the proxy agent calls `connect` of its client.
Object.assign(Dispatcher.prototype, api);

/** The parts of undici that requests need. The package as a whole adds 200 KB of caches, mocks and WebSockets. */
export const undici = { Agent, ProxyAgent, fetch: parts.fetch };
