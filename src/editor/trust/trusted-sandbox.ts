import { ProgramRefused, type Sandbox, type SandboxLimits } from "../../deps.ts";

/**
 * Runs code only in a trusted workspace, with the user's limits. Compiling runs nothing, so it needs no trust.
 * @param refuse throws if the workspace is not trusted
 */
export function trustedSandbox(sandbox: Sandbox, refuse: () => void, limits: () => SandboxLimits): Sandbox {
  return {
    check: (code) => sandbox.check(code),
    async call(code, argument) {
      refuse();
      return sandbox.within(limits()).call(code, argument);
    },
    within: () => trustedSandbox(sandbox, refuse, limits),
    async program(code, argument) {
      refuse();
      const { program } = sandbox.within(limits());
      if (!program) throw new ProgramRefused(code.file, "programs can't run here.");
      return program(code, argument);
    },
  };
}
