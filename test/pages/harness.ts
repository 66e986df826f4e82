import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserContext, Page } from "playwright-core";
import type { ActiveRun } from "../../src/editor/graph/active-run.ts";
import { faultViews, graphView } from "../../src/editor/graph/graph-view.ts";
import { pageHtml } from "../../src/editor/graph/page.ts";
import { answerTo } from "../../src/editor/graph/page-answers.ts";
import { runView, sampleExcerpts } from "../../src/editor/graph/run-view.ts";
import type { Fault } from "../../src/graph/fault.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { ENGLISH, Locale } from "../../src/i18n/locale.ts";
import { type HostMessage, isPageMessage, type PageMessage } from "../../webview/protocol.ts";
import { REPORTS, reportPage } from "./sample-reports.ts";

export const THEMES = ["dark", "light", "high-contrast", "high-contrast-light"] as const;
export type Theme = (typeof THEMES)[number];

/** VS Code's own values of its four default themes for every token that the page or its toolkit uses. */
const tokens: Record<Theme, Record<string, string>> = JSON.parse(readFileSync("test/pages/themes.json", "utf8"));

/** The built page with the policy it has in VS Code, served on this machine. */
export async function servePage(): Promise<{ url: string; stop(): void }> {
  const script = readFileSync("dist/webview.js", "utf8");
  const bundle: Record<string, string> = JSON.parse(readFileSync("l10n/bundle.l10n.json", "utf8"));
  const marked = Object.fromEntries(Object.keys(bundle).map((text) => [text, `⟦${text}⟧`]));
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const theme = searchParams.get("theme") ?? "dark";
    if (pathname === "/") {
      const locale = { language: "en", translations: searchParams.has("marked") ? marked : {} };
      const page = pageHtml(script, "file:///w/team.agentgraph.json", locale);
      response.setHeader("Content-Type", "text/html").end(inTheme(page, theme));
      return;
    }
    const run = REPORTS.find((name) => pathname === `/${name}`);
    if (!run) response.writeHead(404).end();
    else void reportPage(run).then((html) => response.setHeader("Content-Type", "text/html").end(inTheme(html, theme)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, stop: () => server.close() };
}

/** What the host words for the page, as a translator's texts. */
const MARKED = new Locale((text, ...values) => `⟦${ENGLISH.t(text, ...values)}⟧`, "en");

/** As VS Code marks a page. */
function inTheme(html: string, theme: string): string {
  const classes = theme === "high-contrast-light" ? `vscode-${theme} vscode-high-contrast` : `vscode-${theme}`;
  return html.replace("<body", `<body class="${classes}"`);
}

/** The toolkit writes empty style attributes, which the policy refuses; nothing else may be refused. */
function isToolkits(text: string): boolean {
  return (
    text.startsWith("Applying inline style violates") &&
    text.includes("sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
  );
}

export interface Opening {
  readonly theme?: Theme;
  readonly width?: number;
  readonly height?: number;
  readonly still?: boolean;
  /** Every text that a translator was given stands in ⟦brackets⟧. */
  readonly marked?: boolean;
}

/** The page in a browser, with a host that answers from a graph and a run as VS Code's does. */
export class TestPage {
  readonly sent: PageMessage[] = [];
  /** What the page may not do: errors, refused scripts and styles, messages that the host would drop. */
  readonly wrong: string[] = [];
  #graph: Graph | null = null;
  #run: ActiveRun | null = null;

  private constructor(
    readonly page: Page,
    private readonly locale: Locale,
  ) {}

  static async open(context: BrowserContext, url: string, opening: Opening = {}): Promise<TestPage> {
    const { theme = "dark", width = 1280, height = 800, still = false, marked = false } = opening;
    const page = await context.newPage();
    const test = new TestPage(page, marked ? MARKED : ENGLISH);
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ reducedMotion: still ? "reduce" : "no-preference" });
    page.on("pageerror", (error) => test.wrong.push(`error: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !isToolkits(message.text())) test.wrong.push(`console: ${message.text()}`);
    });
    await page.exposeFunction("toHost", (message: unknown) => test.#receive(message));
    await page.addInitScript((variables) => {
      let held: unknown;
      const send: unknown = Reflect.get(window, "toHost");
      Reflect.set(window, "acquireVsCodeApi", () => ({
        postMessage: (message: unknown) => typeof send === "function" && send(message),
        getState: () => held ?? Reflect.get(window, "heldBefore"),
        setState: (next: unknown) => {
          held = next;
          Reflect.set(window, "kept", next);
        },
      }));
      new MutationObserver((_, observer) => {
        if (!document.documentElement) return;
        observer.disconnect();
        for (const [name, value] of Object.entries(variables)) {
          document.documentElement.style.setProperty(`--vscode-${name}`, value);
        }
      }).observe(document, { childList: true });
    }, tokens[theme]);
    await page.goto(`${url}?theme=${theme}${marked ? "&marked" : ""}`);
    await page.waitForFunction(() => document.querySelector(".toolbar") !== null);
    return test;
  }

  /** Shows a graph; resolves when its drawing is there. */
  async graph(graph: Graph | null, faults: readonly Fault[] = [], stale = false): Promise<void> {
    this.#graph = graph ?? this.#graph;
    const view = graph && graphView(graph, "gpt-4.1-mini");
    await this.say({ type: "graph", graph: view, faults: faultViews(faults), stale });
    if (graph && graph.nodes.length > 0) await this.page.waitForSelector("svg.graph g.node", { timeout: 60_000 });
  }

  async run(run: ActiveRun | null): Promise<void> {
    this.#run = run;
    await this.say({ type: "run", run: run && runView(run, sampleExcerpts(run), this.locale) });
  }

  async say(message: HostMessage): Promise<void> {
    await this.page.evaluate((data) => window.postMessage(data, "*"), message);
    await this.settled();
  }

  /** As after a reload of the window: a new page with what the old one kept. */
  async reload(kept: unknown): Promise<void> {
    await this.page.addInitScript((state) => Reflect.set(window, "heldBefore", state), kept);
    await this.page.reload();
    await this.page.waitForFunction(() => document.querySelector(".toolbar") !== null);
  }

  /** Two frames and the answers on their way. */
  async settled(): Promise<void> {
    await this.page.evaluate(
      () =>
        new Promise<void>((resolve) =>
          setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => resolve())), 30),
        ),
    );
  }

  /**
   * Resolves when the drawing has kept its place for ten frames, however long a machine takes to get there.
   * @param after milliseconds of the page's own timers before: those that the page set for less have then fired
   */
  async resting(after = 0): Promise<void> {
    await this.settled();
    await this.page.evaluate(async (milliseconds) => {
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      const places = () => {
        const drawing = document.querySelector(".drawing")?.getBoundingClientRect();
        const world = document.querySelector("svg.graph .world");
        const nodes = [...document.querySelectorAll("svg.graph g.node")].map((node) => node.getAttribute("transform"));
        return JSON.stringify([drawing, world && getComputedStyle(world).transform, nodes]);
      };
      let before = "";
      for (let alike = 0; alike < 10; ) {
        await new Promise(requestAnimationFrame);
        const now = places();
        alike = now === before ? alike + 1 : 0;
        before = now;
      }
    }, after);
  }

  /** Looks at a sample: of the list that the run's strip leads to. @param row its id, or its place in the list */
  async sample(row: string | number): Promise<void> {
    await this.page.locator(".run button.chip", { hasText: "sample" }).click();
    const found = typeof row === "string" ? `button.sample[title="${row}"]` : `button.sample >> nth=${row}`;
    await this.page.click(found);
    await this.settled();
  }

  node(id: string) {
    return this.page.locator(`svg.graph g.node[data-id="${id}"]`);
  }

  last<T extends PageMessage["type"]>(type: T): Extract<PageMessage, { type: T }> | undefined {
    return this.sent.findLast((message): message is Extract<PageMessage, { type: T }> => message.type === type);
  }

  /** The drawing as a file. */
  async export(): Promise<string> {
    await this.page.click('vscode-button[aria-label="Export as SVG"]');
    for (const end = Date.now() + 60_000; Date.now() < end; ) {
      const svg = this.last("export")?.svg;
      if (svg !== undefined) return svg;
      await this.page.waitForTimeout(20);
    }
    throw new Error("no file came");
  }

  async close(): Promise<void> {
    await this.page.close();
  }

  async #receive(message: unknown): Promise<void> {
    if (!isPageMessage(message)) {
      this.wrong.push(`message: ${JSON.stringify(message)?.slice(0, 200)}`);
      return;
    }
    this.sent.push(message);
    if (message.type !== "ask") return;
    const answer = await answerTo(
      message.question,
      this.#graph,
      this.#run,
      this.#run ? sampleExcerpts(this.#run) : () => "",
    );
    const reply: HostMessage = { type: "answer", request: message.request, answer };
    await this.page.evaluate((data) => window.postMessage(data, "*"), reply).catch(() => {});
  }
}
