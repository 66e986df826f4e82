import type { Legend } from "./frame/legend.ts";
import type { Search } from "./frame/search.ts";
import { stepFrom, stepOf } from "./graph/scene.ts";
import type { Actions, State } from "./state.ts";

interface KeyActs extends Actions {
  /** Moves the keyboard to a node. */
  focus(node: string): void;
  clear(): void;
}

/** Runs the action of a key; false if it has none. */
export function keyAct(event: KeyboardEvent, state: State, acts: KeyActs, legend: Legend, search: Search): boolean {
  if (event.key === "Escape") {
    if (legend.element.hidden) acts.clear();
    else legend.toggle(false);
    return true;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return false;
  const plain: Readonly<Record<string, () => void>> = {
    "/": () => search.focus(),
    f: acts.fit.bind(acts),
    "+": () => acts.zoom(1.3),
    "=": () => acts.zoom(1.3),
    "-": () => acts.zoom(1 / 1.3),
    d: acts.rotate.bind(acts),
    "?": () => legend.toggle(),
  };
  const act = plain[event.key.toLowerCase()];
  if (act) {
    act();
    return true;
  }
  return state.focused !== null && nodeKey(event, state.focused, state, acts);
}

function nodeKey(event: KeyboardEvent, node: string, { scene }: State, acts: KeyActs): boolean {
  if (event.key === "Enter") {
    acts.select(node);
    acts.open(node);
    return true;
  }
  if (event.key === " ") {
    acts.select(node);
    return true;
  }
  if (event.key.toLowerCase() === "c") {
    acts.fold(node);
    return true;
  }
  if (!scene) return false;
  const step = stepOf(event.key, scene.direction);
  if (!step) return false;
  const next = stepFrom(scene, node, step);
  if (next !== null) acts.focus(next);
  return true;
}

/** Letters go to a focused field, also in a control's shadow tree. */
function isTyping(event: KeyboardEvent): boolean {
  const [target] = event.composedPath();
  return (
    target instanceof HTMLElement &&
    (target.matches("input, textarea, select") || target.role === "option" || target.role === "combobox")
  );
}
