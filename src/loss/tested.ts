/** The result of one file of tests. */
export interface Tested {
  readonly count: number;
  readonly failed: readonly FailedTest[];
  /** Why no test could start. */
  readonly broken: string | null;
}

interface FailedTest {
  readonly name: string;
  readonly problem: string;
}
