/** One thing that the simulated model does only when a text asks for it. */
export interface Skill {
  /** A text that this matches asks for the skill. */
  readonly asked: RegExp;
  /** How an instruction asks for it: several ways to say it, each found by `asked`. */
  readonly advice: readonly string[];
  /** How feedback speaks of a value that lacks it; found by `asked` too. */
  readonly complaint: readonly string[];
  /** It may also be asked for by a text that several steps read. */
  readonly shared?: true;
}

/** One kind of work, done from what the prompt shows. */
export interface Step {
  /** An instruction that this matches is for this step. */
  readonly stem: RegExp;
  readonly skills: readonly Skill[];
  /** The reply; null if the prompt does not contain what the step works on. */
  run(shown: string, has: (skill: Skill) => boolean): string | null;
  /** Its reply is the answer. */
  readonly last?: true;
}

export interface Task {
  /** Finds each of the task's queries in a text. */
  readonly query: RegExp;
  readonly steps: readonly Step[];
  /** A text that steps read beside their instruction. */
  readonly text?: { readonly stem: RegExp; readonly skills: readonly Skill[] };
}
