import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunEvent } from "../../../src/engine/events.ts";
import { ENGLISH } from "../../../src/i18n/locale.ts";
import type { Loss } from "../../../src/loss/loss.ts";
import { methods } from "../../../src/methods/registry.ts";
import { ProviderFault } from "../../../src/models/errors.ts";
import type { ModelRequest } from "../../../src/models/model.ts";
import { diagnose } from "../../../src/run/explain/diagnostics.ts";
import { noProposalMessage } from "../../../src/run/explain/no-proposal.ts";
import { reduceAll } from "../../../src/run/state/reduce.ts";
import { ofType } from "../engine/fixtures.ts";
import { type Ended, type Given, prepare, run } from "../engine/runs.ts";
import { reply } from "../models/fakes.ts";

/**
 * Faults that users reported of other implementations of these methods (DSPy, GEPA, Trace, TextGrad and their ports): lost
 * calls that score 0 or end the run, empty and unreadable replies that become texts, searches that end without a word.
 */
const NAMES = Object.keys(methods);
/** Those that ask the optimizer model for texts. */
const WRITERS = NAMES.filter((name) => name !== "chain-of-thought" && name !== "semantic");

const rightLoss: Loss = { kind: "right", describe: () => "", score: () => ({ loss: 0, lenient: 0, criticism: "" }) };

/** Calls of these samples fail at every attempt, as with a server that can't answer one query. */
function losing(isLost: (index: number, request: ModelRequest) => boolean): Pick<Given, "instead"> {
  return {
    instead: (request) => {
      const { purpose, sample } = request.tag;
      const index = Number((sample ?? "s-1").slice(1));
      if (purpose !== "forward" || !isLost(index, request)) return null;
      return Promise.reject(new ProviderFault("world", 500, null, "can't answer this one"));
    },
  };
}

/** What the user reads about a run without a proposal. */
function reasonOf({ events, finished }: Ended, given: Given): string {
  const logged = (all: readonly RunEvent[]) => all.map((event) => ({ ...event, at: 0 }));
  const state = reduceAll(logged(events.slice(0, -1)));
  const warnings = diagnose({ start: prepare(given).task, state, finished });
  return noProposalMessage(reduceAll(logged([...events.slice(0, -1), ...warnings, finished])), ENGLISH);
}

describe.each(NAMES)("%s", (method) => {
  let unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  beforeEach(() => {
    unhandled = [];
    process.on("unhandledRejection", note);
  });
  afterEach(() => {
    process.off("unhandledRejection", note);
  });

  it("runs to its end where the server can't answer one sample of each set, and never counts it as wrong", async () => {
    const ended = await run({ ...losing((index) => index === 1 || index === 22), options: { method } });
    expect(ended.finished.status).toBe("done");
    expect(ended.finished.validation.n).toBe(9);
    expect(ofType(ended.events, "scored").filter(({ sample }) => sample === "s1" || sample === "s22")).toSatisfy(
      (scores: readonly { loss: number | null }[]) => scores.every(({ loss }) => loss === null),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });

  it("says that there is nothing to learn if all samples are right", async () => {
    const given = { loss: rightLoss, options: { method } };
    expect(reasonOf(await run(given), given)).toMatch(/^Every (training|validation) sample is already right/);
  });
});

describe.each(WRITERS)("%s", (method) => {
  it("tells a reply without a text from a lost call", async () => {
    const given: Given = {
      options: { method },
      instead: ({ tag }) => (tag.purpose === "optimizer" ? Promise.resolve(reply("")) : null),
    };
    const ended = await run(given);
    const reasons = new Set(ofType(ended.events, "attempt").map(({ invalid }) => invalid));
    expect([...reasons]).toEqual(["no text in the reply"]);
    expect(reasonOf(ended, given)).toContain("contained no instruction");
  });
});

it("semantic-reference does not take training samples that could not be scored for right ones", async () => {
  const given = { ...losing((index) => index < 20), options: { method: "semantic-reference" } };
  const ended = await run(given);
  expect(ofType(ended.events, "warning").map(({ code }) => code)).toContain("nothing scored");
  expect(reasonOf(ended, given)).toMatch(/^No training samples could be scored/);
});

describe("gepa", () => {
  it("says which option to raise if scoring the validation set leaves nothing for a step", async () => {
    const given: Given = {
      options: { method: "gepa" },
      own: { metricCalls: 10, minibatch: 3, merges: 5, parents: 1, proposals: 1 },
    };
    const ended = await run(given);
    expect(ofType(ended.events, "iteration")).toEqual([]);
    expect(ofType(ended.events, "started")[0]?.iterations).toBe(0);
    expect(reasonOf(ended, given)).toMatch(/used up optimize\.gepa\.metricCalls \(10\).*Set it to about 100/);
  });

  it("goes on after a child of which only right samples could be scored", async () => {
    const isChild = ({ messages }: ModelRequest) =>
      !/^Do the \w+ part of the \w+ task\.$/.test(messages[0]?.content ?? "");
    // 23 alone of the validation samples is answered with any text but the file's.
    const given: Given = {
      ...losing((index, request) => index >= 20 && index !== 23 && isChild(request)),
      options: { method: "gepa" },
      own: { metricCalls: 120, minibatch: 3, merges: 5, parents: 1, proposals: 1 },
    };
    const ended = await run(given);
    expect(ended.finished.status).toBe("done");
    expect(ofType(ended.events, "iteration").length).toBeGreaterThan(5);
  });
});
