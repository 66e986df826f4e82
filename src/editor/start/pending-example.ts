/**
 * Key of the example graph to show after VS Code has opened its folder. It has its own file, because
 * `src/extension.ts` reads it at activation and must load nothing else.
 */
export const PENDING_EXAMPLE = "example.toShow";
