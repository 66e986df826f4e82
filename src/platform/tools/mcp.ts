import {
  Client,
  type jsonSchemaValidator,
  StreamableHTTPClientTransport,
  type Transport,
} from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import PQueue from "p-queue";
import { ToolFault, ToolMissing, type Tools, ToolUnreachable } from "../../deps.ts";
import { resultText } from "./result-text.ts";
import type { ToolServer, ToolServers } from "./servers.ts";

export interface McpOptions {
  /** Time limit of one call in milliseconds. Default 60,000. */
  readonly timeout?: number;
  /** Maximum number of concurrent calls to one server. Default 4. */
  readonly concurrency?: number;
}

export interface McpTools extends Tools {
  /**
   * All tools, with the name of their server and what it is.
   * @throws ToolUnreachable if a server does not answer
   */
  list(): Promise<readonly { readonly name: string; readonly server: string; readonly address: string }[]>;
  close(): Promise<void>;
}

const REMEDY = "Add its server to your tools file (--tools).";

/** Tools of these servers. A server is started or connected when one of its tools is first requested. */
export function mcpTools(servers: ToolServers, { timeout = 60_000, concurrency = 4 }: McpOptions = {}): McpTools {
  const connections = new Map<string, Promise<Connection>>();
  const queues = new Map<string, PQueue>();

  return { list, identify, call, close };

  async function list(): ReturnType<McpTools["list"]> {
    const all = Object.keys(servers).map(async (server) =>
      (await connected(server, server)).tools.map((name) => ({ name, server, address: addressOf(server) })),
    );
    return (await Promise.all(all)).flat();
  }

  async function identify(name: string): Promise<string> {
    const { server, tool } = await locate(name);
    return `mcp ${addressOf(server)} ${tool}`;
  }

  function addressOf(server: string): string {
    const found = servers[server];
    if (!found) return "";
    return "url" in found ? found.url : [found.command, ...found.args].join(" ");
  }

  async function call(name: string, input: Readonly<Record<string, unknown>>): Promise<string> {
    const { server, tool } = await locate(name);
    const queue = queues.get(server) ?? new PQueue({ concurrency });
    queues.set(server, queue);
    return queue.add(async () => {
      const { client } = await connected(server, name);
      const request = { name: tool, arguments: { ...input } };
      const result = await client.callTool(request, { timeout }).catch((error: unknown) => {
        throw new ToolUnreachable(name, messageOf(error));
      });
      const text = resultText(result.content.map(shownPart), result.structuredContent);
      if (result.isError) throw new ToolFault(name, text || "it reports an error without a message");
      return text;
    });
  }

  /** Finds `search`, or `server/search` if several servers have a tool with this name. */
  async function locate(name: string): Promise<{ server: string; tool: string }> {
    const names = Object.keys(servers);
    const [named, ...rest] = name.split("/");
    if (named !== undefined && names.includes(named) && rest.length > 0) {
      const tool = rest.join("/");
      const { tools } = await connected(named, name);
      if (tools.includes(tool)) return { server: named, tool };
    }
    const all = await Promise.all(
      names.map(async (server) => ({ server, tools: (await connected(server, name)).tools })),
    );
    const having = all.filter(({ tools }) => tools.includes(name));
    const [only, another] = having;
    if (only && !another) return { server: only.server, tool: name };
    const known = all.flatMap(({ server, tools }) => tools.map((tool) => `${server}/${tool}`));
    const several = `Several servers have it: name one of ${having.map(({ server }) => `${server}/${name}`).join(", ")}.`;
    throw new ToolMissing(name, known, another ? several : REMEDY);
  }

  function connected(server: string, tool: string): Promise<Connection> {
    const known = connections.get(server);
    if (known) return known;
    // A server that was down, or that ended, can be up for the next call.
    const forget = () => {
      if (connections.get(server) === opening) connections.delete(server);
    };
    const opening: Promise<Connection> = open(servers[server], forget).catch((error: unknown) => {
      forget();
      throw new ToolUnreachable(tool, `the server ${server} does not answer (${messageOf(error)})`);
    });
    connections.set(server, opening);
    return opening;
  }

  async function close(): Promise<void> {
    const open = await Promise.allSettled([...connections.values()]);
    await Promise.all(
      open.map((one) => (one.status === "fulfilled" ? one.value.client.close().catch(() => {}) : null)),
    );
  }

  async function open(server: ToolServer | undefined, ended: () => void): Promise<Connection> {
    if (!server) throw new Error("it is not known");
    const client = new Client({ name: "agentgraph", version: "1" }, { jsonSchemaValidator: UNCHECKED });
    client.onclose = ended;
    try {
      await client.connect(transportOf(server), { timeout });
      const hasTools = client.getServerCapabilities()?.tools !== undefined;
      const { tools } = hasTools ? await client.listTools(undefined, { timeout }) : { tools: [] };
      return { client, tools: tools.map(({ name }) => name) };
    } catch (error) {
      await client.close().catch(() => {});
      throw error;
    }
  }
}

/** Accepts any structured result: it becomes text, and a pattern in a server's schema could run without end. */
const UNCHECKED: jsonSchemaValidator = {
  getValidator: () => (data) => ({ valid: true, data: data as never, errorMessage: undefined }),
};

interface Connection {
  readonly client: Client;
  readonly tools: readonly string[];
}

function transportOf(server: ToolServer): Transport {
  if ("url" in server)
    return new StreamableHTTPClientTransport(new URL(server.url), { requestInit: { headers: server.headers } });
  const { command, args, env, cwd } = server;
  return new StdioClientTransport({ command, args, env, stderr: "ignore", ...(cwd !== undefined && { cwd }) });
}

/** The text of a part. Parts of other kinds are only named, because nothing reads them. */
function shownPart({ type, text }: { readonly type: string; readonly text?: unknown }): string {
  return typeof text === "string" ? text : `[${type}]`;
}

/** Maximum characters of what a server reports. */
const LONGEST = 500;

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [reply] = /^Invalid result for [\w/]+/.exec(message) ?? [];
  return reply === undefined ? message.slice(0, LONGEST) : `${reply}: it has another form than the protocol asks for`;
}
