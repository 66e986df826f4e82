import type { Data } from "../data/sample.ts";
import { titleOf } from "../data/sample-title.ts";
import type { Warned } from "../engine/events.ts";
import type { Ending } from "../models/endings.ts";
import type { OtherTier } from "../models/model.ts";
import { serverLabel } from "./labels.ts";
import { ENGLISH, type Locale } from "./locale.ts";
import { oneLine } from "./plain-text.ts";

/** Warnings of a run, for every surface. */

const NOTES: ReadonlySet<Warned["code"]> = new Set(["nothing to learn", "stopped early", "node pinned"]);

/** Whether a warning is only a note: good news, or what the user chose. */
export function isNote({ code }: Pick<Warned, "code">): boolean {
  return NOTES.has(code);
}

/** One sentence per kind of warning: the first, and the number of others. @param data to quote samples from */
export function warningMessages(warnings: readonly Warned[], locale = ENGLISH, data?: Data): string[] {
  const kindOf = ({ code, purpose, tier }: Warned) => `${code} ${purpose ?? tier ?? ""}`;
  return [...new Set(warnings.map(kindOf))].flatMap((kind) => {
    const [first, ...more] = warnings.filter((warning) => kindOf(warning) === kind);
    if (!first) return [];
    const said = warningMessage(first, locale, data);
    return more.length === 0 ? [said] : [locale.t("{0} ({1} more like this.)", said, more.length)];
  });
}

function repliesCut(
  { purpose = "forward", node = "", count = 0, of = count, tokens = 0 }: Warned,
  t: Locale["t"],
): string {
  const limit = t(
    "Thinking tokens count toward this limit. Increase max_tokens in models.{0}.params; without it, the limit is the server's, such as its context length.",
    purpose,
  );
  if (purpose !== "forward") {
    return `${t("{0} of {1} replies of the {2} model were cut at {3} tokens and requested again where that could help.", count, of, purpose, tokens)} ${limit}`;
  }
  return `${t("{0} of {1} replies of “{2}” were cut at {3} tokens, so the end of their answers may be missing.", count, of, oneLine(node, 80), tokens)} ${limit}`;
}

/** Why requests to a model have another price than that of the tier that the user chose. */
export function otherTierMessage(model: string, reason: OtherTier, t: Locale["t"]): string {
  return {
    "no room": t("The flex tier has no capacity for {0}, so some requests cost the standard price.", model),
    "too slow": t("The flex tier doesn't answer in time for {0}, so some requests cost the standard price.", model),
    "not served": t("The flex tier doesn't offer {0}, so its requests cost the standard price.", model),
    "too long": t("The flex tier doesn't take long requests for {0}, so these cost the standard price.", model),
    ignored: t("The server answered for {0} at the standard price, although the flex tier was requested.", model),
    priority: t("The server answered for {0} at the priority tier, which costs more than the cost shown here.", model),
  }[reason];
}

/** A sample by its id and the start of its query, because a hash doesn't tell which row it is. */
function sampleLabel(id: string, t: Locale["t"], data: Data | undefined): string {
  const sample = Object.values(data ?? {})
    .flat()
    .find((one) => one.id === id);
  const query = oneLine(titleOf({ id: "", inputs: sample?.inputs ?? {} }), 60);
  return query === "" ? t("sample {0}", id) : t("sample {0}, “{1}”", id, query);
}

/** What happened, where, and what to do. @param data to quote the sample from */
export function warningMessage(warning: Warned, locale = ENGLISH, data?: Data): string {
  const { t } = locale;
  const { code, node, sample, count = 0, of } = warning;
  const place = [node && t("node {0}", node), sample && sampleLabel(sample, t, data)].filter(Boolean).join(", ");
  const at = (sentence: string, ...details: (string | undefined)[]) => {
    const detail = serverLabel(oneLine([place, ...details].filter(Boolean).join(": "), 300));
    return detail ? t("{0} ({1})", sentence, detail) : sentence;
  };
  switch (code) {
    case "sample dropped":
      return at(t("A sample has no gradient because a call for it failed."), warning.detail);
    case "proposal lost":
      return at(t("No text was proposed because the call to the optimizer model failed."), warning.detail);
    case "parameter refused":
      return at(t("The model doesn't accept a parameter, so requests were sent without it."), warning.detail);
    case "shared requests":
      return t(
        "Other runs on this queue had already asked for {0} (or this run had, before it was interrupted). They were sent once; each run counts their cost.",
        locale.count(count, "call"),
      );
    case "other tier":
      return otherTierMessage(oneLine(warning.detail ?? "", 80), warning.tier ?? "ignored", t);
    case "images not shown":
      return at(
        t("The model that gives feedback doesn't take images, so it doesn't see those that steps read."),
        warning.detail,
      );
    case "not scored":
      return at(t("An answer could not be scored. It counts neither as right nor as wrong."), warning.detail);
    case "reply repaired":
      return at(
        t(
          "A reply wasn't in the required format, so it was requested again. Models that support JSON schemas avoid this extra call.",
        ),
        warning.detail,
      );
    case "prompt cut":
      return at(
        t(
          "The server counted only {0} in a prompt of {1}, so it probably read a part of it. Increase the server's context length (Ollama: OLLAMA_CONTEXT_LENGTH), or shorten the prompt.",
          locale.count(warning.tokens ?? 0, "token"),
          locale.count(of ?? 0, "word"),
        ),
        warning.detail,
      );
    case "replies cut":
      return repliesCut(warning, t);
    case "small validation set":
      return of === undefined
        ? t("The validation set has {0}, too few to confirm the observed difference.", locale.count(count, "sample"))
        : t(
            "The validation set has {0}, too few to confirm the observed difference. About {1} would be enough.",
            locale.count(count, "sample"),
            of,
          );
    case "nothing to learn":
      return warning.detail === "validation"
        ? t("Every validation sample was right before the first change. Add harder samples.")
        : t("Every training sample that was scored is right. To improve further, add harder samples.");
    case "nothing scored":
      return t("No training samples could be scored.");
    case "search too short":
      return t(
        "Scoring the validation set used up {0} ({1}), so no text was proposed. Set it to about {2} for ten steps.",
        serverLabel(oneLine(warning.detail ?? "", 100)),
        count,
        of ?? 0,
      );
    case "no gate":
      return t("The graph file turns the gate off, so every proposal was accepted, whether better or not.");
    case "test not scored":
      return at(t("The test set was not scored."), warning.detail);
    case "budget too small":
      return t(
        "The budget is too small for the test set ({0}), so the test set is not scored. Increase the call budget.",
        locale.count(count, "sample"),
      );
    case "unknown price":
      return at(
        t("The price of a model is unknown, so its cost is not counted. Set it in agentgraph.prices or with --price."),
      );
    case "tokens estimated":
      return t("The provider doesn't report token usage, so tokens are estimated from characters.");
    case "gradients look alike":
      return at(
        t(
          "The gradients are nearly identical across samples, and none led to an accepted proposal. A stronger backward model, or a more specific rubric or target, may help.",
        ),
        warning.detail,
      );
    case "instructions converge":
      return at(
        t(
          "Instructions of different nodes are becoming alike. Give each node a “role” that describes what only it does.",
        ),
        warning.detail,
      );
    case "instruction grows":
      return at(
        t("An instruction is growing without improving the score. Set maxWords in the graph file to limit it."),
        of === undefined ? warning.detail : t("{0} → {1} words", of, count),
      );
    case "costly gain":
      return t(
        "The gate is about to accept an update that raises the score by {0} percentage points, but takes {1} tokens per answer instead of {2}. Give tokens a weight in “optimize.objectives”, or set maxWords.",
        warning.points ?? 0,
        count,
        of ?? 0,
      );
    case "gate refuses everything":
      return at(
        t(
          "No proposal was accepted. Check the gradients. A stronger backward or optimizer model, or more training samples, may help.",
        ),
      );
    case "format errors":
      return warning.detail === "lenient"
        ? t(
            "{0} of {1} answers are right, but not in the required format. Describe the format in the instruction, or change “output”.",
            count,
            of ?? count,
          )
        : t(
            "{0} of {1} answers do not match the node's “output”. They are counted separately from wrong answers. Describe the format in the instruction, or change “output”.",
            count,
            of ?? count,
          );
    case "targets leak":
      return at(
        t(
          "Proposals copied answers of individual samples into the text. Add “constraints” to the node, or use a stronger optimizer model.",
        ),
      );
    case "stopped early":
      return t("You stopped the run after iteration {0} of at most {1}.", count, of ?? count);
    case "node pinned":
      return t("You pinned the node {0}, so no texts were proposed for it since then.", oneLine(node ?? "", 80));
    case "templates changed":
      return t("A different version of AgentGraph started this run, so some calls may be charged again.");
  }
}

/** `gpt-4.1 ends on 2027-01-14. OpenAI recommends gpt-6-luna.` @param now milliseconds since the epoch */
export function endingMessage({ model, end, successor }: Ending, now: number, t: Locale["t"]): string {
  const when = Date.parse(end) < now ? t("{0} ended on {1}.", model, end) : t("{0} ends on {1}.", model, end);
  return successor === undefined ? when : `${when} ${t("OpenAI recommends {0}.", successor)}`;
}
