import type {
  Baseline,
  BaselineScore,
  Decision,
  InvalidReason,
  ScreenReason,
  Verdict,
  VerdictReason,
  Warned,
} from "../engine/events.ts";
import { ENGLISH, type Locale } from "../i18n/locale.ts";
import type { Waiting } from "../models/waits.ts";
import { oneLine, plain } from "./plain.ts";
import type { Calls } from "./state.ts";

/** What is measured, in words and figures for a person: in English, where nobody says otherwise. */

/** Why the gate decided so, or why a proposal never reached it, as the end of a sentence. */
export function reasonWords(reason: VerdictReason | ScreenReason, { t }: Locale): string {
  switch (reason) {
    case "lower loss":
      return t("the loss fell");
    case "tie":
      return t("no better than before, and ties are rejected");
    case "higher loss":
      return t("the loss rose");
    case "cannot pass any more":
      return t("it could no longer pass, so the rest were not scored");
    case "not significant":
      return t("the difference may be chance");
    case "the combination was rejected":
      return t("passed on its own, but not combined with the others");
    case "fixed some, broke none":
      return t("it fixed some samples and broke none");
    case "broke some":
      return t("it broke samples that were right");
    case "fixed none":
      return t("it fixed no samples");
    case "fixed none, broke some":
      return t("it fixed none of the first samples and broke right ones, so the rest were not scored");
    case "constant output":
      return t("the node gives the same answer to different inputs");
    case "breaks training samples":
      return t("it breaks training samples that were right");
    case "violation":
      return t("it drops required text, is too long, or contains an answer from the data");
    case "samples could not be scored":
      return t("samples with failed calls could change the verdict");
    case "no gate":
      return t("accepted without a gate");
    case "budget reached":
      return t("the budget was reached before it could be evaluated");
    case "superseded":
      return t("a later proposal replaced it");
    case "the run ended first":
      return t("the run ended before the gate compared it");
    case "eliminated":
      return t("another proposal for this text scored better on training samples");
    case "unchanged":
      return t("the text is unchanged");
  }
}

/** Why what the model wrote never came before the gate. A log may give a reason that nobody knows. */
export function invalidWords(reason: string, { t }: Locale): string {
  const known: Record<InvalidReason, string> = {
    "no reply": t("the call to the model failed"),
    "no text in the reply": t("the reply contained no text"),
    "ambiguous reply": t("the reply could be read in more than one way"),
    "invents a placeholder": t("it adds a placeholder that the graph doesn't have"),
    "drops a placeholder": t("it drops a required placeholder"),
    "drops a text to keep": t("it drops a text listed in “keep”"),
    "changes the roles": t("it changes the messages that its lines “system:” and “user:” begin"),
    "no rows of examples": t("it is not written as example rows"),
    "longer than maxWords": t("it is longer than maxWords allows"),
    "repeats an earlier text": t("it repeats a text that was already evaluated"),
    "leaks a training target": t("it contains the answer of a training sample"),
    "no change": t("it is identical to the current text"),
  };
  return Object.entries(known).find(([one]) => one === reason)?.[1] ?? reason;
}

/** `Accepted by the gate · 14 → 17 of 20 right · fixed 4, broke 1 · p = 0.19 · 210 → 260 tokens an answer` */
export function verdictLine(verdict: Verdict, locale = ENGLISH): string {
  const { t } = locale;
  const { policy, decision, reason, scored, of, fixed, broken, p } = verdict;
  const parts = [
    policy === "off" && decision === "accepted" ? t("Accepted without a gate") : decisionWords(decision, locale),
  ];
  if (decision !== "accepted") parts.push(reasonWords(reason, locale));
  if (scored === 0) return [...parts, t("nothing was scored")].join(" · ");
  const right = t("{0} → {1} of {2} right", verdict.rightBefore, verdict.rightAfter, scored);
  parts.push(scored < of ? t("{0} ({1} of {2} not scored)", right, of - scored, of) : right);
  parts.push(t("fixed {0}, broke {1}", fixed.length, broken.length));
  if (p !== null) parts.push(locale.chance(p));
  const [before, after] = [verdict.tokensBefore, verdict.tokensAfter].map(Math.round);
  if (before && after) parts.push(t("{0} → {1} tokens an answer", locale.whole(before), locale.whole(after)));
  return parts.join(" · ");
}

function decisionWords(decision: Decision, { t }: Locale): string {
  return {
    accepted: t("Accepted by the gate"),
    rejected: t("Rejected by the gate"),
    undecided: t("Undecided"),
    screened: t("Dropped before the gate"),
  }[decision];
}

/** One sentence a kind of warning: the first, and how many more there are. */
export function groupedWarnings(warnings: readonly Warned[], locale = ENGLISH): string[] {
  const kindOf = ({ code, purpose }: Warned) => `${code} ${purpose ?? ""}`;
  return [...new Set(warnings.map(kindOf))].flatMap((kind) => {
    const [first, ...more] = warnings.filter((warning) => kindOf(warning) === kind);
    if (!first) return [];
    const said = warningWords(first, locale);
    return more.length === 0 ? [said] : [locale.t("{0} ({1} more like this.)", said, more.length)];
  });
}

function repliesCutWords(
  { purpose = "forward", node = "", count = 0, of = count, tokens = 0 }: Warned,
  t: Locale["t"],
): string {
  const limit = t("Thinking tokens count toward this limit. Increase max_tokens in models.{0}.params.", purpose);
  if (purpose !== "forward") {
    return `${t("{0} of {1} replies of the {2} model were cut at {3} tokens and requested again where that could help.", count, of, purpose, tokens)} ${limit}`;
  }
  return `${t("{0} of {1} replies of “{2}” were cut at {3} tokens, so the end of their answers may be missing.", count, of, oneLine(node, 80), tokens)} ${limit}`;
}

/** What went wrong, where, and what to do about it where there is something to do. */
export function warningWords(warning: Warned, { t } = ENGLISH): string {
  const { code, node, sample, count = 0 } = warning;
  const place = [node && t("node {0}", node), sample && t("sample {0}", sample)].filter(Boolean).join(", ");
  const detail = oneLine([place, warning.detail].filter(Boolean).join(": "), 300);
  const ended = (sentence: string) => (detail ? t("{0} ({1})", sentence, detail) : sentence);
  switch (code) {
    case "sample dropped":
      return ended(t("A sample has no gradient because a call for it failed."));
    case "parameter refused":
      return ended(t("The model doesn't accept a parameter, so requests were sent without it."));
    case "not scored":
      return ended(t("An answer could not be scored. It counts neither as right nor as wrong."));
    case "reply repaired":
      return ended(
        t(
          "A reply wasn't in the required format, so it was requested again. Models that support JSON schemas avoid this extra call.",
        ),
      );
    case "replies cut":
      return repliesCutWords(warning, t);
    case "small validation set":
      return [
        ended(t("The validation set has {0} samples, too few to confirm the observed difference.", count)),
        ...(warning.of === undefined ? [] : [t("About {0} samples would be enough.", warning.of)]),
      ].join(" ");
    case "nothing to learn":
      return ended(t("There is nothing more to learn from the training samples. Add harder samples."));
    case "no gate":
      return t("The graph file turns the gate off, so every proposal was accepted, whether better or not.");
    case "test not scored":
      return ended(t("The test set was not scored."));
    case "budget too small":
      return t(
        "The budget is too small for the test set of {0} samples, so the test set is not scored. Increase the call budget.",
        count,
      );
    case "unknown price":
      return ended(
        t("The price of a model is unknown, so its cost is not counted. Set it in agentgraph.prices or with --price."),
      );
    case "tokens estimated":
      return t("The provider doesn't report token usage, so tokens are estimated from characters.");
    case "gradients look alike":
      return ended(
        t(
          "The gradients are nearly identical across samples, and none led to an accepted proposal. A stronger backward model, or a more specific rubric or target, may help.",
        ),
      );
    case "instructions converge":
      return ended(
        t(
          "Instructions of different nodes are becoming alike. Give each node a “role” that describes what only it does.",
        ),
      );
    case "instruction grows":
      return ended(
        t("An instruction is growing without improving the score. Set maxWords in the graph file to limit it."),
      );
    case "gate refuses everything":
      return ended(
        t(
          "The gate rejected every proposal. Check the gradients. A stronger backward or optimizer model, or more training samples, may help.",
        ),
      );
    case "format errors":
      return ended(
        t(
          "{0} replies do not match the node's “output”. They are counted separately from wrong answers. Describe the format in the instruction, or change “output”.",
          count,
        ),
      );
    case "targets leak":
      return ended(
        t(
          "Proposals copied answers of individual samples into the text. Add “constraints” to the node, or use a stronger optimizer model.",
        ),
      );
    case "templates changed":
      return t("A different version of AgentGraph started this run, so some calls may be charged again.");
  }
}

/** `0.30 → 0.85 (n = 20)`; empty where nothing was measured. */
export function changeWords(
  name: string,
  measured: { n: number; before: number | null; after: number | null } | null,
): string {
  if (!measured || (measured.before === null && measured.after === null)) return "";
  const [before, after] = [measured.before, measured.after].map((score) => (score === null ? "?" : score.toFixed(2)));
  return `${name} ${before} → ${after} (n = ${measured.n})`;
}

/** `for comparison, the untouched graph with a step-by-step suffix: validation 0.45, test 0.43` */
export function baselineWords({ validation, test }: Baseline): string {
  const score = (set: BaselineScore | null) => (set ? set.score.toFixed(2) : "not scored");
  const sets = [`validation ${score(validation)}`, ...(test ? [`test ${score(test)}`] : [])];
  return `for comparison, the untouched graph with a step-by-step suffix: ${sets.join(", ")}`;
}

export function callsWords({ total, cached, retried }: Calls, locale = ENGLISH): string {
  const parts = [locale.count(total, "call")];
  if (cached > 0) parts.push(locale.t("{0} replies reused", locale.whole(cached)));
  if (retried === 1) parts.push(locale.t("1 request repeated"));
  else if (retried > 1) parts.push(locale.t("{0} requests repeated", locale.whole(retried)));
  return parts.join(", ");
}

/** `Waiting for api.openai.com until 14:32:05 (rate limit): Limit 3, Used 3`; empty where nothing is waited for. */
export function waitingWords(waiting: Waiting | null, { t, language }: Locale = ENGLISH): string {
  if (!waiting) return "";
  const { identity, reason, until, detail } = waiting;
  const address = /^\S+ (https?:.+)$/.exec(identity)?.[1];
  const host = address === undefined ? identity : new URL(address).host;
  const time = new Date(until).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const said = {
    "rate limit": t("Waiting for {0} until {1} (rate limit)", host, time),
    "server error": t("Waiting for {0} until {1} (server error)", host, time),
    "no answer": t("Waiting for {0} until {1} (no answer)", host, time),
  }[reason];
  return detail === "" ? said : `${said}: ${oneLine(detail, 120)}`;
}

export function count(n: number, what: string): string {
  return `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;
}

export function money(usd: number | null): string {
  return ENGLISH.money(usd);
}

export function seconds(milliseconds: number): string {
  return ENGLISH.seconds(milliseconds);
}

/** A text from a file, for a headline. */
export function titleOf(name: string, path: string): string {
  return plain(name).trim() || path;
}
