import type { Locale } from "../../i18n/locale.ts";
import { html, type Markup } from "../report/format/markup.ts";
import type { BaselineName } from "./plan.ts";
import type { ComparisonReport, Cost, VariantRow } from "./result.ts";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [460, 300, 40, 16, 22, 40];
/** Pixels between the baselines of two names. */
const LINE = 14;
/** Width of a character of a name in a wide font, in pixels. */
const CHARACTER = 8;
const COLORS = 8;
/** How far a name moves across its mark, in pixels, where there is no room on either side. */
const SHIFTS = [0, 24, 48, 72, 96];

/** Style rules for the marks of variants, added to the report's style sheet. */
export const PLOT_STYLE = `
:root { --s0: light-dark(#1f6feb, #6cb0ff); --s1: light-dark(#b3261e, #ff938a); --s2: light-dark(#176f2c, #6fdd8b); --s3: light-dark(#8250df, #c297ff);
  --s4: light-dark(#8a5a00, #e8b44c); --s5: light-dark(#0b7285, #5fd3e6); --s6: light-dark(#a61e6b, #ff8fcb); --s7: light-dark(#4b5563, #b4bcc6); }
@media print { :root { --s0: #0b57d0; --s1: #b3261e; --s2: #176f2c; --s3: #6639ba; --s4: #8a5a00; --s5: #0b7285; --s6: #a61e6b; --s7: #4b5563; } }
${Array.from({ length: COLORS }, (_, index) => `.s${index} { --mark: var(--s${index}); }`).join(" ")}
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: .4rem 1.2rem; }
.panel svg { display: block; width: 100%; height: auto; }
.panel .whisker, .panel .reach { stroke: var(--mark); stroke-width: 2; } .panel .reach { stroke-width: 1; stroke-dasharray: 2 3; }
.panel .dot { fill: var(--mark); opacity: .35; } .panel .mark { fill: var(--mark); stroke: var(--paper); stroke-width: 1.5; }
.panel .label { fill: var(--mark); font-weight: 600; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; } .panel .leader { stroke: var(--mark); opacity: .5; }
.panel .base { stroke: var(--soft); stroke-dasharray: 5 4; } .panel .base-name { fill: var(--soft); }
`;

interface Axis {
  readonly title: string;
  readonly of: (cost: Cost) => number | null;
  readonly tick: (value: number) => string;
}

/** Held-out score against calls, tokens, cost and time: one panel for each that is not 0. */
export function costPlots(report: ComparisonReport, locale: Locale): Markup {
  const { t } = locale;
  const axes: Axis[] = [
    { title: t("calls of a search"), of: ({ calls }) => calls, tick: (value) => locale.compact(value) },
    { title: t("tokens of a search"), of: ({ tokens }) => tokens, tick: (value) => locale.compact(value) },
    { title: t("cost of a search"), of: ({ usd }) => usd, tick: (value) => locale.money(value) },
    { title: t("time of a search"), of: ({ seconds }) => seconds, tick: (value) => locale.duration(1000 * value) },
  ];
  const shown = axes.filter(({ of }) => report.variants.some(({ cost }) => (of(cost) ?? 0) > 0));
  return html`<div class="panels">${shown.map((axis) => html`<div class="panel">${panel(report, axis, locale)}</div>`)}</div>`;
}

function panel(report: ComparisonReport, { title, of, tick }: Axis, locale: Locale): Markup {
  const { t } = locale;
  const { variants, baselines } = report;
  const most = Math.max(...variants.flatMap(({ cost, repeats }) => [cost, ...repeats].map((one) => of(one) ?? 0)));
  const right = niceAbove(most);
  const x = (value: number) => LEFT + ((WIDTH - RIGHT - LEFT) * value) / right;
  const y = (score: number) => HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * score;
  const grid = [0, 0.2, 0.4, 0.6, 0.8, 1].map(
    (score) => html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(score))}" y2="${at(y(score))}"/>
<text class="tick" x="${LEFT - 7}" y="${at(y(score) + 4)}" text-anchor="end">${score.toLocaleString(locale.language, { minimumFractionDigits: 1 })}</text>`,
  );
  const ticks = [0, 0.5, 1].map((part) => {
    const anchor = part === 0 ? "start" : part === 1 ? "end" : "middle";
    return html`<text class="tick" x="${at(x(part * right))}" y="${HEIGHT - BOTTOM + 17}" text-anchor="${anchor}">${tick(part * right)}</text>`;
  });
  const lines = baselines.flatMap(({ name, score }) =>
    score === null
      ? []
      : html`<line class="base" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(score))}" y2="${at(y(score))}"><title>${baselineLabel(name, locale, report.breakEven?.model)}: ${locale.decimal(score)}</title></line>`,
  );
  const marks = variants.flatMap((variant, index) => {
    const cost = of(variant.cost);
    const { score } = variant.heldOut;
    return cost === null || score === null ? [] : [{ variant, index, x: x(cost), y: y(score), score }];
  });
  const drawn = marks.flatMap(({ variant, x: from, y: height }) => {
    const [low, high] = variant.heldOut.interval;
    const repeats = variant.repeats.flatMap((repeat) => {
      const [cost, score] = [of(repeat), repeat.heldOut];
      return cost === null || score === null ? [] : boxAround(x(cost), y(score), 4);
    });
    return [boxAround(from, height, 8), { left: from - 3, right: from + 3, top: y(high), bottom: y(low) }, ...repeats];
  });
  const all = [
    ...marks.map(({ variant, index, x: from, y: height }) => ({ text: variant.name, x: from, y: height, kind: index })),
    ...baselines.flatMap(({ name, score }) =>
      score === null
        ? []
        : [{ text: baselineLabel(name, locale, report.breakEven?.model), x: LEFT, y: y(score) - 9, kind: null }],
    ),
  ];
  const names = labelsOf(all, drawn);
  const label = marks
    .map(({ variant, score }) => `${variant.name} ${locale.decimal(score)}, ${tick(of(variant.cost) ?? 0)}`)
    .join("; ");
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${t("Held-out score by {0}: {1}", title, label)}">
${grid}${ticks}
<text class="tick" x="${LEFT - 7}" y="${TOP - 9}" text-anchor="end">${t("score")}</text>
<text class="tick" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${title}</text>
${lines}
${marks.map((mark) => markOf(mark, of, x, y, locale))}
${names}
</svg>`;
}

function markOf(
  { variant, index, x, y, score }: { variant: VariantRow; index: number; x: number; y: number; score: number },
  of: Axis["of"],
  toX: (value: number) => number,
  toY: (score: number) => number,
  locale: Locale,
): Markup {
  const { heldOut, repeats } = variant;
  const [low, high] = heldOut.interval;
  const costs = repeats.flatMap((repeat) => of(repeat) ?? []);
  const dots = repeats.map((repeat) => {
    const cost = of(repeat);
    return cost === null || repeat.heldOut === null
      ? html``
      : html`<circle class="dot" cx="${at(toX(cost))}" cy="${at(toY(repeat.heldOut))}" r="3"/>`;
  });
  return html`<g class="s${index % COLORS}">
<line class="reach" x1="${at(toX(Math.min(...costs)))}" x2="${at(toX(Math.max(...costs)))}" y1="${at(y)}" y2="${at(y)}"/>
<line class="whisker" x1="${at(x)}" x2="${at(x)}" y1="${at(toY(low))}" y2="${at(toY(high))}"/>
${dots}<circle class="mark" cx="${at(x)}" cy="${at(y)}" r="6"><title>${variant.name}: ${locale.decimal(score)} (${locale.range(heldOut.interval)})</title></circle>
</g>`;
}

interface Name {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  /** Index of the variant. null: a baseline. */
  readonly kind: number | null;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "end";
}

function boxAround(x: number, y: number, reach: number): Box {
  return { left: x - reach, right: x + reach, top: y - reach, bottom: y + reach };
}

/** Names beside their marks, which touch neither each other nor a mark, a repeat or an interval, if there is room. */
function labelsOf(names: readonly Name[], marks: readonly Box[]): Markup[] {
  const taken = [...marks];
  return [...names]
    .sort((a, b) => a.y - b.y)
    .map((name) => {
      const { text, x, y, kind } = name;
      const place = freeNear(name, taken);
      taken.push(boxOf(place, text));
      if (kind === null) {
        return html`<text class="base-name" x="${at(place.x)}" y="${at(place.y + 4)}" text-anchor="${place.anchor}">${text}</text>`;
      }
      const leader =
        Math.abs(place.y - y) > 4
          ? html`<line class="leader" x1="${at(x)}" y1="${at(y)}" x2="${at(place.x)}" y2="${at(place.y)}"/>`
          : null;
      return html`<g class="s${kind % COLORS}">${leader}<text class="label" x="${at(place.x)}" y="${at(place.y + 4)}" text-anchor="${place.anchor}">${text}</text></g>`;
    });
}

function freeNear(name: Name, taken: readonly Box[]): Place {
  const sides = sidesOf(name);
  for (const shift of SHIFTS) {
    for (let step = 0; step < 60; step++) {
      for (const y of [name.y + step * 4, name.y - step * 4]) {
        const places = sides.map(({ x, anchor }) => ({ x: x + (anchor === "start" ? -shift : shift), anchor, y }));
        const free = places.find((place) => isFree(boxOf(place, name.text), taken));
        if (free) return free;
      }
    }
  }
  return { x: name.x, anchor: "start", ...sides[0], y: name.y };
}

/** The preferred side first: the one with more room. */
function sidesOf({ x, kind }: Name): Omit<Place, "y">[] {
  const left = { x: kind === null ? LEFT + 4 : x + 11, anchor: "start" } as const;
  const right = { x: kind === null ? WIDTH - RIGHT : x - 11, anchor: "end" } as const;
  return kind !== null && x < (LEFT + WIDTH) / 2 ? [left, right] : [right, left];
}

function boxOf({ x, y, anchor }: Place, text: string): Box {
  const width = text.length * CHARACTER;
  const [left, right] = anchor === "start" ? [x, x + width] : [x - width, x];
  return { left, right, top: y - LINE / 2, bottom: y + LINE / 2 };
}

function isFree(box: Box, taken: readonly Box[]): boolean {
  const isInside = box.left >= LEFT && box.right <= WIDTH && box.top >= TOP - LINE / 2 && box.bottom <= HEIGHT - BOTTOM;
  const meets = (other: Box) =>
    box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom;
  return isInside && !taken.some(meets);
}

export function baselineLabel(name: BaselineName, { t }: Locale, otherModel = ""): string {
  switch (name) {
    case "untouched":
      return t("original graph");
    case "chain-of-thought":
      return t("chain of thought");
    case "reflexion":
      return t("Reflexion");
    case "other model":
      return otherModel === "" ? t("original graph, other model") : t("original graph with {0}", otherModel);
  }
}

/** The next 1, 2 or 5 times a power of ten, or a quarter step in between, so that marks don't touch the edge. */
function niceAbove(value: number): number {
  const wanted = Math.max(value * 1.08, 1e-9);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return ([1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= wanted) ?? 10) * power;
}

function at(value: number): string {
  return value.toFixed(1);
}
