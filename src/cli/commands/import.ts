import { basename, dirname, relative, resolve } from "node:path";
import type { Files } from "../../deps.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { plain } from "../../i18n/plain-text.ts";
import type { Imported } from "../../import/import.ts";
import { ImportRefused } from "../../import/importer.ts";
import { PROGRAMS } from "../../import/programs.ts";
import { loadTask } from "../../run/load.ts";
import type { Cli } from "../cli.ts";
import { UsageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { faultLines } from "../runs/load.ts";

interface ImportOptions {
  readonly prompt?: number;
  readonly kind?: string;
  readonly dryRun?: boolean;
}

/** Creates graph files from files of other programs, which stay where they are. */
export async function importCommand({ deps, output }: Cli, path: string, options: ImportOptions): Promise<number> {
  const { t } = ENGLISH;
  const { findImports, importFile } = await import("../../import/import.ts");
  const known = Object.values(PROGRAMS).join(", ");
  const all = await findImports(resolve(path), deps.files).catch((error: unknown) => {
    throw error instanceof Error && "code" in error
      ? new UsageError(`${path} does not exist or cannot be read.`)
      : error;
  });
  const found = all.filter(({ importer }) => options.kind === undefined || importer.kind === options.kind);
  if (found.length === 0) {
    throw new UsageError(
      `${path} holds no files of a known program: ${known}. \`agentgraph init\` creates a graph from prompt files.`,
    );
  }
  const done: object[] = [];
  const planned: string[] = [];
  const files = options.dryRun ? withPlanned(deps.files, planned) : deps.files;
  let exit: number = EXIT.done;
  for (const one of found) {
    const name = relative(process.cwd(), one.file) || one.file;
    try {
      const imported = await importFile(one, files, { t, prompt: options.prompt });
      planned.push(...imported.written.keys());
      if (!options.dryRun) for (const [file, text] of imported.written) await deps.files.write(file, text);
      done.push(await show(imported, name, options, { deps, output }));
    } catch (error) {
      if (!(error instanceof ImportRefused)) throw error;
      output.warn(`${plain(name)} (${PROGRAMS[one.importer.kind]}) is not imported: ${plain(error.message)}`);
      done.push({ file: name, kind: one.importer.kind, graph: null, error: error.message });
      if (found.length === 1) exit = EXIT.wrongUse;
    }
  }
  if (output.json) output.object({ version: 1, imported: done });
  return exit;
}

/** Files as they would be: two graphs never have the same name. */
function withPlanned(files: Files, planned: readonly string[]): Files {
  const list = async (folder: string) => [
    ...(await files.list(folder)),
    ...planned.filter((path) => dirname(path) === folder).map((path) => basename(path)),
  ];
  return Object.assign(Object.create(files), { list });
}

async function show(
  { importer, graphFile, written, notes, draft }: Imported,
  name: string,
  { dryRun }: ImportOptions,
  { deps, output }: Pick<Cli, "deps" | "output">,
): Promise<object> {
  const paths = [...written.keys()].map((file) => relative(process.cwd(), file) || file);
  const texts = Object.keys(draft.nodes).length;
  const [verb, made] = dryRun ? ["Would write", "a graph"] : ["Wrote", "a graph"];
  output.print(
    `${verb} ${paths.map(plain).join(" and ")}: ${made} of ${ENGLISH.count(texts, "node")} from ${plain(name)} (${PROGRAMS[importer.kind]}).`,
  );
  for (const note of notes) output.print(`  ${output.colors.dim("-")} ${plain(note)}`);
  const { faults } = dryRun ? { faults: [] } : await loadTask(graphFile, deps);
  for (const fault of faults) {
    if (fault.severity !== "information") output.print(faultLines(fault, output));
  }
  return { file: name, kind: importer.kind, graph: paths[0], written: paths, notes, faults };
}
