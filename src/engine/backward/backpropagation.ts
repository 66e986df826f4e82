/** What backpropagation needs to know about the graph and the gradients that flow through it. */
export interface Backpropagation<G> {
  readonly successors: (node: string) => readonly string[];
  /** Whether a predecessor is a parameter or descends from one: otherwise no backward call is needed. */
  readonly leadsToParameter: (node: string) => boolean;
  /** ∇_A by node: the output, and nodes with targets of their own. */
  readonly seeds: ReadonlyMap<string, G>;
  /** Nodes whose seed is their whole gradient, because their targets say what their values should be. Default: none. */
  readonly known?: ReadonlySet<string>;
  /** Whether the gradient asks for no change, which ends the path. */
  readonly isZero: (gradient: G) => boolean;
  /** ĥ_w: from ∇_w to one gradient per predecessor, and `own` for w's own instruction. Sees all predecessors at once. */
  readonly backward: (node: string, gradient: G) => Promise<Contributions<G>>;
  /** 𝒜_v: combines the gradients from all successors. */
  readonly aggregate: (parts: readonly { readonly from: string; readonly gradient: G }[]) => G;
}

export interface Contributions<G> {
  readonly to: ReadonlyMap<string, G>;
  /** Gradient of the node's own instruction. */
  readonly own: G;
}

export interface Gradients<G> {
  /** ∇_v of a node's value. */
  of(node: string): Promise<G>;
  /** Gradient of a node's own text: from its backward call, or ∇_v itself if it has no such call. */
  ofText(node: string): Promise<G>;
}

/**
 * Reverse-mode differentiation over a DAG (arXiv 2412.03624 §3: ∇_v = 𝒜_v of ∇^w_v over the successors w of v, and
 * ∇^w_v = ĥ^v_w of w's predecessors, value and ∇_w). With numbers, Jacobian products and sums it is the analytic
 * gradient. Each node waits for its successors alone, never for a whole layer.
 */
export function backpropagate<G>(walk: Backpropagation<G>): Gradients<G> {
  const of = memoize(async (node: string): Promise<G> => {
    const seed = walk.seeds.get(node);
    if (seed !== undefined && walk.known?.has(node)) return walk.aggregate([{ from: "", gradient: seed }]);
    const parts = await Promise.all(
      walk.successors(node).map(async (from) => ({ from, gradient: (await contributions(from))?.to.get(node) })),
    );
    const arrived = parts.flatMap(({ from, gradient }) => (gradient === undefined ? [] : [{ from, gradient }]));
    return walk.aggregate(seed === undefined ? arrived : [{ from: "", gradient: seed }, ...arrived]);
  });
  const contributions = memoize(async (node: string): Promise<Contributions<G> | null> => {
    if (!walk.leadsToParameter(node)) return null;
    const gradient = await of(node);
    return walk.isZero(gradient) ? null : walk.backward(node, gradient);
  });
  return {
    of,
    ofText: async (node) => (await contributions(node))?.own ?? of(node),
  };
}

function memoize<T>(compute: (node: string) => Promise<T>): (node: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (node) => {
    const value = known.get(node) ?? compute(node);
    known.set(node, value);
    return value;
  };
}
