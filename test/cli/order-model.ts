import { blockIn, feedbackFor, promptModel } from "./prompt-model.ts";

/**
 * A model that reads orders as far as its instruction says how, and gives feedback only on what its prompt shows: it
 * blames a list of items for a wrong sum only if it sees the list, the order, and the code that adds it up.
 */
export const orderModel = promptModel("orders", { forward, feedback, rewrite });

function forward(instruction: string, user: string): string {
  if (!instruction.includes("items")) return `The sum is ${/-?\d+(?!.*\d)/s.exec(user)?.[0] ?? "unknown"}.`;
  const items = [...user.matchAll(/(\d+) (\w+) at (\d+)/g)].map(([, count, name, price]) => ({
    name,
    count: Number(count),
    price: Number(price),
  }));
  if (!/JSON list/.test(instruction)) return items.map(({ name }) => name).join(" and ");
  const voucher = /voucher of (\d+)/.exec(user)?.[1];
  const minus = voucher !== undefined && /voucher/.test(instruction);
  return JSON.stringify(minus ? [...items, { name: "voucher", count: -1, price: Number(voucher) }] : items);
}

const ADVICE = { voucher: "A voucher has to be in the list, with the count -1." };

function feedback(_: string, user: string, keys: readonly string[]) {
  const step = /<step id="(\w+)"/.exec(user)?.[1] ?? "";
  const said = blockIn(user, "feedback");
  const order = blockIn(user, "query") || user;
  const items = /<(?:source|input) id="items"[^>]*>\n([\s\S]*?)\n<\//.exec(user)?.[1];
  const seesCode = /<(?:code|tool) step="\w+"/.test(user);
  const about = (key: string): string => {
    if (step === "items" && key === "instruction") return /voucher/.test(said) ? ADVICE.voucher : "";
    return key === "items" && seesCode && items !== undefined && lacksVoucher(items, order) ? ADVICE.voucher : "";
  };
  return feedbackFor(keys, about);
}

function lacksVoucher(items: string, order: string): boolean {
  return /voucher of/.test(order) && !/"voucher"/.test(items);
}

function rewrite(_: string, user: string) {
  const text = blockIn(user, "current_text");
  if (text.startsWith("(order) =>")) return program(user, text);
  const seesCode = /<(?:code|tool) step="\w+"/.test(user);
  const cases = [...user.matchAll(/<case id[\s\S]*?<\/case>/g)].map(([one]) => one);
  const isMissing = cases.some((one) => lacksVoucher(blockIn(one, "output"), one));
  const added =
    seesCode && cases.some((one) => /SyntaxError/.test(blockIn(one, "feedback")))
      ? "Reply with a JSON list."
      : user.includes(ADVICE.voucher) || (seesCode && isMissing)
        ? "Put a voucher in the list, too."
        : "Work with care.";
  return { hypothesis: "It says what was missing.", text: `${text} ${added}` };
}

/** Orders that are all different. A third of them has a voucher. */
export function orders(set: number, count: number): { order: string; sum: number }[] {
  return Array.from({ length: count }, (_, index) => {
    const [pens, books, price] = [1 + (index % 7), 1 + (index % 3), 5 + index + 40 * set];
    const voucher = index % 3 === 0 ? 2 + index : 0;
    const sum = pens * 2 + books * price - voucher;
    const end = voucher > 0 ? ` I have a voucher of ${voucher}.` : "";
    return { order: `Please send ${pens} pens at 2 and ${books} books at ${price}.${end}`, sum };
  });
}

/** A graph file that says what an order costs. @param own its nodes and output, and what differs */
export function orderGraph(own: object): object {
  return {
    version: 1,
    description: "Says what an order costs.",
    inputs: { order: "what a customer wrote" },
    models: { forward: "orders" },
    data: { train: orders(0, 24), validation: orders(1, 15), test: orders(2, 15), target: "sum" },
    loss: { kind: "number" },
    ...own,
  };
}

/** Nodes around a map `sums` over the sentences of an order: it gives `{ sum, of }` for each, in their order. */
export const AROUND_SUMS = {
  sentences: {
    kind: "function",
    inputs: ["order"],
    code: ["export default ({ order }) => order.match(/[^.]+\\./g)"],
  },
  total: {
    kind: "function",
    inputs: ["sums", "sentences"],
    code: [
      "export default ({ sums, sentences }) => {",
      "  if (sums.some(({ of }, at) => of !== sentences[at])) throw new Error('another order');",
      "  return String(sums.reduce((all, { sum }) => all + sum, 0));",
      "}",
    ],
  },
};

/** Code, between fences, by what the cases and the code that runs it show. */
function program(user: string, text: string) {
  const sees = /<code step="sum"/.test(user) && /<output>\s*sum: \d/.test(user);
  const better = [
    "(order) => {",
    "  const items = [...order.matchAll(/(\\d+) \\w+ at (\\d+)/g)];",
    "  const sum = items.reduce((all, [, count, price]) => all + count * price, 0);",
    "  return sum - Number(/voucher of (\\d+)/.exec(order)?.[1] ?? 0);",
    "}",
  ].join("\n");
  return { hypothesis: "It has to add up.", text: sees ? `\`\`\`js\n${better}\n\`\`\`` : text };
}
