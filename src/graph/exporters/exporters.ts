import { dot } from "./dot.ts";
import type { Exporter } from "./exporter.ts";
import { mermaid } from "./mermaid.ts";
import { module } from "./module.ts";
import { promptfoo } from "./promptfoo.ts";
import { prompty } from "./prompty.ts";
import { texts } from "./texts.ts";

/** Exporters by the name that `--format` takes. */
export const EXPORTERS = { mermaid, dot, texts, module, promptfoo, prompty } as const satisfies Readonly<
  Record<string, Exporter>
>;

export type ExportFormat = keyof typeof EXPORTERS;

export const EXPORT_FORMATS = Object.keys(EXPORTERS) as ExportFormat[];
