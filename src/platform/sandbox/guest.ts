import variant from "@jitl/quickjs-singlefile-cjs-release-sync";
import {
  newQuickJSWASMModuleFromVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSWASMModule,
  Scope,
  type VmCallResult,
} from "quickjs-emscripten-core";
import { transform } from "sucrase";
import type { Code, SandboxLimits } from "../../deps.ts";
import type { Job, Outcome } from "./protocol.ts";

/** Maximum characters of a result, and of a problem. */
const LONGEST = { result: 1_000_000, problem: 500 } as const;

/** Bytes. The thread's own stack must contain several times as much. */
const STACK = 256 * 1024;

/** Removes everything that differs between calls, so that a run can be repeated. `performance` is a clock, too. */
const PRELUDE = `
  "use strict";
  const refuse = (what) => () => { throw new Error(what + " is not available, because equal inputs must give equal values"); };
  Math.random = refuse("Math.random()");
  const Given = Date;
  const now = refuse("The current time");
  globalThis.Date = function Date(...parts) {
    return new.target && parts.length > 0 ? Reflect.construct(Given, parts, new.target) : now();
  };
  Object.defineProperties(Date, { parse: { value: Given.parse }, UTC: { value: Given.UTC }, now: { value: now } });
  Date.prototype = Given.prototype;
  Date.prototype.constructor = Date;
  delete globalThis.performance;
`;

class Failure extends Error {
  constructor(readonly outcome: Outcome) {
    super("failure");
  }
}

/** QuickJS compiled to WebAssembly: a virtual machine without any function of the host. */
export async function loadGuest(): Promise<Guest> {
  return new Guest(await newQuickJSWASMModuleFromVariant(variant));
}

export class Guest {
  constructor(private readonly quickjs: QuickJSWASMModule) {}

  /** Runs code in a new runtime, which ends with the call. */
  run({ code, argument, limits }: Job): Outcome {
    try {
      const source = javaScriptOf(code);
      return Scope.withScope((scope) => this.#runIn(scope, source, code, argument, limits));
    } catch (error) {
      if (error instanceof Failure) return error.outcome;
      // Any other exception leaves the machine in an unknown state.
      return { limit: error instanceof RangeError ? "stack" : "memory" };
    }
  }

  #runIn(scope: Scope, source: string, code: Code, argument: string | null, limits: SandboxLimits): Outcome {
    const { file, modules = [] } = code;
    const deadline = Date.now() + limits.time;
    const runtime = scope.manage(
      this.quickjs.newRuntime({
        memoryLimitBytes: limits.memory,
        maxStackSizeBytes: STACK,
        interruptHandler: () => Date.now() > deadline,
      }),
    );
    runtime.setModuleLoader(
      (name) => moduleOf(modules, name),
      (_, name) => name,
    );
    const context = scope.manage(runtime.newContext());
    const guest = new Realm(scope, context, [file, ...modules.map((one) => one.file)], () => Date.now() > deadline);
    const { parse, stringify } = guest.prepared();
    if (argument === null) {
      guest.take(context.evalCode(source, file, { type: "module", compileOnly: true }));
      return { result: "" };
    }
    const space = guest.settled(guest.take(context.evalCode(source, file, { type: "module" })));
    const main = scope.manage(context.getProp(space, "default"));
    if (context.typeof(main) !== "function") {
      throw new Failure({ line: null, problem: "the default export is not a function" });
    }
    const given = guest.take(context.callFunction(parse, context.undefined, guest.text(argument)));
    const result = guest.settled(guest.take(context.callFunction(main, context.undefined, given)));
    const json = guest.take(context.callFunction(stringify, context.undefined, result));
    if (context.typeof(json) !== "string") {
      throw new Failure({ line: null, problem: "the function returned nothing that JSON can hold" });
    }
    const length = context.getNumber(scope.manage(context.getProp(json, "length")));
    if (!(length <= LONGEST.result)) {
      throw new Failure({ line: null, problem: `the result has more than ${LONGEST.result} characters` });
    }
    return { result: context.getString(json) };
  }
}

/** The global objects that one call sees. */
class Realm {
  constructor(
    private readonly scope: Scope,
    private readonly context: QuickJSContext,
    private readonly files: readonly string[],
    private readonly isLate: () => boolean,
  ) {}

  /** Saved before the code can change them. */
  prepared(): { readonly parse: QuickJSHandle; readonly stringify: QuickJSHandle } {
    const { context, scope } = this;
    const json = scope.manage(context.getProp(context.global, "JSON"));
    const [parse, stringify] = ["parse", "stringify"].map((name) => scope.manage(context.getProp(json, name)));
    this.take(context.evalCode(PRELUDE, "prelude.js", { type: "module" }));
    return { parse: parse as QuickJSHandle, stringify: stringify as QuickJSHandle };
  }

  text(value: string): QuickJSHandle {
    return this.scope.manage(this.context.newString(value));
  }

  /** @throws Failure */
  take(result: VmCallResult<QuickJSHandle>): QuickJSHandle {
    if (!result.error) return this.scope.manage(result.value);
    throw new Failure(this.#failureOf(this.scope.manage(result.error)));
  }

  /** The result of a promise, after all pending jobs have run. */
  settled(value: QuickJSHandle): QuickJSHandle {
    const { context, scope } = this;
    const { runtime } = context;
    const jobs = runtime.executePendingJobs();
    if (jobs.error) throw new Failure(this.#failureOf(scope.manage(jobs.error)));
    const state = context.getPromiseState(value);
    if (state.type === "pending") {
      if (this.isLate()) throw new Failure({ limit: "time" });
      throw new Failure({ line: null, problem: "the function returned a promise that never settles" });
    }
    if (state.type === "rejected") throw new Failure(this.#failureOf(scope.manage(state.error)));
    return state.notAPromise ? value : scope.manage(state.value);
  }

  /** Reading an error can run the code's own getters, so each step may fail again. */
  #failureOf(error: QuickJSHandle): Outcome {
    const name = this.#field(error, "name");
    const message = this.#field(error, "message");
    const stack = this.#field(error, "stack");
    // An interrupted call may not report it, and code that was not interrupted can say that it was.
    if (this.isLate()) return { limit: "time" };
    if (name === "InternalError" && message === "out of memory") return { limit: "memory" };
    if (/^(InternalError|RangeError)$/.test(name) && /stack (overflow|size exceeded)/i.test(message))
      return { limit: "stack" };
    const place = placeIn(stack, this.files);
    const said = [name === "Error" ? "" : name, message].filter(Boolean).join(": ") || this.#plain(error);
    return { ...place, problem: said.slice(0, LONGEST.problem) };
  }

  #field(of: QuickJSHandle, key: string): string {
    const { context, scope } = this;
    if (!["object", "function"].includes(context.typeof(of))) return "";
    const value = context.getProp(of, key);
    scope.manage(value);
    return context.typeof(value) === "string" ? context.getString(value).slice(0, 10_000) : "";
  }

  #plain(value: QuickJSHandle): string {
    const { context } = this;
    const type = context.typeof(value);
    if (type === "string") return context.getString(value);
    return type === "number" ? String(context.getNumber(value)) : `a thrown ${type}`;
  }
}

/** The innermost call in one of these files. */
function placeIn(stack: string, files: readonly string[]): { readonly file?: string; readonly line: number | null } {
  for (const call of stack.split("\n")) {
    for (const file of files) {
      const at = call.lastIndexOf(`${file}:`);
      const line = at < 0 ? Number.NaN : Number.parseInt(call.slice(at + file.length + 1), 10);
      if (line > 0) return { file, line };
    }
  }
  return { line: null };
}

function moduleOf(modules: readonly Code[], name: string): string | { error: Error } {
  const known = modules.find(({ file }) => file === name);
  if (known) {
    try {
      return javaScriptOf(known);
    } catch (error) {
      const at = error instanceof Failure && "problem" in error.outcome ? error.outcome : { line: null, problem: "" };
      return { error: new SyntaxError(`${name}${at.line === null ? "" : `:${at.line}`}: ${at.problem}`) };
    }
  }
  return { error: new Error(`The module ${JSON.stringify(name)} can't be imported: code runs without modules`) };
}

const TYPESCRIPT = /\.[cm]?ts$/;

/** Removes types and keeps line numbers. @throws Failure */
function javaScriptOf({ file, text }: Code): string {
  if (!TYPESCRIPT.test(file)) return text;
  try {
    return transform(text, { transforms: ["typescript"], disableESTransforms: true, keepUnusedImports: true }).code;
  } catch (error) {
    const { message, loc } = error as { message: string; loc?: { line: number } };
    const problem = message.replace(/^Error transforming .*?: |\s*\(\d+:\d+\)$/g, "");
    throw new Failure({ line: loc?.line ?? null, problem });
  }
}
