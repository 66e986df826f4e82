import { inlineIcon } from "../canvas/icons.ts";
import { h } from "../dom.ts";
import { plural } from "../format.ts";
import { t } from "../l10n.ts";
import type { Cut, GradientView } from "../protocol.ts";
import type { Actions } from "../state.ts";

/** A literal text with its line breaks. A note says so if the page has only its start. */
export function text(cut: Cut, look = ""): HTMLElement {
  const rest = cut.length - cut.text.length;
  return h(
    "div",
    {
      class: `text ${look}`,
      tabindex: cut.text.length > 400 ? 0 : null,
      role: cut.text.length > 400 ? "group" : null,
      "aria-label": cut.text.length > 400 ? t("text") : null,
    },
    cut.text === "" ? h("em", {}, t("(empty)")) : cut.text,
    rest > 0 && h("em", {}, ` … ${plural(rest, t("{0} more character"), t("{0} more characters"))}`),
  );
}

export function link(label: string, act: () => void, title = ""): HTMLButtonElement {
  const button = h("button", { type: "button", class: "link", title: title || null }, label);
  button.addEventListener("click", act);
  return button;
}

export function copyButton(label: string, act: () => void): HTMLButtonElement {
  const button = h(
    "button",
    { type: "button", class: "plain copy", "aria-label": label, title: label },
    inlineIcon("copy"),
  );
  button.addEventListener("click", () => {
    act();
    button.replaceChildren(t("Copied"));
    setTimeout(() => button.replaceChildren(inlineIcon("copy")), 1200);
  });
  return button;
}

/** Names of nodes as links, separated by commas. */
export function nodeLinks(ids: readonly string[], acts: Actions): (HTMLElement | string)[] {
  const shown = ids.slice(0, 30);
  const links = shown.flatMap((id, i) => [...(i > 0 ? [", "] : []), link(id, () => acts.select(id))]);
  return ids.length > shown.length ? [...links, ` ${t("and {0} more", ids.length - shown.length)}`] : links;
}

/** Gradients with their samples, by the first words of each. */
export function gradientList(gradients: readonly GradientView[], acts: Actions): HTMLElement {
  return h(
    "ul",
    { class: "gradients" },
    ...gradients.map(({ sample, excerpt, iteration, of, from, text: words }) => {
      const about =
        of === "text" ? t("on its instruction") : from === null ? t("from the loss") : t("through {0}", from);
      const head = h(
        "p",
        { class: "source" },
        link(excerpt || sample, () => acts.pick(sample), t("Show the sample {0}", sample)),
        ` · ${t("iteration {0}", iteration)} · ${about}`,
      );
      return h("li", {}, head, words.text === "" ? h("p", { class: "faint" }, t("No change needed.")) : text(words));
    }),
  );
}
