/** Every command of the manifest, without its `agentgraph.`. */
export const COMMANDS = [
  "optimize",
  "optimizeNode",
  "showGraph",
  "evaluate",
  "compareMethods",
  "ablate",
  "migrate",
  "trySample",
  "improveAnswer",
  "rate",
  "addSample",
  "resumeRun",
  "cancelRun",
  "pauseRun",
  "continueRun",
  "stopAfterIteration",
  "pinNode",
  "runActions",
  "deleteRun",
  "recheckRun",
  "showReport",
  "showHistory",
  "exportReport",
  "showSpending",
  "compareRuns",
  "compareTexts",
  "review",
  "reviewAll",
  "nextProposal",
  "previousProposal",
  "apply",
  "applyAccepted",
  "applyChecked",
  "pickResult",
  "reject",
  "why",
  "commit",
  "chooseModels",
  "setApiKey",
  "forgetApiKey",
  "createExample",
  "newGraph",
  "importGraph",
  "clearCache",
  "showLog",
] as const;
export type CommandName = (typeof COMMANDS)[number];

/** A command handler. `target` is the element it was called on, `selected` the selection; both are unchecked. */
export type Command = (target?: unknown, selected?: unknown) => unknown;
export type Commands = Readonly<Record<CommandName, Command>>;

/** The commands of one part of the editor. */
export type SomeCommands = Partial<Commands>;
