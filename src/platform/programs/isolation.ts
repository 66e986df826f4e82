import { execFile } from "node:child_process";
import type { Locale } from "../../i18n/locale.ts";

/** What the system does to a program beyond ending its process group. */
export interface Isolation {
  /** Words before the command. */
  readonly prefix: readonly string[];
  /** It reaches no network, and sees no environment of another process. */
  readonly network: boolean;
  /** Whatever it starts ends with it, in its process group or not. */
  readonly whole: boolean;
  /** Limits of memory and processor time hold. */
  readonly limits: boolean;
}

/** From the strictest. `unshare` is of util-linux; many systems keep users from it. */
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

/** Where a process group is all there is. */
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

/** What a program can do, for the question whether it may run. Whole sentences. */
export function describeIsolation({ network, whole, limits }: Isolation, t: Locale["t"]): string {
  const parts = [
    network ? t("It has no network access.") : t("This system can't deny it network access."),
    whole ? "" : t("What it starts ends with it, unless it leaves its process group."),
    limits ? "" : t("This system doesn't limit its memory."),
    t("It can read and write the files that you can."),
  ];
  return parts.filter(Boolean).join(" ");
}
