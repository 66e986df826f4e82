import type { Locale } from "../../../i18n/locale.ts";
import type { Comparison, CurveRow, Figure } from "../report.ts";
import { html, type Markup } from "./markup.ts";

/** Plots as SVG text. Colours come from classes of the page's style sheet, so that they follow its theme. */

const WIDTH = 720;
const HEIGHT = 260;
const LEFT = 44;
const RIGHT = 96;
const TOP = 26;
const BOTTOM = 36;
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** From 0 … `most` to pixels. */
function scale(most: number, from: number, to: number): (value: number) => number {
  return (value) => from + ((to - from) * value) / most;
}

function path(points: readonly (readonly [number, number])[]): string {
  return `M${points.map(([x, y]) => `${at(x)},${at(y)}`).join("L")}`;
}

/** The incumbent's validation score by iteration with its interval, and the test score before and after. @param curve at least the start */
export function scorePlot(curve: readonly CurveRow[], test: Comparison | null, locale: Locale): Markup {
  const { t } = locale;
  const last = Math.max(1, curve.at(-1)?.iteration ?? 1);
  const x = scale(last, LEFT, WIDTH - RIGHT);
  const y = scale(1, HEIGHT - BOTTOM, TOP);
  const middle = ({ low, high }: CurveRow) => (low + high) / 2;
  const bound = (side: 0 | 1) => curve.map(({ iteration, interval }) => [x(iteration), y(interval[side])] as const);
  const step = Math.ceil(last / 12);
  const rows = TICKS.map(
    (tick) =>
      html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(tick))}" y2="${at(y(tick))}"/>
<text class="tick" x="${LEFT - 8}" y="${at(y(tick) + 4)}" text-anchor="end">${tick.toLocaleString(locale.language, { minimumFractionDigits: 1 })}</text>`,
  );
  const columns = curve
    .filter(({ iteration }) => iteration % step === 0)
    .map(
      ({ iteration }) =>
        html`<text class="tick" x="${at(x(iteration))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${iteration === 0 ? t("start") : iteration}</text>`,
    );
  const points = curve.map((row) => {
    const { iteration, accepted, low, high } = row;
    const score = t("iteration {0}: {1}", iteration, locale.range([low, high]));
    const words = accepted > 0 ? t("{0}, {1} accepted", score, accepted) : score;
    const open = html`<line class="open" x1="${at(x(iteration))}" x2="${at(x(iteration))}" y1="${at(y(low))}" y2="${at(y(high))}"/>`;
    return html`${low < high ? open : null}<circle class="${accepted > 0 ? "point" : "point hollow"}" cx="${at(x(iteration))}" cy="${at(y(middle(row)))}" r="4"><title>${words}</title></circle>`;
  });
  const end = curve.at(-1);
  const [from, to] = [curve[0], end].map((row) => (row ? locale.decimal(middle(row)) : "?"));
  const label = t("Validation score by iteration: from {0} to {1}", from ?? "?", to ?? "?");
  return html`<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
${rows}${columns}
<text class="tick" x="${LEFT - 8}" y="${TOP - 12}" text-anchor="end">${t("score")}</text>
<text class="tick" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 2}" text-anchor="middle">${t("iteration")}</text>
<path class="band" d="${path([...bound(0), ...bound(1).reverse()])}Z"/><path class="score" d="${path(curve.map((row) => [x(row.iteration), y(middle(row))]))}"/>
${test ? testMarks(test, [x(0), x(last)], y, end ? y(middle(end)) : TOP, locale) : null}
${points}
${end ? html`<text class="name" x="${WIDTH - RIGHT + 18}" y="${at(y(middle(end)) + 4)}">${t("validation")}</text>` : null}
</svg>`;
}

/** Pixels that two names beside each other need. */
const NAME = 14;

/** @param taken position of the other line's name */
function testMarks(
  { before, after }: Comparison,
  [start, end]: readonly [number, number],
  y: (score: number) => number,
  taken: number,
  locale: Locale,
): Markup {
  const { t } = locale;
  const mark = ({ score, interval }: Figure, x: number, when: string) =>
    html`<line class="whisker" x1="${at(x)}" x2="${at(x)}" y1="${at(y(interval[0]))}" y2="${at(y(interval[1]))}"/>
<rect class="test" x="${at(x - 4)}" y="${at(y(score) - 4)}" width="8" height="8"><title>${when}: ${locale.decimal(score)} (${locale.range(interval)})</title></rect>`;
  const beside = 12;
  const wanted = y(after.score);
  const name = Math.abs(wanted - taken) < NAME ? taken + (wanted < taken ? -NAME : NAME) : wanted;
  return html`${mark(before, start + beside, t("test before"))}${mark(after, end + beside, t("test after"))}
<line class="link" x1="${at(start + beside)}" x2="${at(end + beside)}" y1="${at(y(before.score))}" y2="${at(y(after.score))}"/>
<text class="name test-name" x="${at(end + beside + 10)}" y="${at(name + 4)}">${t("test")}</text>`;
}

const STRIP = 260;
const onStrip = scale(1, 6, STRIP - 6);

/** Score and interval on a line from 0 to 1. */
export function intervalPlot(
  { score, interval: [low, high] }: Pick<Figure, "score" | "interval">,
  isAfter: boolean,
  locale: Locale,
): Markup {
  const words = locale.t("{0}, between {1} and {2}", ...[score, low, high].map((one) => locale.decimal(one)));
  return html`<svg class="strip" viewBox="0 0 ${STRIP} 18" role="img" aria-label="${words}">
<line class="grid" x1="6" x2="${STRIP - 6}" y1="9" y2="9"/>
<line class="whisker" x1="${at(onStrip(low))}" x2="${at(onStrip(high))}" y1="9" y2="9"/>
<circle class="${isAfter ? "point" : "point hollow"}" cx="${at(onStrip(score))}" cy="9" r="5"/>
</svg>`;
}

/** The line on which scores and intervals are to be read. */
export function axis({ language }: Locale): Markup {
  const tick = (score: number) =>
    html`<line class="grid" x1="${at(onStrip(score))}" x2="${at(onStrip(score))}" y1="0" y2="4"/><text class="tick" x="${at(onStrip(score))}" y="15" text-anchor="middle">${score.toLocaleString(language)}</text>`;
  return html`<svg class="strip" viewBox="0 0 ${STRIP} 16" aria-hidden="true">${[0, 0.5, 1].map(tick)}</svg>`;
}

/** A share as a bar. */
export function bar(share: number, locale: Locale): Markup {
  return html`<svg class="bar" viewBox="0 0 100 10" role="img" aria-label="${locale.percent(share)}" preserveAspectRatio="none">
<rect class="rest" width="100" height="10"/><rect class="part" width="${at(100 * share)}" height="10"/></svg>`;
}

function at(value: number): string {
  return value.toFixed(1);
}
