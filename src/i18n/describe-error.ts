import type { ErrorAction, ErrorFields, ErrorMessage, Severity } from "./error-message.ts";
import { ERRORS, type ErrorCode } from "./errors.ts";
import { serverLabel } from "./labels.ts";
import type { Locale } from "./locale.ts";
import { oneLine } from "./plain-text.ts";

/** An error for display. */
export interface ShownError {
  readonly code: string;
  readonly severity: Severity;
  /** One or more sentences. */
  readonly message: string;
  readonly action: ErrorAction | null;
}

/**
 * Describes an error by its code. If the code is not in the table, or the fields don't match it, `detail` is the
 * message, because both can come from a log.
 * @param detail the error's own message
 */
export function describeError(code: string, fields: ErrorFields, detail: string, locale: Locale): ShownError {
  const known = Object.hasOwn(ERRORS, code) ? (ERRORS[code as ErrorCode] as ErrorMessage<ErrorFields>) : null;
  const [message, action] = known ? filled(known, fields, locale) : ["", null];
  return { code, severity: known?.severity ?? "error", message: message || sentence(detail), action };
}

function filled(
  { message, action }: ErrorMessage<ErrorFields>,
  fields: ErrorFields,
  locale: Locale,
): readonly [string, ErrorAction | null] {
  try {
    const text = message(fields, locale);
    return [/\{\d\}/.test(text) ? "" : text, action?.(fields) ?? null];
  } catch {
    return ["", null];
  }
}

function sentence(detail: string): string {
  const text = serverLabel(oneLine(detail, 500));
  return text === "" || /[.!?)]$/.test(text) ? text : `${text}.`;
}
