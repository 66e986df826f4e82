import { s } from "../dom.ts";
import type { Scene } from "../graph/scene.ts";
import type { GraphCanvas } from "./canvas.ts";

/** What a drawing program reads; everything else of a style is of no use outside the page. */
const KEPT = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "opacity",
  "font-family",
  "font-weight",
  "font-style",
] as const;

/** The whole drawing as an SVG file that needs no style sheet, in the colours of the theme. */
export function exportSvg(canvas: GraphCanvas, scene: Scene, name: string): string {
  const world = s("g", {});
  const svg = s(
    "svg",
    {
      class: "graph export",
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${scene.width} ${scene.height}`,
      width: scene.width,
      height: scene.height,
    },
    s("title", {}, name),
    s("rect", { class: "paper", width: scene.width, height: scene.height }),
    world,
  );
  canvas.drawWhole(scene, world);
  canvas.element.after(svg);
  for (const element of svg.querySelectorAll<SVGElement>("rect, path, text, circle, g")) inline(element);
  svg.remove();
  for (const element of [svg, ...svg.querySelectorAll("[class]")]) element.removeAttribute("class");
  return new XMLSerializer().serializeToString(svg);
}

function inline(element: SVGElement): void {
  const style = getComputedStyle(element);
  for (const property of KEPT) {
    const value = style.getPropertyValue(property);
    // Groups hand on what they say; only what is their own may be written on them.
    if (element.tagName === "g" && property !== "opacity") continue;
    if (property.startsWith("font") && element.tagName !== "text") continue;
    if (value !== "") element.setAttribute(property, value);
  }
}
