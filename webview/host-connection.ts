import type { PanelSize } from "./panel/splitter.ts";
import {
  type Answer,
  type HostMessage,
  isHostMessage,
  type PageMessage,
  type Question,
  type Snapshot,
} from "./protocol.ts";

/** VS Code's API for a webview. Test pages have their own. */
interface VsCode {
  postMessage(message: PageMessage): void;
  getState(): unknown;
  setState(state: SavedState): void;
}

declare function acquireVsCodeApi(): VsCode;

/** State that survives a reload of the window. */
export interface SavedState {
  /** Data for the host to find the file again, returned unchanged. */
  readonly restore: string;
  readonly direction: "down" | "right" | null;
  readonly selected: string | null;
  readonly folded: readonly string[];
  readonly sample: string | null;
  readonly at: Snapshot;
  readonly camera: readonly [x: number, y: number, zoom: number] | null;
  /** Whether the details panel was open without a selection. */
  readonly overview: boolean;
  readonly panel: PanelSize;
}

export type AnswerTo<Q extends Question> = Extract<Answer, { kind: Q["kind"] }>;

/** The extension host. */
export interface Host {
  post(message: PageMessage): void;
  /** Asks the host. null if the host does not know the answer. */
  ask<Q extends Question>(question: Q): Promise<AnswerTo<Q> | null>;
  savedState(): Partial<SavedState>;
  saveState(state: Omit<SavedState, "restore">): void;
}

export type HostNotification = Exclude<HostMessage, { type: "answer" }>;

/** @param tell called for each valid message except answers */
export function connect(tell: (message: HostNotification) => void): Host {
  const vscode = acquireVsCodeApi();
  const waiting = new Map<number, (answer: Answer | null) => void>();
  let requests = 0;
  window.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (!isHostMessage(data)) return;
    if (data.type !== "answer") {
      tell(data);
      return;
    }
    waiting.get(data.request)?.(data.answer);
    waiting.delete(data.request);
  });
  const restore = document.body.dataset.restore ?? "";
  return {
    post: (message) => vscode.postMessage(message),
    ask: <Q extends Question>(question: Q) =>
      new Promise<AnswerTo<Q> | null>((resolve) => {
        const request = requests++;
        waiting.set(request, (answer) => resolve(answers(answer, question) ? answer : null));
        vscode.postMessage({ type: "ask", request, question });
      }),
    savedState: () => readSavedState(vscode.getState()),
    saveState: (state) => vscode.setState({ restore, ...state }),
  };
}

function answers<Q extends Question>(answer: Answer | null, question: Q): answer is AnswerTo<Q> {
  return answer?.kind === question.kind;
}

/** Ignores state in another form. */
function readSavedState(state: unknown): Partial<SavedState> {
  if (typeof state !== "object" || state === null) return {};
  const field = (name: keyof SavedState): unknown => Reflect.get(state, name);
  const { direction, selected, sample, at, folded, camera, overview, panel } = {
    direction: field("direction"),
    selected: field("selected"),
    sample: field("sample"),
    at: field("at"),
    folded: field("folded"),
    camera: field("camera"),
    overview: field("overview"),
    panel: field("panel"),
  };
  return {
    ...(direction === "down" || direction === "right" ? { direction } : {}),
    ...(typeof selected === "string" ? { selected } : {}),
    ...(typeof sample === "string" ? { sample } : {}),
    ...(at === "start" || at === "latest" ? { at } : {}),
    ...(Array.isArray(folded) ? { folded: folded.filter((id) => typeof id === "string") } : {}),
    ...(isCamera(camera) ? { camera } : {}),
    ...(typeof overview === "boolean" ? { overview } : {}),
    ...(isSize(panel) ? { panel } : {}),
  };
}

function isSize(value: unknown): value is PanelSize {
  if (typeof value !== "object" || value === null) return false;
  const [width, height]: unknown[] = [Reflect.get(value, "width"), Reflect.get(value, "height")];
  return [width, height].every((one) => one === null || Number.isFinite(one));
}

function isCamera(value: unknown): value is readonly [number, number, number] {
  return Array.isArray(value) && value.length === 3 && value.every(Number.isFinite) && value[2] > 0;
}
