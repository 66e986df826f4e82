import type { Method } from "../engine/services.ts";
import { semantic } from "./semantic.ts";

/** By the name that stands in the file's `optimize.method`. Adding one touches its own file and this line. */
export const methods: Readonly<Record<string, Method>> = { semantic };
