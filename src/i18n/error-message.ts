import type { Locale } from "./locale.ts";
import { oneLine } from "./plain-text.ts";

/** `warning`: the user can fix it and try again. `error`: something failed; the editor also writes it to the log. */
export type Severity = "information" | "warning" | "error";

/** An action for the user. */
export type ErrorAction =
  | "add credit"
  | "allow models"
  | "cancel batch"
  | "check address"
  | "check model"
  | "check network"
  | "check server"
  | "choose folder"
  | "choose model"
  | "choose tier"
  | "collect batches"
  | "free space"
  | "install certificate"
  | "list runs"
  | "manage trust"
  | "open source control"
  | "resume later"
  | "set key"
  | "show problems"
  | "start new run"
  | "use same provider"
  | "wait for tier"
  | "wait longer";

/** Plain data of an error. */
export type ErrorFields = Readonly<Record<string, string | number | null>>;

/** One row of the table. */
export interface ErrorMessage<Fields> {
  readonly severity: Severity;
  message(fields: Fields, locale: Locale): string;
  action?(fields: Fields): ErrorAction | null;
}

/** The fields of an error class. */
export type FieldsOf<E extends Error> = Omit<E, keyof Error | "code" | "reach">;

/** One row. */
export function entry<Fields>(
  severity: Severity,
  message: (fields: Fields, locale: Locale) => string,
  action?: ErrorAction | ((fields: Fields) => ErrorAction | null),
): ErrorMessage<Fields> {
  return { severity, message, action: typeof action === "function" ? action : () => action ?? null };
}

/** Formats a detail as the end of a sentence. */
export function clause(detail: string): string {
  return oneLine(detail, 300).replace(/\.$/, "");
}
