import { s } from "../dom.ts";
import type { Scene } from "../graph/scene.ts";
import type { GraphCanvas } from "./canvas.ts";

/** Style properties that drawing programs read, with their defaults. */
const DEFAULTS: Readonly<Record<string, string>> = {
  fill: "rgb(0, 0, 0)",
  stroke: "none",
  "stroke-width": "1px",
  "stroke-dasharray": "none",
  "stroke-linecap": "butt",
  "stroke-linejoin": "miter",
  opacity: "1",
};
const OF_TEXT: Readonly<Record<string, string>> = { "font-family": "", "font-weight": "400", "font-style": "normal" };

/** Milliseconds of work after which the page gets a turn. */
const SLICE = 8;

/**
 * The whole graph as an SVG file without a style sheet, in the colors of the theme. It is drawn in short tasks, and as it was when
 * the first one began.
 */
export async function exportSvg(canvas: GraphCanvas, scene: Scene, name: string): Promise<string> {
  const { width, height } = scene;
  const layers = canvas.whole(scene);
  const groups = layers.map(([layer]) => s("g", { class: layer }, HOLE));
  const title = s("title", {}, name.replaceAll(HOLE, ""));
  const paper = s("rect", { class: "paper", width, height });
  const svg = s("svg", { class: "graph export", viewBox: `0 0 ${width} ${height}`, width, height }, title, paper);
  svg.append(s("g", {}, ...groups));
  const styles = new Styles(canvas.element);
  try {
    const [start = "", ...ends] = written(svg, styles).split(HOLE);
    const parts = [start];
    let until = performance.now() + SLICE;
    for (const [index, [layer, elements]] of layers.entries()) {
      for (const element of elements) {
        parts.push(written(element, styles, ["g ", `g ${layer}`]).replace(NAMESPACE, ""));
        if (performance.now() < until) continue;
        await new Promise((resolve) => setTimeout(resolve, 0));
        until = performance.now() + SLICE;
      }
      parts.push(ends[index] ?? "");
    }
    return parts.join("");
  } finally {
    styles.remove();
  }
}

/** Where the elements of a layer go: no text has this character. */
const HOLE = "\uFFFF";
const NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"';

/** An element with its styles as attributes. @param around the groups that it will be in */
function written(element: SVGElement, styles: Styles, around: readonly string[] = []): string {
  inline(element, styles, around);
  for (const each of [element, ...element.querySelectorAll("*")]) {
    for (const own of ["class", "data-key", "style"]) each.removeAttribute(own);
  }
  return new XMLSerializer().serializeToString(element);
}

/** Writes styles to attributes; of a group, only properties that its children don't set. */
function inline(element: Element, styles: Styles, around: readonly string[]): void {
  const tag = element.tagName;
  const path = tag === "svg" ? around : [...around, `${tag} ${element.getAttribute("class") ?? ""}`];
  if (/^(rect|path|text|g)$/.test(tag)) {
    for (const [property, value] of styles.of(path)) element.setAttribute(property, value);
  }
  for (const child of element.children) inline(child, styles, path);
}

/**
 * The styles of elements by their names and classes and those of what they are in. One element for each such path is in the
 * document: with all of a large graph, each look at a style would take as long as a layout.
 */
class Styles {
  readonly #root = s("svg", { class: "graph export" });
  readonly #elements = new Map<string, Element>();
  readonly #known = new Map<string, readonly (readonly [property: string, value: string])[]>();

  constructor(beside: Element) {
    beside.after(this.#root);
  }

  /** The properties that differ from their defaults. */
  of(path: readonly string[]): readonly (readonly [property: string, value: string])[] {
    const key = path.join("/");
    const known = this.#known.get(key);
    if (known) return known;
    const element = this.#at(path);
    const style = getComputedStyle(element);
    const wanted =
      element.tagName === "g" ? { opacity: "1" } : element.tagName === "text" ? { ...DEFAULTS, ...OF_TEXT } : DEFAULTS;
    const found = Object.entries(wanted)
      .map(([property, taken]) => [property, plainColor(style.getPropertyValue(property)), taken] as const)
      .filter(([, value, taken]) => value !== taken)
      .map(([property, value]) => [property, value] as const);
    this.#known.set(key, found);
    return found;
  }

  remove(): void {
    this.#root.remove();
  }

  #at(path: readonly string[]): Element {
    const key = path.join("/");
    const known = path.length === 0 ? this.#root : this.#elements.get(key);
    if (known) return known;
    const [tag = "", ...names] = (path.at(-1) ?? "").split(" ");
    const element = document.createElementNS(this.#root.namespaceURI, tag);
    element.setAttribute("class", names.join(" "));
    this.#at(path.slice(0, -1)).append(element);
    this.#elements.set(key, element);
    return element;
  }
}

/** Converts `color(srgb …)`, which browsers use for mixed colors, to a form that every program reads. */
function plainColor(value: string): string {
  const parts = /^color\(srgb ([\d.e+-]+) ([\d.e+-]+) ([\d.e+-]+)\)$/.exec(value)?.slice(1);
  return parts ? `rgb(${parts.map((part) => Math.round(Number(part) * 255)).join(", ")})` : value;
}
