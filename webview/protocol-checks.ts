import {
  type Answer,
  type CallAnswer,
  type Cut,
  type EdgeGradients,
  type FaultView,
  type GradientsAnswer,
  type GradientView,
  type GraphView,
  type HostMessage,
  LIMITS,
  type NodeAnswer,
  type NodeRunView,
  type NodeView,
  type PageMessage,
  type PointView,
  type Question,
  type RunView,
  type SampleAnswer,
  type SampleView,
  type Spent,
  type VerdictView,
  type WarningView,
} from "./protocol.ts";

/** Whether a message is one of the protocol's, field by field and within its limits. Both ends ask before they read. */
type Check<T> = (value: unknown) => value is T;

const isText =
  (most: number): Check<string> =>
  (value): value is string =>
    typeof value === "string" && value.length <= most;
const isFlag: Check<boolean> = (value) => typeof value === "boolean";
const isNumber: Check<number> = (value): value is number => Number.isFinite(value);
const isCount: Check<number> = (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function isOne<const T extends string>(...words: readonly T[]): Check<T> {
  return (value): value is T => words.some((word) => word === value);
}

function isNullOr<T>(check: Check<T>): Check<T | null> {
  return (value): value is T | null => value === null || check(value);
}

function isList<T>(check: Check<T>, most: number): Check<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.length <= most && value.every(check);
}

/** Exactly these fields. */
function isShape<T extends object>(fields: { readonly [K in keyof T]-?: Check<T[K]> }): Check<T> {
  const checks: [string, Check<unknown>][] = Object.entries(fields);
  return (value): value is T =>
    typeof value === "object" &&
    value !== null &&
    Object.keys(value).length === checks.length &&
    checks.every(([key, check]) => check(Reflect.get(value, key)));
}

/** One of several shapes, told apart by the word in `key`. */
function isUnion<T extends object>(
  key: string,
  shapes: Readonly<Record<string, (value: unknown) => boolean>>,
): Check<T> {
  return (value): value is T => {
    if (typeof value !== "object" || value === null) return false;
    const word: unknown = Reflect.get(value, key);
    return typeof word === "string" && Object.hasOwn(shapes, word) && shapes[word]!(value);
  };
}

const isId = isText(LIMITS.id);
const isLine = isText(LIMITS.line);
const isMoment = isOne("start", "latest");
const isSplit = isOne("train", "validation", "test");
const isCut = isShape<Cut>({ text: isText(LIMITS.text), length: isCount });

const isGraphView = isShape<GraphView>({
  name: isLine,
  description: isLine,
  nodes: isList(
    isShape<NodeView>({
      id: isId,
      kind: isOne("input", "llm", "text"),
      inputs: isList(isId, LIMITS.inputs),
      role: isLine,
      excerpt: isLine,
      words: isCount,
      trainable: isFlag,
      model: isLine,
    }),
    LIMITS.nodes,
  ),
  output: isId,
  left: isCount,
});

const isRunView = isShape<RunView>({
  id: isLine,
  status: isOne("running", "interrupted", "done", "budget", "cancelled", "failed"),
  detail: isLine,
  method: isLine,
  iteration: isCount,
  iterations: isCount,
  elapsed: isNumber,
  spent: isShape<Spent>({
    calls: isCount,
    cached: isCount,
    tokens: isCount,
    usd: isNullOr(isNumber),
    estimated: isFlag,
  }),
  limits: isShape<RunView["limits"]>({
    calls: isNullOr(isNumber),
    tokens: isNullOr(isNumber),
    usd: isNullOr(isNumber),
  }),
  nodes: isList(
    isShape<NodeRunView>({
      id: isId,
      forwardInFlight: isCount,
      backwardInFlight: isCount,
      optimizerInFlight: isCount,
      forward: isCount,
      backward: isCount,
      gradients: isCount,
      formatErrors: isCount,
      model: isLine,
      verdict: isNullOr(
        isShape<VerdictView>({
          decision: isOne("accepted", "rejected", "undecided"),
          before: isCount,
          after: isCount,
          scored: isCount,
        }),
      ),
    }),
    LIMITS.nodes,
  ),
  gradients: isList(isShape<EdgeGradients>({ node: isId, from: isNullOr(isId), count: isCount }), LIMITS.nodes),
  curve: isList(
    isShape<PointView>({
      iteration: isCount,
      low: isNumber,
      high: isNumber,
      interval: isNullOr(
        (value): value is readonly [number, number] => isList(isNumber, 2)(value) && value.length === 2,
      ),
      accepted: isCount,
    }),
    LIMITS.points,
  ),
  samples: isList(
    isShape<SampleView>({
      id: isId,
      excerpt: isText(LIMITS.excerpt),
      split: isSplit,
      before: isNullOr(isNumber),
      after: isNullOr(isNumber),
    }),
    LIMITS.samples,
  ),
  scored: isCount,
  threshold: isNumber,
  warnings: isList(
    isShape<WarningView>({ severity: isOne("warning", "information"), text: isText(LIMITS.sentence) }),
    LIMITS.warnings,
  ),
});

const isGradientViews = isList(
  isShape<GradientView>({
    iteration: isCount,
    sample: isId,
    of: isOne("value", "text"),
    from: isNullOr(isId),
    text: isCut,
  }),
  LIMITS.gradients,
);

const isAnswer = isUnion<Answer>("kind", {
  node: isShape<NodeAnswer>({
    kind: isOne("node"),
    node: isId,
    instruction: isCut,
    hypothesis: isText(LIMITS.text),
    rules: isList(isLine, LIMITS.messages),
  }),
  sample: isShape<SampleAnswer>({
    kind: isOne("sample"),
    sample: isId,
    at: isMoment,
    split: isSplit,
    expected: isList(isCut, LIMITS.messages),
    actual: isNullOr(isCut),
    loss: isNullOr(isNumber),
    right: isNullOr(isFlag),
    formatError: isFlag,
    values: isList(isShape<SampleAnswer["values"][number]>({ node: isId, excerpt: isLine }), LIMITS.nodes),
  }),
  call: isShape<CallAnswer>({
    kind: isOne("call"),
    node: isId,
    sample: isId,
    at: isMoment,
    model: isLine,
    messages: isList(
      isShape<CallAnswer["messages"][number]>({ role: isOne("system", "user", "assistant"), content: isCut }),
      LIMITS.messages,
    ),
    value: isNullOr(isCut),
    gradients: isGradientViews,
  }),
  gradients: isShape<GradientsAnswer>({
    kind: isOne("gradients"),
    node: isId,
    from: isNullOr(isId),
    gradients: isGradientViews,
    total: isCount,
  }),
});

const isQuestion = isUnion<Question>("kind", {
  node: isShape<Asked<"node">>({ kind: isOne("node"), node: isId }),
  sample: isShape<Asked<"sample">>({ kind: isOne("sample"), sample: isId, at: isMoment }),
  call: isShape<Asked<"call">>({ kind: isOne("call"), node: isId, sample: isId, at: isMoment }),
  gradients: isShape<Asked<"gradients">>({ kind: isOne("gradients"), node: isId, from: isNullOr(isId) }),
});

type Asked<K extends Question["kind"]> = Extract<Question, { kind: K }>;
type Sent<T extends HostMessage["type"]> = Extract<HostMessage, { type: T }>;
type Said<T extends PageMessage["type"]> = Extract<PageMessage, { type: T }>;

export const isHostMessage = isUnion<HostMessage>("type", {
  graph: isShape<Sent<"graph">>({
    type: isOne("graph"),
    graph: isNullOr(isGraphView),
    faults: isList(
      isShape<FaultView>({ severity: isOne("error", "warning", "information"), message: isLine, line: isCount }),
      LIMITS.faults,
    ),
    stale: isFlag,
  }),
  run: isShape<Sent<"run">>({ type: isOne("run"), run: isNullOr(isRunView) }),
  cursor: isShape<Sent<"cursor">>({ type: isOne("cursor"), node: isNullOr(isId) }),
  answer: isShape<Sent<"answer">>({ type: isOne("answer"), request: isCount, answer: isNullOr(isAnswer) }),
});

export const isPageMessage = isUnion<PageMessage>("type", {
  ready: isShape<Said<"ready">>({ type: isOne("ready") }),
  reveal: isShape<Said<"reveal">>({ type: isOne("reveal"), node: isId, open: isFlag }),
  fault: isShape<Said<"fault">>({ type: isOne("fault"), index: isCount }),
  review: isShape<Said<"review">>({ type: isOne("review"), node: isId }),
  ask: isShape<Said<"ask">>({ type: isOne("ask"), request: isCount, question: isQuestion }),
  copy: isShape<Said<"copy">>({
    type: isOne("copy"),
    node: isId,
    sample: isId,
    at: isMoment,
    part: isOne("prompt", "value"),
  }),
  export: isShape<Said<"export">>({ type: isOne("export"), svg: isText(LIMITS.svg) }),
});
