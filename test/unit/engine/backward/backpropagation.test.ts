import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import {
  type Backpropagation,
  backpropagate,
  type Contributions,
} from "../../../../src/engine/backward/backpropagation.ts";

/**
 * A formula: roots are numbers, some of them parameters; every other node joins its predecessors and has a weight of
 * its own, its "instruction". The last node is the output.
 */
interface Formula {
  readonly roots: readonly { readonly value: number; readonly trainable: boolean }[];
  readonly nodes: readonly Inner[];
}

interface Inner {
  readonly kind: "sum" | "product" | "tanh";
  readonly inputs: readonly number[];
  readonly weight: number;
}

/** A number with its derivative after one parameter (forward mode): worked out without any walk. */
interface Dual {
  readonly value: number;
  readonly slope: number;
}

const JOINS = {
  sum: {
    value: (inputs: readonly number[]) => inputs.reduce((sum, each) => sum + each, 0),
    slopes: (inputs: readonly number[]) => inputs.map(() => 1),
  },
  product: {
    value: (inputs: readonly number[]) => inputs.reduce((product, each) => product * each, 1),
    slopes: (inputs: readonly number[]) =>
      inputs.map((_, at) => inputs.reduce((product, each, index) => (index === at ? product : product * each), 1)),
  },
  tanh: {
    value: (inputs: readonly number[]) => Math.tanh(JOINS.sum.value(inputs)),
    slopes: (inputs: readonly number[]) => inputs.map(() => 1 - Math.tanh(JOINS.sum.value(inputs)) ** 2),
  },
};

const number = fc.double({ min: -1.5, max: 1.5, noNaN: true, noDefaultInfinity: true });
const formula: fc.Arbitrary<Formula> = fc
  .record({
    roots: fc.array(fc.record({ value: number, trainable: fc.boolean() }), { minLength: 1, maxLength: 4 }),
    shapes: fc.array(
      fc.record({
        kind: fc.constantFrom("sum" as const, "product" as const, "tanh" as const),
        picks: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
        weight: number,
      }),
      { minLength: 1, maxLength: 9 },
    ),
  })
  .map(({ roots, shapes }) => ({
    roots,
    nodes: shapes.map(({ kind, picks, weight }, index) => {
      const inputs = [...new Set(picks.map((pick) => pick % (roots.length + index)))];
      return { kind, inputs, weight };
    }),
  }));

function valuesOf({ roots, nodes }: Formula): number[] {
  const values = roots.map(({ value }) => value);
  for (const { kind, inputs, weight } of nodes) {
    values.push(weight * JOINS[kind].value(inputs.map((input) => values[input]!)));
  }
  return values;
}

/** d output / d parameter, where the parameter is a root's value (`root`) or a node's weight (`weight`). */
function derivative(formula: Formula, of: { root?: number; weight?: number }): number {
  const duals: Dual[] = formula.roots.map(({ value }, index) => ({ value, slope: index === of.root ? 1 : 0 }));
  for (const { kind, inputs, weight } of formula.nodes) {
    const given = inputs.map((input) => duals[input]!);
    const joined = JOINS[kind].value(given.map(({ value }) => value));
    const slopes = JOINS[kind].slopes(given.map(({ value }) => value));
    const slope = slopes.reduce((sum, each, index) => sum + each * given[index]!.slope, 0);
    const own = duals.length === of.weight ? joined : 0;
    duals.push({ value: weight * joined, slope: own + weight * slope });
  }
  return duals.at(-1)!.slope;
}

/** Trainable roots and everything that reads them, however far down. */
function leadingNodes({ roots, nodes }: Formula): Set<number> {
  const leading = new Set(roots.flatMap(({ trainable }, index) => (trainable ? [index] : [])));
  nodes.forEach(({ inputs }, index) => {
    if (inputs.some((input) => leading.has(input))) leading.add(roots.length + index);
  });
  return leading;
}

function differentiate(formula: Formula, more: (last: number) => Partial<Backpropagation<number>> = () => ({})) {
  const values = valuesOf(formula);
  const leading = leadingNodes(formula);
  const inner = (node: string) => formula.nodes[Number(node) - formula.roots.length];
  const backward = vi.fn(async (node: string, gradient: number): Promise<Contributions<number>> => {
    const { kind, inputs, weight } = inner(node)!;
    const given = inputs.map((input) => values[input]!);
    const slopes = JOINS[kind].slopes(given);
    return {
      to: new Map(inputs.map((input, index) => [String(input), gradient * weight * slopes[index]!])),
      own: gradient * JOINS[kind].value(given),
    };
  });
  const walk: Backpropagation<number> = {
    successors: (node) =>
      formula.nodes.flatMap(({ inputs }, index) =>
        inputs.includes(Number(node)) ? [String(formula.roots.length + index)] : [],
      ),
    leadsToParameter: (node) => inner(node)?.inputs.some((input) => leading.has(input)) ?? false,
    seeds: new Map([[String(values.length - 1), 1]]),
    isZero: (gradient) => gradient === 0,
    backward,
    aggregate: (parts) => parts.reduce((sum, { gradient }) => sum + gradient, 0),
    ...more(values.length - 1),
  };
  return { gradients: backpropagate(walk), backward, leading };
}

function expectClose(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
}

describe("backpropagate with numbers", () => {
  it("gives the analytic gradient of every parameter of any formula", async () => {
    await fc.assert(
      fc.asyncProperty(formula, async (formula) => {
        const { gradients, leading } = differentiate(formula);
        for (const [root, { trainable }] of formula.roots.entries()) {
          if (trainable) expectClose(await gradients.of(String(root)), derivative(formula, { root }));
        }
        for (const index of formula.nodes.keys()) {
          const weight = formula.roots.length + index;
          const reads = formula.nodes[index]!.inputs.some((input) => leading.has(input));
          if (reads) expectClose(await gradients.ofText(String(weight)), derivative(formula, { weight }));
        }
      }),
      { numRuns: 150 },
    );
  });

  it("adds up what several losses ask of a parameter", async () => {
    await fc.assert(
      fc.asyncProperty(formula, fc.nat(), async (formula, pick) => {
        const middle = pick % formula.nodes.length;
        const name = formula.roots.length + middle;
        const { gradients } = differentiate(formula, (last) => ({
          seeds:
            name === last ? new Map([[String(last), 2]]) : new Map([String(last), String(name)].map((at) => [at, 1])),
        }));
        const upToMiddle = { ...formula, nodes: formula.nodes.slice(0, middle + 1) };
        for (const [root, { trainable }] of formula.roots.entries()) {
          if (!trainable) continue;
          expectClose(
            await gradients.of(String(root)),
            derivative(formula, { root }) + derivative(upToMiddle, { root }),
          );
        }
      }),
      { numRuns: 100 },
    );
  });

  it("calls each node once at most, and only if a gradient can reach a parameter through it", async () => {
    await fc.assert(
      fc.asyncProperty(formula, async (formula) => {
        const { gradients, backward, leading } = differentiate(formula);
        const all = [...formula.roots, ...formula.nodes].map((_, index) => String(index));
        await Promise.all(all.flatMap((node) => [gradients.of(node), gradients.ofText(node), gradients.of(node)]));
        const called = backward.mock.calls.map(([node]) => node);
        expect(new Set(called).size).toBe(called.length);
        const useful = formula.nodes.flatMap(({ inputs }, index) =>
          inputs.some((input) => leading.has(input)) ? [String(formula.roots.length + index)] : [],
        );
        expect(useful).toEqual(expect.arrayContaining(called));
      }),
      { numRuns: 100 },
    );
  });

  it("sums over everything that reads a shared parameter, near and far", async () => {
    // a = 2x, b = 3x·a, out = b + a + x  →  d/dx = 12x + 2 + 1
    const { gradients, backward } = differentiate({
      roots: [{ value: 0.5, trainable: true }],
      nodes: [
        { kind: "sum", inputs: [0], weight: 2 },
        { kind: "product", inputs: [0, 1], weight: 3 },
        { kind: "sum", inputs: [2, 1, 0], weight: 1 },
      ],
    });
    expect(await gradients.of("0")).toBeCloseTo(12 * 0.5 + 3, 12);
    expect(backward).toHaveBeenCalledTimes(3);
  });
});

describe("backpropagate with words", () => {
  /** answer ← left, right; left ← plan; right ← plan; plan ← question. */
  const readers: Record<string, string[]> = {
    question: ["plan"],
    plan: ["left", "right"],
    left: ["answer"],
    right: ["answer"],
    answer: [],
  };

  function walkWords(answers: Record<string, Record<string, string>>, more: Partial<Backpropagation<string>> = {}) {
    const backward = vi.fn(async (node: string, gradient: string) => ({
      to: new Map(Object.entries(answers[node] ?? {})),
      own: `own of ${node} after ${gradient}`,
    }));
    const walk: Backpropagation<string> = {
      successors: (node) => readers[node] ?? [],
      leadsToParameter: (node) => node !== "plan",
      seeds: new Map([["answer", "too long"]]),
      isZero: (gradient) => gradient === "",
      backward,
      aggregate: (parts) => parts.map(({ from, gradient }) => `${from}:${gradient}`).join(" | "),
      ...more,
    };
    return { gradients: backpropagate(walk), backward };
  }

  it("joins what comes from all readers, in their order, whoever answers first", async () => {
    const slow = new Promise((resolve) => setTimeout(resolve, 5));
    const { gradients } = walkWords(
      {},
      {
        backward: async (node) => {
          if (node === "left") await slow;
          return {
            to: new Map(
              node === "answer"
                ? [
                    ["left", "l"],
                    ["right", "r"],
                  ]
                : [["plan", `from ${node}`]],
            ),
            own: "",
          };
        },
      },
    );
    expect(await gradients.of("plan")).toBe("left:from left | right:from right");
  });

  it("starts at the output with ∇_A", async () => {
    const { gradients, backward } = walkWords({});
    expect(await gradients.of("answer")).toBe(":too long");
    expect(backward).not.toHaveBeenCalled();
  });

  it("ends a path if nothing needs to change, and follows the others", async () => {
    const { gradients, backward } = walkWords(
      { answer: { left: "", right: "say why" }, right: { plan: "list reasons" } },
      { aggregate: (parts) => parts.map(({ gradient }) => gradient).join("") },
    );
    expect(await gradients.of("plan")).toBe("list reasons");
    expect(backward.mock.calls).toEqual([
      ["answer", "too long"],
      ["right", "say why"],
    ]);
    expect(await gradients.ofText("left")).toBe("");
  });

  it("asks nothing at all when the loss has no gradient", async () => {
    const { gradients, backward } = walkWords({}, { seeds: new Map([["answer", ""]]), aggregate: () => "" });
    expect(await Promise.all(Object.keys(readers).map(gradients.ofText))).toEqual(["", "", "", "", ""]);
    expect(backward).not.toHaveBeenCalled();
  });

  it("makes no call above the last parameter: there a node's text has the gradient of its value", async () => {
    const { gradients, backward } = walkWords({ answer: { left: "shorter" }, left: { plan: "fewer steps" } });
    expect(await gradients.ofText("plan")).toBe(await gradients.of("plan"));
    expect(await gradients.ofText("left")).toBe("own of left after answer:shorter");
    expect(backward.mock.calls.map(([node]) => node)).not.toContain("plan");
  });

  it("does not wait for a node that is not a reader of the one asked for", async () => {
    const { gradients } = walkWords(
      {},
      {
        backward: async (node) => {
          if (node === "right") return new Promise(() => {});
          return {
            to: new Map([
              ["left", "shorter"],
              ["right", "say why"],
            ]),
            own: `own of ${node}`,
          };
        },
      },
    );
    void gradients.of("plan");
    expect(await gradients.ofText("left")).toBe("own of left");
  });

  it("passes a failed call on to everything that depends on it, and to nothing else", async () => {
    const { gradients } = walkWords(
      {},
      {
        backward: async (node) => {
          if (node === "right") throw new Error("lost");
          return {
            to: new Map([
              ["left", "l"],
              ["right", "r"],
              ["plan", "p"],
            ]),
            own: `own of ${node}`,
          };
        },
      },
    );
    await expect(gradients.of("plan")).rejects.toThrow("lost");
    await expect(gradients.ofText("right")).rejects.toThrow("lost");
    expect(await gradients.ofText("left")).toBe("own of left");
  });

  it("takes what is known of a value in place of what its readers say of it", async () => {
    const answers = { answer: { left: "argue", right: "argue" }, left: { plan: "plan more" }, right: { plan: "less" } };
    const known = {
      seeds: new Map([
        ["answer", "too long"],
        ["left", "expected yes"],
        ["right", ""],
      ]),
      known: new Set(["left", "right"]),
      aggregate: (parts: readonly { readonly gradient: string }[]) =>
        parts
          .map(({ gradient }) => gradient)
          .filter(Boolean)
          .join(" | "),
    };
    const { gradients, backward } = walkWords(answers, known);
    expect(await gradients.of("left")).toBe("expected yes");
    expect(await gradients.of("right")).toBe("");
    // What is right passes nothing on.
    expect(await gradients.of("plan")).toBe("plan more");
    expect(backward.mock.calls.map(([node]) => node)).not.toContain("right");
  });
});
