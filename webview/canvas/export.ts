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

/** The whole graph as an SVG file without a style sheet, in the colors of the theme. */
export function exportSvg(canvas: GraphCanvas, scene: Scene, name: string): string {
  const { width, height } = scene;
  const world = s("g");
  const svg = s(
    "svg",
    { class: "graph export", viewBox: `0 0 ${width} ${height}`, width, height },
    s("title", {}, name),
    s("rect", { class: "paper", width, height }),
    world,
  );
  canvas.drawWhole(scene, world);
  canvas.element.after(svg);
  for (const element of svg.querySelectorAll("rect, path, text, g")) inline(element);
  svg.remove();
  for (const element of [svg, ...svg.querySelectorAll("*")]) {
    for (const own of ["class", "data-key", "style"]) element.removeAttribute(own);
  }
  return new XMLSerializer().serializeToString(svg);
}

/** Writes an element's style to its attributes; for a group, only properties that its children don't set. */
function inline(element: Element): void {
  const style = getComputedStyle(element);
  const wanted =
    element.tagName === "g" ? { opacity: "1" } : element.tagName === "text" ? { ...DEFAULTS, ...OF_TEXT } : DEFAULTS;
  for (const [property, taken] of Object.entries(wanted)) {
    const value = plainColor(style.getPropertyValue(property));
    if (value !== taken) element.setAttribute(property, value);
  }
}

/** Converts `color(srgb …)`, which browsers use for mixed colors, to a form that every program reads. */
function plainColor(value: string): string {
  const parts = /^color\(srgb ([\d.e+-]+) ([\d.e+-]+) ([\d.e+-]+)\)$/.exec(value)?.slice(1);
  return parts ? `rgb(${parts.map((part) => Math.round(Number(part) * 255)).join(", ")})` : value;
}
