import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeError } from "../../../src/i18n/describe-error.ts";
import { ERRORS, type ErrorCode } from "../../../src/i18n/errors.ts";
import { ENGLISH } from "../../../src/i18n/locale.ts";
import { AddressWrong, fieldsOf, KeyRefused, ProviderFault, TlsFailed } from "../../../src/models/errors.ts";
import { NotRecorded, OtherProvider } from "../../../src/run/errors.ts";

const described = (error: Error) => describeError(error.name, fieldsOf(error), error.message, ENGLISH);

describe("an error", () => {
  it("has one message with its server, its cause and an action", () => {
    expect(described(new KeyRefused("openai https://x/v1", 401, "Incorrect key."))).toEqual({
      code: "KeyRefused",
      severity: "error",
      message: "https://x/v1 rejected the API key (401): Incorrect key.",
      action: "set key",
    });
    expect(described(new ProviderFault("openai http://x", null, null, "ECONNREFUSED", "unreached"))).toMatchObject({
      message: "http://x can't be reached: the connection was refused (ECONNREFUSED).",
      action: "check server",
    });
    expect(described(new AddressWrong("openai http://x", 200, "web page", "Sign in", "http://x/v1")).message).toBe(
      "http://x returned a web page instead of a model's answer (200): Sign in. Try http://x/v1.",
    );
    expect(described(new TlsFailed("openai https://x", "untrusted", "self-signed")).action).toBe("install certificate");
    expect(described(new NotRecorded("/log", "ENOSPC", "no space")).message).toBe(
      "/log couldn't be written: the disk is full (ENOSPC).",
    );
    expect(described(new OtherProvider("r", "openai https://a", "openai https://b")).message).toMatch(
      /^This run used https:\/\/a, but https:\/\/b is selected now/,
    );
  });

  it("that is unknown, or comes from a log with other fields, says what it said itself", () => {
    expect(describeError("Odd", {}, "openai http://x is odd", ENGLISH)).toEqual({
      code: "Odd",
      severity: "error",
      message: "http://x is odd.",
      action: null,
    });
    expect(describeError("KeyRefused", {}, "the key was refused", ENGLISH).message).toBe("the key was refused.");
    expect(describeError("constructor", {}, "x", ENGLISH).message).toBe("x.");
  });

  it("never throws, whatever a log contains", () => {
    const codes = fc.constantFrom<ErrorCode>("KeyRefused", "TlsFailed", "WaitTooLong", "GraphInvalid", "BudgetReached");
    const field = fc.oneof(fc.string(), fc.double(), fc.constant(null));
    const names = fc.constantFrom("identity", "reason", "detail", "asked", "limit", "unit", "came", "file");
    fc.assert(
      fc.property(codes, fc.dictionary(names, field), fc.string(), (code, fields, detail) => {
        expect(typeof describeError(code, fields, detail, ENGLISH).message).toBe("string");
      }),
    );
  });
});

/** Never shown: a cancelled run says so itself, and a request that falls back to the standard price is sent again. */
const NEVER_SHOWN = new Set(["Cancelled", "FellBack"]);

it("every error class of the models, the run and the editor is in the table", () => {
  const files = ["src/models/errors.ts", "src/models/address.ts", "src/run/errors.ts", "src/editor/errors.ts"];
  const classes = files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/^export class (\w+) extends/gm)].map(([, name]) => name ?? ""),
  );
  expect(classes.length).toBeGreaterThan(25);
  const missing = classes.filter((name) => !NEVER_SHOWN.has(name) && !Object.hasOwn(ERRORS, name));
  expect(missing).toEqual([]);
});
