import { s } from "../dom.ts";

/** Icons of 16 × 16 pixels, drawn with strokes in the current color. */
const PATHS = {
  llm: "M8 1.8l1.5 4.7 4.7 1.5-4.7 1.5L8 14.2 6.5 9.5 1.8 8l4.7-1.5z",
  text: "M3 4h10M3 8h10M3 12h6",
  map: "M3 3h7v7H3zM6 13h7V6",
  join: "M3 3h7v7H3zM6 13h7V6",
  retriever: "M7 2.5a4.5 4.5 0 100 9 4.5 4.5 0 000-9M10.3 10.3L14 14",
  function: "M5.5 3.5L2 8l3.5 4.5M10.5 3.5L14 8l-3.5 4.5M9 3L7 13",
  tool: "M10.5 2.2a3.3 3.3 0 00-3.2 4.3L2.2 11.6l2.2 2.2 5.1-5.1a3.3 3.3 0 004.2-4.3L11.6 6.500 9.5 4.400z",
  input: "M2 8h9M7.5 4.5L11 8l-3.5 3.5M13.8 3v10",
  trainable: "M3 13l.7-3L11 2.7a1 1 0 011.4 0l.9.9a1 1 0 010 1.4L6 12.3z",
  fixed: "M4 7.5h8v6H4zM5.5 7.5V5.2a2.5 2.5 0 015 0v2.3",
  accepted: "M3 8.5l3.5 3.5L13 4.5",
  rejected: "M4 4l8 8M12 4l-8 8",
  screened: "M4 8h8",
  outdated: "M8 2.5a5.5 5.5 0 1 1-5.1 3.4M2.5 2.5v3.6h3.6M8 5v3.2l2.2 1.4",
  undecided: "M5.6 6a2.4 2.4 0 114 1.8c-1 .7-1.6 1.2-1.6 2.2M8 12.6v.4",
  answer: "M4 14V2.5h8.5l-2.2 3 2.2 3H4",
  fold: "M3 6l5-3 5 3M3 10l5 3 5-3",
  down: "M8 2.5v11M4.5 10L8 13.5 11.5 10",
  right: "M2.5 8h11M10 4.5L13.5 8 10 11.5",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  previous: "M10 3L5 8l5 5",
  next: "M6 3l5 5-5 5",
  pinned: "M5 2.5h6M6 2.500V7L4 9.500h8L10 7V2.500M8 9.500V14",
  pause: "M5 3v10M11 3v10",
  stop: "M3 3v10l7-5zM13 3v10",
  play: "M4.5 2.5v11L13 8z",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  export: "M8 2v8M4.8 7L8 10.2 11.2 7M2.5 13.5h11",
  help: "M5.6 6a2.4 2.4 0 114 1.8c-1 .7-1.6 1.2-1.6 2.2M8 12.6v.4",
  panel: "M2.5 3h11v10h-11zM10 3v10",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon as a group, its upper left corner at x, y. */
export function icon(name: IconName, x = 0, y = 0, size = 16): SVGGElement {
  const path = s("path", { d: PATHS[name] });
  return s("g", { class: `icon icon-${name}`, transform: `translate(${x},${y}) scale(${size / 16})` }, path);
}

/** An icon for a button or a line of text. */
export function inlineIcon(name: IconName): SVGSVGElement {
  return s(
    "svg",
    { class: "inline-icon", viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" },
    icon(name),
  );
}
