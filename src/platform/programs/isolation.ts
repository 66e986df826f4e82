import { execFile } from "node:child_process";
import type { Locale } from "../../i18n/locale.ts";

/** Restrictions of a program by the system, in addition to ending its process group. */
export interface Isolation {
  /** Command line before the program's own command. */
  readonly prefix: readonly string[];
  /** Whether it has no network access, and can't read the environment of other processes. */
  readonly network: boolean;
  /** Whether all processes that it starts end with it, even outside its process group. */
  readonly whole: boolean;
  /** Whether limits of memory and processor time apply. */
  readonly limits: boolean;
}

/** Strictest first. `unshare` is part of util-linux; many systems don't allow it for normal users. */
const STRICTEST: readonly Isolation[] = [
  {
    prefix: [
      "unshare",
      "--user",
      "--map-root-user",
      "--net",
      "--ipc",
      "--pid",
      "--fork",
      "--kill-child",
      "--mount-proc",
    ],
    network: true,
    whole: true,
    limits: true,
  },
  {
    prefix: ["unshare", "--user", "--map-root-user", "--net", "--ipc", "--pid", "--fork", "--kill-child"],
    network: true,
    whole: true,
    limits: true,
  },
  { prefix: ["unshare", "--user", "--map-root-user", "--net"], network: true, whole: false, limits: true },
];

/** The isolation of a system with only process groups. */
export function weakest(platform: NodeJS.Platform): Isolation {
  return { prefix: [], network: false, whole: false, limits: platform === "linux" };
}

/** The strictest isolation that this system allows. */
export async function isolationHere(platform: NodeJS.Platform = process.platform): Promise<Isolation> {
  if (platform !== "linux") return weakest(platform);
  for (const one of STRICTEST) if (await works(one.prefix)) return one;
  return weakest(platform);
}

function works([program = "", ...words]: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(program, [...words, "true"], { timeout: 5_000 }, (error) => resolve(error === null));
  });
}

/** Sentences about what a program can do, for the question whether it may run. */
export function describeIsolation({ network, whole, limits }: Isolation, t: Locale["t"]): string {
  const parts = [
    network ? t("It has no network access.") : t("This system can't deny it network access."),
    whole ? "" : t("Processes that it starts are ended with it, unless they leave its process group."),
    limits ? "" : t("This system doesn't limit its memory."),
    t("It can read and write the files that you can."),
  ];
  return parts.filter(Boolean).join(" ");
}
