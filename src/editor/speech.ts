import { env, l10n } from "vscode";
import { Speech } from "../run/speech.ts";

/** The editor's language, for what is shared with the command line. */
export const SPEECH = new Speech(l10n.t, env.language);
