/** More combining marks on a letter than any language uses, which would cover other lines. */
const PILED_MARKS = /(\p{M}{2})\p{M}+/gu;

/** Measures and cuts texts to a width, since SVG has no ellipsis. Widths in pixels at zoom 1. */
export class Typesetter {
  readonly #context = document.createElement("canvas").getContext("2d");
  readonly #widths = new Map<string, number>();
  #family = "";

  /** Updates the font. Call it when the theme may have changed. */
  refresh(family: string): void {
    if (family !== this.#family) this.#widths.clear();
    this.#family = family;
  }

  /** One line, ending in … where it was cut. */
  line(whole: string, width: number, size: number, weight = 400): string {
    const text = whole.replace(PILED_MARKS, "$1");
    if (this.width(text, size, weight) <= width) return text;
    let low = 0;
    let high = text.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.width(`${text.slice(0, middle)}…`, size, weight) <= width) low = middle;
      else high = middle - 1;
    }
    return `${text.slice(0, low).trimEnd()}…`;
  }

  /** Breaks a text into at most `most` lines, between words if possible; names have words as well: `report_writer`. */
  lines(text: string, width: number, size: number, most: number, weight = 400): string[] {
    const lines: string[] = [];
    let rest = text.trim().replace(PILED_MARKS, "$1");
    while (rest !== "" && lines.length < most - 1) {
      const fitting = this.line(rest, width, size, weight);
      if (fitting === rest) break;
      const cut = fitting.length - 1;
      const end = lastBreak(rest, cut);
      if (end <= 0) break;
      lines.push(rest.slice(0, end).trimEnd());
      rest = rest.slice(end).trimStart();
    }
    return rest === "" ? lines : [...lines, this.line(rest, width, size, weight)];
  }

  width(text: string, size: number, weight = 400): number {
    const font = `${weight} ${size}px ${this.#family}`;
    const key = `${font}\n${text}`;
    const known = this.#widths.get(key);
    if (known !== undefined) return known;
    if (!this.#context) return text.length * size * 0.55;
    this.#context.font = font;
    // The same text rendering as the graph (style.css), because hinted fonts change their width with the zoom.
    this.#context.textRendering = "geometricPrecision";
    const { width } = this.#context.measureText(text);
    if (this.#widths.size > 20_000) this.#widths.clear();
    this.#widths.set(key, width);
    return width;
  }
}

/** Between two words, unless that leaves most of the line empty; else where the line ends. */
function lastBreak(text: string, cut: number): number {
  for (let end = cut; end > cut / 3; end--) {
    if (text[end] === " " || /[-_./:]/.test(text[end - 1] ?? "")) return end;
  }
  return cut;
}
