import { EXIT } from "../exit.ts";
import { evaluationFailure, type Failure, failureReport } from "./json.ts";

/** What a failed command prints with `--json`: the shape that it prints on success. */
export function failureObject(
  command: string | undefined,
  argv: readonly string[],
  failure: Failure,
  exit: number,
): object {
  const status = exit === EXIT.cancelled ? "cancelled" : "failed";
  if (command === "evaluate") {
    const split = argv.find((_, index) => argv[index - 1] === "--split") ?? "validation";
    return evaluationFailure(split, status, failure);
  }
  if (command === "recheck") return failureReport("recheck", status, failure);
  const isRun = command === "optimize" || command === "resume";
  return isRun ? failureReport(methodIn(argv), status, failure) : { version: 1, error: failure };
}

/** The method that the command line names. */
function methodIn(argv: readonly string[]): string | null {
  const values = argv.flatMap((argument, index) => {
    const [name, value] = argument.startsWith("--") ? splitAt(argument, "=") : [argument, ""];
    const given = value || argv[index + 1] || "";
    if (name === "--method") return [given];
    const [path, method] = name === "--set" ? splitAt(given, "=") : ["", ""];
    return path === "optimize.method" ? [method] : [];
  });
  return values.at(-1) || null;
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
