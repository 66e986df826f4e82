import type { Opening, TestPage } from "../harness.ts";

export interface PageTest {
  readonly name: string;
  readonly opening?: Opening;
  readonly run: (test: TestPage) => Promise<void>;
}
