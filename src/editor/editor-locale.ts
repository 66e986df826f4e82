import { env, l10n } from "vscode";
import { Locale } from "../i18n/locale.ts";

/** The editor's language, for code shared with the command line. */
export const LOCALE = new Locale(l10n.t, env.language);
