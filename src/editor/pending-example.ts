/**
 * Where the extension remembers which example graph to show while VS Code opens its folder. In a file of its own, because
 * `src/extension.ts` reads it at activation and must load nothing else.
 */
export const PENDING_EXAMPLE = "example.toShow";
