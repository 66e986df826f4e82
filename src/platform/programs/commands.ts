import * as z from "zod";

/** Default memory of a program in MB: the libraries of most languages need much of it. */
const MEMORY = 512;

const command = z.strictObject({
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  /** Memory limit in MB. */
  memory: z.int().min(16).max(65_536).default(MEMORY),
});

const commands = z.record(z.string().regex(/^\.?[A-Za-z0-9]+$/), command).transform((byName) => {
  const entries = Object.entries(byName).map(([name, one]) => [name.replace(/^\./, "").toLowerCase(), one] as const);
  return Object.fromEntries(entries);
});

/** How the user runs files of a language. */
export type ProgramCommand = z.output<typeof command>;

/** The user's commands by file extension, without its dot. */
export type ProgramCommands = Readonly<Record<string, ProgramCommand>>;

const FORM = 'file extension → { "command", "args", "memory" }, such as "py": { "command": "python3" }';

/** @throws Error that describes the problem */
export function readCommands(value: unknown): ProgramCommands {
  const read = commands.safeParse(value);
  if (!read.success) throw new Error(`it needs ${FORM}`);
  return read.data;
}

/** Reads the user's file: `{ "commands": … }`. @throws Error that describes the problem */
export function readCommandFile(text: string): ProgramCommands {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
  const own = typeof value === "object" && value !== null ? Reflect.get(value, "commands") : undefined;
  if (own === undefined) throw new Error(`it needs "commands": ${FORM}`);
  return readCommands(own);
}

/** The command for display. */
export function commandLine({ command, args }: ProgramCommand): string {
  return [command, ...args].map((part) => (/^[\w@%+=:,./-]+$/.test(part) ? part : JSON.stringify(part))).join(" ");
}
