import { benchmarks } from "./benchmarks.ts";
import type { Example } from "./example.ts";
import { facility } from "./facility.ts";
import { privacy } from "./privacy.ts";
import { skill } from "./skill.ts";

/** Example graphs in the order of the list. To add one, write a file and add it here. */
export const EXAMPLES: readonly Example[] = [facility, privacy, skill, ...benchmarks];
