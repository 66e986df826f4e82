import type { SampleRow, TargetReading } from "../data/samples.ts";
import type { Code } from "../deps.ts";
import { patternFault } from "../graph/pattern.ts";
import type { LossSpec } from "../graph/schema/schema.ts";
import type { Locale } from "../i18n/locale.ts";
import { choiceLoss } from "./choice.ts";
import { choiceTargets } from "./choice-targets.ts";
import { containsLoss } from "./contains.ts";
import { exactLoss } from "./exact.ts";
import { f1Loss } from "./f1.ts";
import { jsonLoss, jsonTargetFault } from "./json.ts";
import { judgeLoss } from "./judge.ts";
import type { Loss } from "./loss.ts";
import { normalize } from "./normalize.ts";
import { numberLoss, numberTargetFault } from "./number.ts";
import { regexLoss } from "./regex.ts";
import { scriptLoss } from "./script.ts";
import { setLoss } from "./set.ts";
import { testsLoss } from "./tests.ts";

/** The file with the rubric or the code has not been read. */
export class RubricUnread extends Error {
  override readonly name = "RubricUnread";
}

/** @throws RubricUnread */
export function makeLoss(spec: LossSpec): Loss {
  switch (spec.kind) {
    case "exact":
      return exactLoss(spec);
    case "contains":
      return containsLoss(spec);
    case "number":
      return numberLoss(spec);
    case "choice":
      return choiceLoss(spec);
    case "regex":
      return regexLoss(spec);
    case "f1":
      return f1Loss();
    case "set":
      return setLoss(spec);
    case "json":
      return jsonLoss(spec);
    case "judge":
      return judgeLoss({ rubric: rubricOf(spec.rubric), votes: spec.votes });
    case "script":
      return scriptLoss({ file: spec.file ?? "loss.code", text: read(spec.code, spec.file ?? "") });
    case "tests":
      return testsLoss({
        visible: testsOf(spec.visible),
        hidden: spec.hidden === undefined ? null : testsOf(spec.hidden),
      });
  }
}

function read(code: string | readonly string[] | undefined, file: string): string {
  if (code === undefined) throw new RubricUnread(file);
  return typeof code === "string" ? code : code.join("\n");
}

function testsOf(tests: string | Code): Code {
  if (typeof tests === "string") throw new RubricUnread(tests);
  return tests;
}

function rubricOf(rubric: (LossSpec & { kind: "judge" })["rubric"]): string {
  if (typeof rubric === "string") return rubric;
  if (Array.isArray(rubric)) return rubric.join("\n");
  throw new RubricUnread(rubric.file);
}

/** Whether rows need no target. */
export function worksWithoutTarget(spec: LossSpec): boolean {
  if (spec.kind === "script" || spec.kind === "tests") return true;
  return spec.kind === "judge" || (spec.kind === "json" && spec.schema !== undefined);
}

/** Why this loss can't use a target, as a clause: `it is empty`. null if it can. */
export function targetFault(spec: LossSpec, target: string, locale: Locale): string | null {
  const { t } = locale;
  if (spec.kind === "number") return numberTargetFault(target, locale);
  if (spec.kind === "json") return jsonTargetFault(spec, target, locale);
  if (spec.kind === "regex" && spec.pattern === undefined) {
    const fault = patternFault(target, spec.flags);
    return fault && t("it is not a regular expression ({0})", fault);
  }
  const mayBeEmpty = ["judge", "set", "script", "tests"].includes(spec.kind);
  return normalize(target) === "" && !mayBeEmpty ? t("it is empty") : null;
}

/** What to do about a target that this loss can't use. */
export function targetRemedy({ kind }: LossSpec, { t }: Locale): string {
  return kind === "number"
    ? t('Write one number per target, or use the loss "exact" for dates, times, ranges and lists.')
    : t("Correct the target, or choose another loss.");
}

/** Reads all targets together, for a loss whose single targets are ambiguous. */
export function targetReader(
  spec: LossSpec,
  locale: Locale,
): ((rows: readonly SampleRow[]) => TargetReading) | undefined {
  return spec.kind === "choice" ? (rows) => choiceTargets(spec, rows, locale) : undefined;
}
