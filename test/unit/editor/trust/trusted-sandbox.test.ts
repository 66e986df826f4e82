import { expect, it } from "vitest";
import { trustedSandbox } from "../../../../src/editor/trust/trusted-sandbox.ts";
import { SANDBOX_LIMITS } from "../../../../src/platform/sandbox/sandbox.ts";
import { builtSandbox } from "../../sandboxes.ts";

const LOOP = { file: "a.js", text: "export default () => { for (;;); };" };
const ONE = { file: "a.js", text: "export default () => 1;" };

it("runs no code in a workspace that is not trusted, and compiles it all the same", async () => {
  const sandbox = trustedSandbox(
    builtSandbox(),
    () => {
      throw new Error("not trusted");
    },
    () => SANDBOX_LIMITS,
  );
  expect(await sandbox.check(ONE)).toBeNull();
  await expect(sandbox.call(ONE, null)).rejects.toThrow("not trusted");
  await expect(sandbox.within({ time: 1 }).call(ONE, null)).rejects.toThrow("not trusted");
  await expect(sandbox.program?.(ONE, null)).rejects.toThrow("not trusted");
  await expect(sandbox.within({ time: 1 }).program?.(ONE, null)).rejects.toThrow("not trusted");
});

it("keeps to the limits of the settings, as they are at each call", async () => {
  let time = 20_000;
  const sandbox = trustedSandbox(
    builtSandbox(),
    () => {},
    () => ({ ...SANDBOX_LIMITS, time }),
  );
  expect(await sandbox.call(ONE, null)).toBe(1);
  time = 200;
  await expect(sandbox.within({ time: 60_000 }).call(LOOP, null)).rejects.toMatchObject({ limit: "time", amount: 200 });
});
