import { h } from "../dom.ts";
import { t } from "../l10n.ts";

/** Width of the details beside the graph in pixels, and their height below it in percent. */
const BESIDE = { least: 260, usual: 320, most: 420, step: 20 };
const BELOW = { least: 20, usual: 45, most: 80, step: 5 };
/** Media query for windows in which the details are below the graph (style.css). */
const NARROW = "(max-width: 640px)";

/** Size of the details. null for the default size. */
export interface PanelSize {
  readonly width: number | null;
  readonly height: number | null;
}

/** The border between graph and details: drag it, move it with the arrow keys, or reset it with a double-click. */
export class Splitter {
  readonly element = h("div", { class: "splitter", role: "separator", tabindex: 0 });
  readonly #narrow = matchMedia(NARROW);

  /**
   * @param middle contains the graph and the details
   * @param panel the details, which alone have the size as a property: each element below it gets a new style
   * @param changed called when the user chooses another size
   */
  constructor(
    private readonly middle: HTMLElement,
    private readonly panel: HTMLElement,
    private size: PanelSize,
    private readonly changed: (size: PanelSize) => void,
  ) {
    this.element.setAttribute("aria-label", t("Size of the details"));
    this.element.title = t("Drag to resize. Double-click to reset.");
    this.#show();
    this.#narrow.addEventListener("change", () => this.#show());
    this.element.addEventListener("pointerdown", (event) => this.#drag(event));
    this.element.addEventListener("dblclick", () => this.#set(null));
    this.element.addEventListener("keydown", (event) => {
      const next = this.#afterKey(event.key);
      if (next === undefined) return;
      this.#set(next);
      event.preventDefault();
      // An arrow or a letter would also move the drawing.
      event.stopPropagation();
    });
  }

  get #bounds(): typeof BESIDE {
    return this.#narrow.matches ? BELOW : BESIDE;
  }

  get #value(): number {
    return (this.#narrow.matches ? this.size.height : this.size.width) ?? this.#bounds.usual;
  }

  #afterKey(key: string): number | null | undefined {
    const { least, most, step } = this.#bounds;
    const keys: Readonly<Record<string, number | null>> = {
      [this.#narrow.matches ? "ArrowUp" : "ArrowLeft"]: this.#value + step,
      [this.#narrow.matches ? "ArrowDown" : "ArrowRight"]: this.#value - step,
      Home: least,
      End: most,
      Enter: null,
    };
    return keys[key];
  }

  #drag(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    this.element.focus();
    this.element.setPointerCapture(event.pointerId);
    const move = ({ clientX, clientY }: PointerEvent) => {
      const { right, bottom, height } = this.middle.getBoundingClientRect();
      this.#set(this.#narrow.matches ? (100 * (bottom - clientY)) / Math.max(1, height) : right - clientX);
    };
    const end = () => {
      this.element.removeEventListener("pointermove", move);
      this.element.removeEventListener("lostpointercapture", end);
    };
    this.element.addEventListener("pointermove", move);
    this.element.addEventListener("lostpointercapture", end);
  }

  #set(value: number | null): void {
    const { least, most } = this.#bounds;
    const kept = value === null ? null : Math.round(Math.min(most, Math.max(least, value)));
    this.size = this.#narrow.matches ? { ...this.size, height: kept } : { ...this.size, width: kept };
    this.#show();
    this.changed(this.size);
  }

  #show(): void {
    const { least, most } = this.#bounds;
    this.panel.style.setProperty("--panel-width", `${this.size.width ?? BESIDE.usual}px`);
    this.panel.style.setProperty("--panel-height", `${this.size.height ?? BELOW.usual}%`);
    this.element.setAttribute("aria-orientation", this.#narrow.matches ? "horizontal" : "vertical");
    this.element.setAttribute("aria-valuemin", String(least));
    this.element.setAttribute("aria-valuemax", String(most));
    this.element.setAttribute("aria-valuenow", String(this.#value));
  }
}
