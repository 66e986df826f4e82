/** Header that says which call an SDK's request belongs to. It is not sent. */
const CALL = "x-agentgraph-call";

export interface Call {
  readonly signal: AbortSignal;
  readonly headers: Readonly<Record<string, string>>;
  isSent: boolean;
}

/** The calls that SDKs prepare: one that is aborted meanwhile is not sent any more. */
export class Calls {
  readonly #known = new Map<string, Call>();
  #count = 0;

  begin(signal: AbortSignal): Call {
    const id = `${++this.#count}`;
    const call = { signal, headers: { [CALL]: id }, isSent: false };
    this.#known.set(id, call);
    return call;
  }

  /** Notes that a call is sent. @throws the signal's reason if it was aborted */
  send(headers: RequestInit["headers"]): void {
    const call = this.#known.get(new Headers(headers).get(CALL) ?? "");
    if (!call) return;
    call.signal.throwIfAborted();
    call.isSent = true;
  }

  end({ headers }: Call): void {
    this.#known.delete(headers[CALL] ?? "");
  }
}
