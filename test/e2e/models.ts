import type { Model } from "../../src/models/model.ts";
import { createSimulated } from "../../src/models/simulated.ts";

/** The simulated model with one bad habit: every rewrite of an instruction is a ruin, and each is another one. */
export function harmfulModel(): Model {
  const model = createSimulated();
  let ruins = 0;
  return {
    identity: model.identity,
    async complete(request, signal) {
      const reply = await model.complete(request, signal);
      const rewrite: unknown = parsed(reply.text);
      const isRewrite = typeof rewrite === "object" && rewrite !== null && "hypothesis" in rewrite;
      return isRewrite
        ? { ...reply, text: JSON.stringify({ ...rewrite, text: `Greet reader ${++ruins}, and say no more.` }) }
        : reply;
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
