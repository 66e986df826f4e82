import type { Sandbox, Tools } from "../../src/deps.ts";

/** Code of the function nodes of random graphs, which passes on what they read. */
export const PASS_ON = "export default (inputs) => Object.values(inputs).join('\\n')";
/** The same as a list of one element, for a map node. */
export const AS_LIST = "export default (inputs) => [Object.values(inputs).join('\\n')]";

/** The file of the same in another language: a command of the user runs it. */
export const PROGRAM_FILE = "steps/pass.program";
export const PROGRAM =
  'process.stdin.on("data", (text) => console.log(Object.values(JSON.parse(text)).join("\\n")));\n';

/** Runs the programs above, without the time that a real sandbox takes. */
export const chaosSandbox: Sandbox = {
  check: async () => null,
  call: async ({ text }, argument) => {
    const joined = Object.values(Object(argument)).join("\n");
    return text === AS_LIST ? [joined] : joined;
  },
  within: () => chaosSandbox,
};

/** A server's tool that gives back what it is given, and counts how often it was asked for it. */
export class ChaosTools implements Tools {
  readonly calls = new Map<string, number>();

  async identify(name: string): Promise<string> {
    return `chaos ${name}`;
  }

  async call(name: string, input: Readonly<Record<string, unknown>>): Promise<string> {
    const key = JSON.stringify([name, input]);
    this.calls.set(key, (this.calls.get(key) ?? 0) + 1);
    return Object.values(input).join("\n");
  }
}
