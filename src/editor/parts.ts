/**
 * Loads the files of the editor's code one by one, each after those that it needs. In one task, they would keep all extensions
 * waiting. `scripts/build.mjs` writes this module.
 */
export declare const parts: readonly (() => unknown)[];
