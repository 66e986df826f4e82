import type { Called, LoggedEvent, Theta, Valued } from "../../engine/events.ts";
import { ROLES, type Role } from "../../graph/graph.ts";
import { PaidReplies } from "../record/paid-replies.ts";
import type { Draft } from "../state/draft-state.ts";
import type { CostRow } from "./report.ts";

/** What a report needs from a log besides the run's state: cost by model, and Θ after each iteration. */
export class Trace {
  readonly #costs: Record<Role, Draft<CostRow>> = {
    forward: nothing("forward"),
    backward: nothing("backward"),
    optimizer: nothing("optimizer"),
    judge: nothing("judge"),
  };
  readonly #models = new Set<string>();
  readonly #paid = new PaidReplies();
  #incumbents: Theta[] = [];
  readonly #calls: number[] = [];
  readonly #tokens = new Map<string, Map<string, number>>();

  apply(event: LoggedEvent): void {
    switch (event.type) {
      case "started":
        this.#incumbents = [event.theta];
        break;
      case "requested":
        this.#costs[event.purpose].requests += 1;
        break;
      case "withdrawn":
        this.#costs[event.purpose].requests -= 1;
        break;
      case "call":
        if (event.error === null) this.#call(event);
        break;
      case "value":
        this.#value(event);
        break;
      case "iteration":
        this.#incumbents[event.iteration] = event.theta;
        // A resumed run goes through its iterations again, at no cost.
        this.#calls[event.iteration] ??= ROLES.reduce((sum, role) => sum + this.#costs[role].requests, 0);
        break;
    }
  }

  #call(call: Called): void {
    const { purpose, model, usage, usd, source } = call;
    const cost = this.#costs[purpose];
    this.#models.add(model);
    if (source !== "provider") cost.reused += 1;
    if (!this.#paid.take(call)) return;
    cost.prompt += usage.prompt;
    cost.completion += usage.completion;
    cost.usd = cost.usd === null || usd === null ? null : cost.usd + usd;
  }

  /** A value event occurs again when a run is resumed. */
  #value({ theta, sample, node, tokens }: Valued): void {
    const key = `${theta} ${sample}`;
    const nodes = this.#tokens.get(key) ?? new Map<string, number>();
    this.#tokens.set(key, nodes.set(node, tokens));
  }

  /** Tokens of all calls for the answer to a sample under Θ; null if none is saved. */
  tokens(theta: Theta, sample: string): number | null {
    const nodes = this.#tokens.get(`${theta} ${sample}`);
    return nodes ? [...nodes.values()].reduce((sum, one) => sum + one, 0) : null;
  }

  /** Purposes with at least one call. */
  get costs(): CostRow[] {
    return ROLES.map((role) => this.#costs[role]).filter(({ requests, reused }) => requests + reused > 0);
  }

  /** Models that answered, as named by the provider. */
  get models(): string[] {
    return [...this.#models].sort();
  }

  /** Requests until the end of an iteration; null for the start. */
  calls(iteration: number): number | null {
    return this.#calls[iteration] ?? null;
  }

  /** Θ of the incumbent after this iteration, 0 for the start; undefined when the run ended before. */
  incumbent(iteration: number): Theta | undefined {
    return this.#incumbents[iteration];
  }
}

function nothing(purpose: Role): Draft<CostRow> {
  return { purpose, requests: 0, reused: 0, prompt: 0, completion: 0, usd: 0 };
}
