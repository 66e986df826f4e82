import { AnswerMissing, BodyBroken, BudgetReached, FellBack, ProviderFault } from "../errors.ts";
import type { Budget, BudgetLimits, ModelReply, ModelRequest } from "../model.ts";
import type { PriceOf } from "../prices.ts";
import type { Complete } from "./key.ts";
import { CharactersPerToken, outputLimit } from "./tokens.ts";

/** Assumed tokens of a reply whose request sets no maximum, until longer ones were received. */
const FIRST_COMPLETION = 512;

export interface Spent {
  readonly calls: number;
  readonly tokens: number;
  readonly usd: number;
}

/** The maximum cost of one attempt. */
interface Ticket {
  readonly request: ModelRequest;
  readonly prompt: number;
  readonly tokens: number;
  readonly usd: number;
  /** Reservation that the call was taken from. */
  readonly from: string | null;
}

/**
 * Enforces the budget of a run: an attempt reserves its estimated prompt and its longest reply, and is settled by
 * the usage that is returned. If it doesn't fit, it waits while replies in flight can still cost less than reserved;
 * with nothing in flight, it is refused.
 */
export class CallBudget implements Budget {
  readonly #settled: { calls: number; tokens: number; usd: number };
  readonly #inFlight = new Set<Ticket>();
  readonly #reserved = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  readonly #charactersPerToken = new CharactersPerToken();
  readonly #longest = new Map<string, number>();

  constructor(
    readonly limits: BudgetLimits,
    readonly price: PriceOf,
    alreadySpent: Spent = { calls: 0, tokens: 0, usd: 0 },
  ) {
    this.#settled = { ...alreadySpent };
  }

  get spent(): Spent {
    let { calls, tokens, usd } = this.#settled;
    for (const ticket of this.#inFlight) {
      calls++;
      tokens += ticket.tokens;
      usd += ticket.usd;
    }
    return { calls, tokens, usd };
  }

  reserve(name: string, calls: number): void {
    this.#reserved.set(name, (this.#reserved.get(name) ?? 0) + calls);
  }

  release(name: string): void {
    this.#reserved.delete(name);
  }

  /** Reserves one attempt. @throws BudgetReached; the signal's reason if aborted while waiting */
  async enter(request: ModelRequest, signal: AbortSignal): Promise<Ticket> {
    for (;;) {
      signal.throwIfAborted();
      const ticket = this.#ticketFor(request);
      const lacking = this.#lacking(ticket);
      if (lacking === null) {
        this.#inFlight.add(ticket);
        if (ticket.from !== null) this.#reserved.set(ticket.from, this.#reserved.get(ticket.from)! - 1);
        return ticket;
      }
      if (lacking === "calls" || this.#inFlight.size === 0) throw new BudgetReached(lacking, this.limits[lacking] ?? 0);
      await this.#change(signal);
    }
  }

  /** @param sent whether it was a separate request: a reply to an earlier request costs money, but no call */
  settle(ticket: Ticket, reply: ModelReply, sent = true): void {
    const { request } = ticket;
    const { prompt, completion } = reply.usage;
    this.#charactersPerToken.learn(request.model, request.messages, reply.usage);
    this.#longest.set(request.model, Math.max(completion, this.#longest.get(request.model) ?? 0));
    this.#leave(ticket, prompt + completion, this.price(request.model, reply.usage) ?? 0, sent ? 1 : 0);
  }

  /** Settles a request without a reply. If there was no answer at all, the provider may bill the prompt. */
  fail(ticket: Ticket, error: unknown, answered: boolean): void {
    const none = { prompt: answered ? 0 : ticket.prompt, completion: 0, estimated: true };
    const usage = error instanceof AnswerMissing ? error.usage : none;
    this.#leave(ticket, usage.prompt + usage.completion, this.price(ticket.request.model, usage) ?? 0);
  }

  /** Releases a request that was never sent: nothing is spent. */
  refund(ticket: Ticket): void {
    const left = ticket.from === null ? undefined : this.#reserved.get(ticket.from);
    if (ticket.from !== null && left !== undefined) this.#reserved.set(ticket.from, left + 1);
    this.#inFlight.delete(ticket);
    this.#wake();
  }

  #leave(ticket: Ticket, tokens: number, usd: number, calls = 1): void {
    this.#inFlight.delete(ticket);
    this.#settled.calls += calls;
    this.#settled.tokens += tokens;
    this.#settled.usd += usd;
    this.#wake();
  }

  #ticketFor(request: ModelRequest): Ticket {
    const prompt = this.#charactersPerToken.ofPrompt(request.model, request.messages);
    const longest = Math.max(FIRST_COMPLETION, this.#longest.get(request.model) ?? 0);
    const completion = outputLimit(request.params)?.tokens ?? longest;
    const usd = this.price(request.model, { prompt, completion, estimated: true });
    const left = request.reservation === undefined ? 0 : (this.#reserved.get(request.reservation) ?? 0);
    return {
      request,
      prompt,
      tokens: prompt + completion,
      // Without a price, a limit in dollars can't be kept, so nothing is sent.
      usd: usd ?? (this.limits.usd === null ? 0 : Number.POSITIVE_INFINITY),
      from: left > 0 ? request.reservation! : null,
    };
  }

  /** The first limit that this attempt would exceed; null if it fits. */
  #lacking(ticket: Ticket): "calls" | "tokens" | "usd" | null {
    const { calls, tokens, usd } = this.limits;
    let reserved = 0;
    for (const left of this.#reserved.values()) reserved += left;
    const begun = this.#settled.calls + this.#inFlight.size;
    if (calls !== null && begun + 1 + (ticket.from === null ? reserved : 0) > calls) return "calls";
    // The sums go over a thousand requests in flight, for each request.
    if (tokens === null && usd === null) return null;
    const { spent } = this;
    if (tokens !== null && spent.tokens + ticket.tokens > tokens) return "tokens";
    if (usd !== null && spent.usd + ticket.usd > usd) return "usd";
    return null;
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(wake);
        reject(signal.reason);
      };
      const wake = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener("abort", leave, { once: true });
    });
  }
}

/** Blocks attempts that could exceed the budget. */
export function budgeted(budget: CallBudget, inner: Complete): Complete {
  return async (request, signal) => {
    const ticket = await budget.enter(request, signal);
    let sent = false;
    const onRequest = async (attempt: number) => {
      await request.onRequest?.(attempt);
      sent = true;
    };
    const onWithdrawn = (attempt: number) => {
      sent = false;
      request.onWithdrawn?.(attempt);
    };
    try {
      const reply = await inner({ ...request, onRequest, onWithdrawn }, signal);
      budget.settle(ticket, reply, sent);
      return reply;
    } catch (error) {
      if (sent) budget.fail(ticket, error, !isUnanswered(error, request.left ?? signal));
      else budget.refund(ticket);
      throw error;
    }
  };
}

function isUnanswered(error: unknown, signal: AbortSignal): boolean {
  if (error instanceof FellBack) return isUnanswered(error.cause, signal);
  return signal.aborted || error instanceof BodyBroken || (error instanceof ProviderFault && error.status === null);
}
