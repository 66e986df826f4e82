import { area, line, scaleLinear, scalePoint } from "d3";
import { html, type Markup } from "../../src/run/report/format/markup.ts";
import { STYLE } from "../../src/run/report/format/style.ts";
import type { Experiment, Outcome, Plot, Point } from "./experiment.ts";

/** The figures of an experiment as a self-contained page in the style of the report. */
export function page({ title, question }: Experiment, { head, rows, plots }: Outcome, command: string): string {
  const content = html`<header><h1>${title}</h1><p class="lead">${question}</p></header>
<main>
${plots.map(figure)}
<h2>Figures</h2>
<div class="tables"><table><thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead><tbody>
${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody></table></div>
<p class="soft">In brackets and as bands: 95 % intervals, for scores by bootstrap over the seeds, for shares Wilson's. Calls are medians of all seeds.</p>
<h2>Make it again</h2>
<div class="text">${command}</div>
</main>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${html`${title}`.text}</title>
<style>${STYLE}${COLOURS}</style>
</head>
<body>
${content.text}
</body>
</html>
`;
}

const COLORS = 7;
const COLOURS = `
:root { --s0: #1f6feb; --s1: #b35900; --s2: #6e7781; --s3: #176f2c; --s4: #8250df; --s5: #b3261e; --s6: #0b7285; }
@media (prefers-color-scheme: dark) { :root { --s0: #6cb0ff; --s1: #f0a45d; --s2: #9aa5b1; --s3: #6fdd8b; --s4: #c297ff; --s5: #ff938a; --s6: #5fd3e6; } }
${Array.from({ length: COLORS }, (_, at) => `.s${at} .band { fill: var(--s${at}); opacity: .13; } .s${at} .line { fill: none; stroke: var(--s${at}); stroke-width: 2; } .s${at} .reach { stroke: var(--s${at}); } .s${at} .mark { fill: var(--s${at}); } .s${at} .name { fill: var(--s${at}); font-weight: 600; }`).join("\n")}
figure { margin: 2rem 0; break-inside: avoid; } figcaption { font-weight: 600; }
`;

const WIDTH = 760;
const HEIGHT = 280;
const LEFT = 46;
const RIGHT = 210;
const TOP = 12;
const BOTTOM = 40;
/** Minimum vertical distance of two labels in pixels. */
const NAME = 16;

function figure(plot: Plot): Markup {
  return html`<figure class="tables"><figcaption>${plot.title}</figcaption>
<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${plot.title}">
${drawing(plot)}
</svg></figure>`;
}

/** A plot as an SVG file for light and dark pages. */
export function plotFile(plot: Plot): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}">
<style>
:root { --paper: #ffffff; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; }
@media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #f0f6fc; --soft: #9198a1; --line: #3d444d; } }
text { font: 12px system-ui, sans-serif; fill: var(--ink); } .tick { fill: var(--soft); } .grid { stroke: var(--line); }
${COLOURS}</style>
<rect width="${WIDTH}" height="${HEIGHT}" fill="var(--paper)"/>
${html`${drawing(plot)}`.text}
</svg>
`;
}

function drawing({ x: xName, y: yName, series }: Plot): Markup {
  const values = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const place = scalePoint(values, [LEFT, WIDTH - RIGHT]).padding(0.2);
  const x = ({ x }: Point) => place(x) ?? LEFT;
  const y = scaleLinear([0, 1], [HEIGHT - BOTTOM, TOP]);
  const band = area<Point>()
    .x(x)
    .y0(({ interval }) => y(interval[0]))
    .y1(({ interval }) => y(interval[1]));
  const path = line<Point>()
    .x(x)
    .y(({ value }) => y(value));
  const grid = y.ticks(5).map(
    (tick) => html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(tick))}" y2="${at(y(tick))}"/>
<text class="tick" x="${LEFT - 8}" y="${at(y(tick) + 4)}" text-anchor="end">${tick.toFixed(1)}</text>`,
  );
  const columns = values.map(
    (value) =>
      html`<text class="tick" x="${at(place(value) ?? 0)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${value}</text>`,
  );
  const names = apart(series.map(({ points }) => y(points.at(-1)?.value ?? 0)));
  const drawn = series.map(
    ({ name, points }, index) => html`<g class="s${index % COLORS}"><path class="band" d="${band([...points]) ?? ""}"/>
<path class="line" d="${path([...points]) ?? ""}"/>
${points.length === 1 ? points.map((point) => html`<line class="reach" x1="${at(x(point))}" x2="${at(x(point))}" y1="${at(y(point.interval[0]))}" y2="${at(y(point.interval[1]))}"/>`) : ""}
${points.map((point) => html`<circle class="mark" cx="${at(x(point))}" cy="${at(y(point.value))}" r="4"><title>${name}, ${point.x}: ${point.value.toFixed(3)} (${point.interval[0].toFixed(2)} … ${point.interval[1].toFixed(2)})</title></circle>`)}
<text class="name" x="${WIDTH - RIGHT + 10}" y="${at((names[index] ?? 0) + 4)}">${name}</text></g>`,
  );
  return html`${grid}${columns}
<text class="tick" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 4}" text-anchor="middle">${xName}</text>
<text class="tick" x="${-(HEIGHT - BOTTOM + TOP) / 2}" y="12" text-anchor="middle" transform="rotate(-90)">${yName}</text>
${drawn}`;
}

/** Positions close to the given ones at which labels don't overlap. */
function apart(wanted: readonly number[]): number[] {
  const order = wanted.map((at, index) => ({ at, index })).sort((a, b) => a.at - b.at);
  const placed: number[] = [];
  let free = Number.NEGATIVE_INFINITY;
  for (const { at, index } of order) {
    placed[index] = Math.max(at, free);
    free = (placed[index] ?? at) + NAME;
  }
  return placed;
}

function at(value: number): string {
  return value.toFixed(1);
}
