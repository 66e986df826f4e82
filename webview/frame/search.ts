import { h, scrollToElement } from "../dom.ts";
import { t } from "../l10n.ts";
import type { Actions, State } from "../state.ts";

/** Search for nodes: a field, and a list of results. */
export class Search {
  readonly field: HTMLElement;
  readonly results = h("section", { class: "results", hidden: true });
  readonly #input = h("input", {
    type: "text",
    role: "combobox",
    class: "search",
    spellcheck: "false",
    autocomplete: "off",
    placeholder: t("Find a node"),
    "aria-label": t("Find a node"),
    title: t("Find a node (/)"),
    "aria-controls": "found-nodes",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
  });
  readonly #count = h("span", { class: "found", role: "status" });
  readonly #list = h("ul", { id: "found-nodes", role: "listbox", "aria-label": t("Nodes found") });
  #drawn = "";

  constructor(private readonly acts: Actions) {
    this.field = h("div", { class: "search-field" }, this.#input, this.#count);
    this.results.append(h("h2", {}, t("Search results")), this.#list);
    this.#input.addEventListener("input", () => acts.search(this.#input.value));
    this.#input.addEventListener("keydown", (event) => {
      const back = event.key === "Enter" ? event.shiftKey : event.key === "ArrowUp";
      if (!["Enter", "ArrowDown", "ArrowUp"].includes(event.key)) return;
      acts.nextMatch(back);
      event.preventDefault();
    });
    this.#list.addEventListener("click", ({ target }) => {
      const id = target instanceof Element ? target.closest("li")?.getAttribute("data-id") : null;
      if (id) acts.showMatch(id);
    });
  }

  focus(): void {
    this.#input.focus();
    this.#input.select();
  }

  clear(): void {
    if (this.#input.value === "") return;
    this.#input.value = "";
    this.acts.search("");
  }

  update({ matches, selected, scene, query }: State): void {
    const at = matches === null || selected === null ? -1 : matches.indexOf(selected);
    const count =
      matches === null
        ? ""
        : matches.length === 0
          ? t("no results")
          : at < 0
            ? t("{0} found", matches.length)
            : t("{0} of {1}", at + 1, matches.length);
    if (this.#count.textContent !== count) this.#count.textContent = count;
    this.#count.hidden = count === "";
    this.results.hidden = matches === null || matches.length === 0;
    this.#input.setAttribute("aria-expanded", String(!this.results.hidden));
    // The rows around the current one: a list of thousands takes too long to draw at each key.
    const first = Math.max(0, Math.min(at - ROWS / 2, (matches?.length ?? 0) - ROWS));
    const rows = (matches ?? []).slice(first, first + ROWS).flatMap((id) => scene?.byId.get(id)?.view ?? []);
    const key = JSON.stringify([rows, first, selected, query]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.#list.replaceChildren(
      ...rows.map((view, i) => {
        const isCurrent = first + i === at;
        const where = placeOf(view, query);
        return h(
          "li",
          {
            role: "option",
            id: `found-${first + i}`,
            "data-id": view.id,
            "aria-selected": String(isCurrent),
            "aria-posinset": first + i + 1,
            "aria-setsize": matches?.length,
            title: view.id,
          },
          h("span", { class: "name" }, ...marked(view.id, query)),
          where !== "" && h("span", { class: "faint" }, ...marked(where, query)),
        );
      }),
    );
    if (at < 0) this.#input.removeAttribute("aria-activedescendant");
    else this.#input.setAttribute("aria-activedescendant", `found-${at}`);
    scrollToElement(this.#list, this.#list.children[at - first], "nearest");
  }
}

/** Number of results in the list. */
const ROWS = 100;

/** Number of characters shown before a match. */
const BEFORE = 24;

/** The place of a match outside the name: the role, the instruction or the model. */
function placeOf({ id, role, excerpt, model }: SceneView, query: string): string {
  const wanted = query.trim().toLowerCase();
  if (id.toLowerCase().includes(wanted)) return role;
  const text = [role, excerpt, model].find((one) => one.toLowerCase().includes(wanted)) ?? role;
  const start = text.toLowerCase().indexOf(wanted) - BEFORE;
  return start > 0 ? `…${text.slice(start)}` : text;
}

type SceneView = { readonly id: string; readonly role: string; readonly excerpt: string; readonly model: string };

function marked(text: string, query: string): (Node | string)[] {
  const wanted = query.trim();
  const at = text.toLowerCase().indexOf(wanted.toLowerCase());
  // Some letters change their length in lower case. Then nothing is highlighted.
  if (at < 0 || text.toLowerCase().length !== text.length) return [text];
  const end = at + wanted.length;
  return [text.slice(0, at), h("mark", {}, text.slice(at, end)), text.slice(end)];
}
