import { expect, it } from "vitest";
import { argumentNames, heldNames } from "../../../../src/graph/syntax/code-names.ts";

const names = (code: string) =>
  argumentNames(code)?.map(({ name, hasDefault, inner }) => {
    const own = hasDefault ? `${name}?` : name;
    return inner ? `${own}{${inner.map((one) => one.name).join()}}` : own;
  });

it.each<[string, string[] | undefined]>([
  ["export default ({ question }) => question", ["question"]],
  ["export default async ({ a, b: c, d = 1, 'e-f': g, h: { i, j } }) => a", ["a", "b", "d?", "e-f", "h{i,j}"]],
  ["export default ({ a }: { a: string; b: number }): number => 1", ["a"]],
  ["export default ({\n  // ({ no })\n  a, /* b, */\n  c = { d: [1, 2] }.d,\n}) => a", ["a", "c?"]],
  ["export default function total({ items = [], rate }) {}", ["items?", "rate"]],
  ["export default function (inputs) { return inputs.a + inputs['b-c'] + inputs.d ?? '' }", ["a", "b-c", "d?"]],
  ["export default inputs => inputs.a || inputs?.b", ["a?", "b?"]],
  ["const f = async (x: Inputs) => x.a;\nexport default f;", ["a"]],
  ["function f({ a }) {}\nexport default f;", ["a"]],
  ["export default ({ a, ...rest }) => rest", undefined],
  ["export default ({ [key]: a }) => a", undefined],
  ["export default make(({ a }) => a)", undefined],
  ["const text = 'export default ({ a }) => a'", undefined],
  ["export default () => 1", undefined],
  ["export default ({ a", undefined],
  ["", undefined],
])("%s", (code, expected) => {
  expect(names(code)).toEqual(expected);
});

it("finds members where they are, and not in comments, texts or longer names", () => {
  const code =
    "// values.no\nconst s = 'values.no';\nvalues.plan + my.values.no + values [ \"a-b\" ] + values?.plan + allvalues.no";
  const found = heldNames(code, "values");
  expect(found.map(({ name }) => name)).toEqual(["plan", "a-b", "plan"]);
  expect(found.map(({ offset, length }) => code.slice(offset, offset + length))).toEqual(["plan", "a-b", "plan"]);
});
