import { area, axisLeft, extent, line, scaleLinear, select } from "d3";
import { s } from "../dom.ts";
import { decimal } from "../format.ts";
import { t } from "../l10n.ts";
import type { PointView, RunView } from "../protocol.ts";

const MARGIN = { top: 8, right: 50, bottom: 16, left: 34 };

/** Score of the incumbent per iteration, with its 95 % interval. */
export class Plot {
  readonly element = s("svg", { class: "plot", role: "img" });
  #shown: RunView | null = null;
  /** As last observed: to ask the element lays the whole page out. */
  #size = { width: 240, height: 64 };

  constructor() {
    new ResizeObserver(([entry]) => {
      const { width, height } = entry?.contentRect ?? this.#size;
      this.#size = { width: width || 240, height: height || 64 };
      if (this.#shown) this.update(this.#shown);
    }).observe(this.element);
  }

  update(run: RunView): void {
    this.#shown = run;
    const { curve, iterations, replayed } = run;
    const { width, height } = this.#size;
    const points = curve.filter(isKnown).map((point) => ({ ...point, score: (point.low + point.high) / 2 }));
    this.element.setAttribute("aria-label", describe(points));
    const bounds = points.flatMap(({ low, high, interval }) => [low, high, ...(interval ?? [])]);
    const [least = 0, most = 1] = extent(bounds);
    const x = scaleLinear(
      [0, Math.max(iterations, points.at(-1)?.iteration ?? 0, 1)],
      [MARGIN.left, width - MARGIN.right],
    );
    const y = scaleLinear(
      [Math.max(0, Math.min(least, most - 0.3)), Math.min(1, Math.max(most, least + 0.3))],
      [height - MARGIN.bottom, MARGIN.top],
    ).nice(3);
    const svg = select(this.element);
    svg.selectAll("*").remove();
    if (points.length === 0) return;

    svg
      .append("g")
      .attr("class", "axis")
      .attr("transform", `translate(${MARGIN.left},0)`)
      .call(
        axisLeft(y)
          .ticks(2, ".1f")
          .tickSize(-(width - MARGIN.left - MARGIN.right))
          .tickPadding(6),
      );
    for (const iteration of [0, x.domain()[1] ?? 1]) {
      svg
        .append("text")
        .attr("class", "tick")
        .attr("x", x(iteration))
        .attr("y", height - 3)
        .text(iteration);
    }
    const banded = points.filter(({ interval }) => interval !== null);
    const band = area<PointView>()
      .x(({ iteration }) => x(iteration))
      .y0(({ interval, low }) => y(interval?.[0] ?? low))
      .y1(({ interval, high }) => y(interval?.[1] ?? high));
    svg.append("path").attr("class", "band").attr("d", band(banded));
    const curveLine = line<(typeof points)[number]>(
      ({ iteration }) => x(iteration),
      ({ score }) => y(score),
    );
    svg.append("path").attr("class", "curve").attr("d", curveLine(points));
    svg
      .selectAll("circle")
      .data(points)
      .join("circle")
      .attr("class", ({ accepted, iteration }) => (accepted > 0 || iteration === 0 ? "point accepted" : "point"))
      .attr("cx", ({ iteration }) => x(iteration))
      .attr("cy", ({ score }) => y(score))
      .attr("r", points.length > 30 ? 1.5 : 3)
      .append("title")
      .text((point) => pointLabel(point));
    if (replayed !== null) {
      svg
        .append("line")
        .attr("class", "replayed")
        .attr("x1", x(replayed))
        .attr("x2", x(replayed))
        .attr("y1", MARGIN.top)
        .attr("y2", height - MARGIN.bottom);
    }
    const last = points.at(-1);
    if (last) {
      const figure = `${last.low === last.high ? "" : "≈ "}${decimal(last.score)}`;
      const label = svg.append("text").attr("class", "last").text(figure);
      label.attr("x", x(last.iteration) + 7).attr("y", y(last.score) + 4);
    }
  }
}

/** Whether the score is known well enough to plot, because it is a range until all samples are scored. */
export function isKnown({ low, high }: PointView): boolean {
  return high - low < 1;
}

export function scoreLabel({ low, high }: PointView): string {
  return low === high ? decimal(low) : t("between {0} and {1}", decimal(low), decimal(high));
}

function pointLabel(point: PointView): string {
  const { iteration, interval, accepted } = point;
  const score = scoreLabel(point);
  const start = iteration === 0 ? t("Start") : t("Iteration {0}: {1} accepted", iteration, accepted);
  return interval
    ? t("{0}, score {1}, 95% interval {2} to {3}", start, score, decimal(interval[0]), decimal(interval[1]))
    : t("{0}, score {1}", start, score);
}

function describe(points: readonly PointView[]): string {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return t("Validation score: none yet.");
  return `${t("Validation score by iteration.")} ${pointLabel(first)}. ${points.length > 1 ? `${pointLabel(last)}.` : ""}`;
}
