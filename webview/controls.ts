import { provideVSCodeDesignSystem, vsCodeButton, vsCodeDropdown, vsCodeOption } from "@vscode/webview-ui-toolkit";
import { type IconName, inlineIcon } from "./canvas/icons.ts";
import { h } from "./dom.ts";

/**
 * The page's controls. The only file that knows the toolkit, which is archived: to replace it, rewrite these functions.
 */
export function registerControls(): void {
  provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeDropdown(), vsCodeOption());
}

/** A button with only an icon. @param label its accessible name */
export function iconButton(name: IconName, label: string, act: () => void): HTMLElement {
  const button = create("vscode-button", { appearance: "icon", "aria-label": label, title: label }, inlineIcon(name));
  button.addEventListener("click", act);
  return button;
}

/** @param hint tooltip that explains a short label */
export function textButton(
  label: string,
  act: () => void,
  look: "primary" | "secondary" = "secondary",
  hint = "",
): HTMLElement {
  const button = create("vscode-button", { appearance: look, ...(hint && { title: hint }) }, label);
  button.addEventListener("click", act);
  return button;
}

/** A choice between a few options. @param change gets the key of the chosen one */
export function choice<K extends string>(
  label: string,
  options: Readonly<Record<K, string>>,
  chosen: K,
  change: (key: K) => void,
): HTMLElement {
  const keys = Object.keys(options).filter((key): key is K => key in options);
  const items = keys.map((key) =>
    create("vscode-option", { value: key, ...(key === chosen ? { selected: "" } : {}) }, options[key]),
  );
  const dropdown = create("vscode-dropdown", { "aria-label": label, title: label }, ...items);
  dropdown.addEventListener("change", () => {
    const value: unknown = Reflect.get(dropdown, "value");
    const key = keys.find((known) => known === value);
    if (key !== undefined) change(key);
  });
  return dropdown;
}

function create(
  tag: string,
  attributes: Readonly<Record<string, string>>,
  ...children: (Node | string)[]
): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A part of the side panel that can be closed. */
export function section(title: string, open: boolean, ...children: (Node | string | null)[]): HTMLDetailsElement {
  return h("details", { open }, h("summary", {}, title), ...children);
}
