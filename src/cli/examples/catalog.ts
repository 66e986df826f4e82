import { benchmarks } from "./benchmarks.ts";
import type { Example } from "./example.ts";
import { facility } from "./facility.ts";
import { privacy } from "./privacy.ts";
import { skill } from "./skill.ts";

/** Ready graphs, in the order in which they are listed. A new one is a file and a line here. */
export const EXAMPLES: readonly Example[] = [facility, privacy, skill, ...benchmarks];
